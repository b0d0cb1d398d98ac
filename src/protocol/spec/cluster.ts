import type { CommandRow } from "./row.ts";

const asked = { group: "cluster", route: "local", flags: ["stale"], syntax: "" } as const;
const mode = { group: "cluster", route: "local", complexity: "O(1)" } as const;
const own = { ...mode, since: "kvorum", flags: ["stale", "fast"] } as const;
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
  {
    ...mode,
    name: "readonly",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    since: "3.0.0",
    summary: "Lets the reads of the connection see what this node has, which may be old",
    syntax: "",
  },
  {
    ...mode,
    name: "readwrite",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    since: "3.0.0",
    summary: "Takes READONLY back: reads are answered as configured",
    syntax: "",
  },
  {
    ...own,
    name: "consistency",
    arity: -2,
    flags: [],
    summary: "Chooses what the reads and writes of the connection promise",
    complexity: "Depends on the subcommand",
    syntax: "",
    subcommands: [
      {
        ...own,
        name: "help",
        arity: 2,
        flags: ["loading", "stale"],
        summary: "Lists the subcommands of CONSISTENCY",
        syntax: "",
      },
      {
        ...own,
        name: "await",
        arity: 4,
        flags: ["stale", "blocking"],
        summary: "Waits until this node has applied a revision of the store, and tells which one it has",
        syntax: "revision timeout-milliseconds",
      },
      {
        ...own,
        name: "read",
        arity: -3,
        summary:
          "Chooses how reads are answered, how many voters a quorum read asks, and how old a stale one may be",
        syntax: "<LINEARIZABLE | QUORUM [R voters] | STALE [MAXLAG milliseconds]>",
      },
      {
        ...own,
        name: "show",
        arity: 2,
        summary: "Tells how many voters there are, and how many of them writes and reads take",
        syntax: "",
      },
      {
        ...own,
        name: "write",
        arity: 3,
        summary: "Chooses how many voters hold a write before it is answered; 0: as configured",
        syntax: "voters",
      },
    ],
  },
];
