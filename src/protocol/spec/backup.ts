import type { CommandFlag, CommandRow } from "./row.ts";

const flags: readonly CommandFlag[] = ["admin", "noscript", "no_multi"];

function row(name: string, arity: number, syntax: string, summary: string, complexity: string): CommandRow {
  return {
    name,
    arity,
    flags,
    group: "server",
    since: "kvorum",
    summary,
    complexity,
    syntax,
    route: "local",
  };
}

/** What `kvorum backup` is made of. */
export const backupRows: readonly CommandRow[] = [
  {
    ...row("backup", -2, "", "Reads a backup from a node", "Depends on the subcommand"),
    subcommands: [
      row("help", 2, "", "Lists the subcommands of BACKUP", "O(1)"),
      row(
        "begin",
        2,
        "",
        "Takes a snapshot for this connection to read, and keeps it until the backup ends",
        "O(N) where N is the number of keys",
      ),
      row(
        "read",
        5,
        "id offset length",
        "Reads bytes of a backup, at most 1 MiB at a time; fewer only at its end",
        "O(N) where N is the number of bytes",
      ),
      row("end", 3, "id", "Ends a backup", "O(1)"),
    ],
  },
];
