import type { CommandRow } from "./row.ts";

const asked = { group: "cluster", route: "local", flags: ["stale"], syntax: "" } as const;
const ofMembers = "O(N) where N is the number of members";

/** What clients of a Redis cluster ask: here it has one shard, whose slots all belong to the leader. */
export const clusterRows: readonly CommandRow[] = [
  {
    ...asked,
    name: "cluster",
    arity: -2,
    flags: [],
    since: "3.0.0",
    summary: "Describes the cluster to clients that route by slots",
    complexity: "Depends on the subcommand",
    subcommands: [
      {
        ...asked,
        name: "help",
        arity: 2,
        flags: ["loading", "stale"],
        since: "5.0.0",
        summary: "Lists the subcommands of CLUSTER",
        complexity: "O(1)",
      },
      {
        ...asked,
        name: "info",
        arity: 2,
        since: "3.0.0",
        summary: "Describes the state of the cluster, which is ok while a leader is known",
        complexity: "O(1)",
      },
      {
        ...asked,
        name: "keyslot",
        arity: 3,
        since: "3.0.0",
        summary: "Computes the slot of a key",
        complexity: "O(N) where N is the number of bytes in the key",
        syntax: "key-name",
      },
      {
        ...asked,
        name: "myid",
        arity: 2,
        since: "3.0.0",
        summary: "Tells the name of the node within the cluster",
        complexity: "O(1)",
      },
      {
        ...asked,
        name: "nodes",
        arity: 2,
        since: "3.0.0",
        summary: "Describes the members, a line each",
        complexity: ofMembers,
      },
      {
        ...asked,
        name: "shards",
        arity: 2,
        since: "7.0.0",
        summary: "Gives the one shard, with its slots and its members",
        complexity: ofMembers,
      },
      {
        ...asked,
        name: "slots",
        arity: 2,
        since: "3.0.0",
        summary: "Gives the members that serve the slots: the leader, then the others",
        complexity: ofMembers,
      },
    ],
  },
];
