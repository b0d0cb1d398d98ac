import type { CommandFlag, CommandRow } from "./row.ts";

const own = { group: "cluster", since: "kvorum", route: "local" } as const;
const flags: readonly CommandFlag[] = ["admin", "noscript", "no_multi"];

/** Members and leader in the hands of people: what `kvorum status`, `member` and `transfer` send. */
export const kvorumRows: readonly CommandRow[] = [
  {
    ...own,
    name: "kvorum",
    arity: -2,
    flags: [],
    summary: "Looks after the members of the cluster",
    complexity: "Depends on the subcommand",
    syntax: "",
    subcommands: [
      {
        ...own,
        name: "help",
        arity: 2,
        flags: ["loading", "stale"],
        summary: "Lists the subcommands of KVORUM",
        complexity: "O(1)",
        syntax: "",
      },
      {
        ...own,
        name: "status",
        arity: 2,
        flags: [...flags, "loading", "stale"],
        summary: "Tells where this node stands, who the members are, and, where it leads, how far they lag",
        complexity: "O(N) where N is the number of members",
        syntax: "",
      },
      {
        ...own,
        name: "add",
        arity: -4,
        flags,
        summary:
          "Announces a member that will come with --join (or --replica-of), and where its clients connect",
        complexity: "O(N) where N is the number of members",
        syntax: "id host:port [LEARNER]",
      },
      {
        ...own,
        name: "remove",
        arity: 3,
        flags,
        summary: "Removes a member; a leader that is to go hands over first and names the next one",
        complexity: "O(N) where N is the number of members",
        syntax: "id",
      },
      {
        ...own,
        name: "promote",
        arity: 3,
        flags,
        summary: "Makes a learner a voter, once it has caught up",
        complexity: "O(N) where N is the number of members",
        syntax: "id",
      },
      {
        ...own,
        name: "transfer",
        arity: -2,
        flags,
        summary: "Hands the lead over to another voter, the one that has most of the log if none is named",
        complexity: "O(1)",
        syntax: "[id]",
      },
    ],
  },
];
