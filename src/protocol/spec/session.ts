import type { Command, CommandFlag, CommandRow } from "./row.ts";

const flags: readonly CommandFlag[] = ["write", "noscript", "no_multi"];
const own = { group: "transactions", since: "kvorum", complexity: "O(1)" } as const;

/** Writes that are applied exactly once, however often they are sent: engine/commands/sessions.ts. */
export const sessionRows: readonly CommandRow[] = [
  {
    ...own,
    name: "session",
    arity: -2,
    flags: [],
    summary: "Numbers writes, so that each is applied once however often it is sent",
    complexity: "Depends on the subcommand",
    syntax: "",
    route: "local",
    subcommands: [
      {
        ...own,
        name: "help",
        arity: 2,
        flags: ["loading", "stale"],
        summary: "Lists the subcommands of SESSION",
        syntax: "",
        route: "local",
      },
      {
        ...own,
        name: "open",
        arity: 3,
        flags: [...flags, "fast"],
        summary: "Opens a session that expires when it is not used for so long, and gives its id",
        syntax: "milliseconds",
        route: "write",
      },
      {
        ...own,
        name: "id",
        arity: -6,
        flags: [...flags, "movablekeys"],
        summary:
          "Carries out a write, or EXEC, under a number of a session, unless that was done before: then gives its reply",
        complexity: "Depends on the write",
        syntax: "session-id sequence lowest-sequence command [arg [arg ...]]",
        route: "write",
      },
      {
        ...own,
        name: "close",
        arity: 3,
        flags: [...flags, "fast"],
        summary: "Closes a session and drops its replies",
        syntax: "session-id",
        route: "write",
      },
    ],
  },
];

/** Arguments of SESSION ID in front of the write. */
export const numberArguments = 5;

/** Whether a command may stand behind SESSION ID. A read may be sent again as often as wanted without one. */
export function mayBeNumbered({ isWrite, fullName }: Command): boolean {
  return fullName === "exec" || (isWrite && !fullName.startsWith("session|"));
}
