import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, CommandGroup } from "../src/protocol/spec/row.ts";
import { commands } from "../src/protocol/spec/table.ts";

/**
 * Writes docs/commands.md from the rows of the commands:
 *
 *     npm run build && node dist/scripts/docs.js
 */
const titles: Readonly<Record<CommandGroup, string>> = {
  string: "Strings",
  generic: "Keys",
  transactions: "Transactions",
  connection: "Connection",
  server: "Server",
  cluster: "Cluster",
};

const introduction = `# Commands

Every command that kvorum carries out, with the arguments, replies and error words of Redis 7. Where an answer
differs on purpose, [compatibility.md](compatibility.md) says so. \`SESSION\` is told in [sessions.md](sessions.md).

In the syntax \`[…]\` may be left out, \`<a | b>\` is one of several, and \`[key ...]\` is repeated as often as
wanted. Each family of subcommands also answers \`HELP\`.

This page is made from the rows in \`src/protocol/spec\`. After a change there run
\`npm run build && node dist/scripts/docs.js\`.
`;

export const commandsPath: string = join(import.meta.dirname, "../../docs/commands.md");

/** The text of docs/commands.md. */
export function commandsPage(): string {
  const groups = Object.keys(titles) as CommandGroup[];
  return [introduction, ...groups.map(section).filter((text) => text !== "")].join("\n");
}

function section(group: CommandGroup): string {
  const shown = commands.filter((command) => command.group === group && isShown(command));
  if (shown.length === 0) return "";
  const lines = shown.map((command) => {
    return `| \`${cell(usageOf(command))}\` | ${cell(command.summary)} | ${cell(command.complexity)} |`;
  });
  return [
    `## ${titles[group]}\n`,
    "| command | what it does | cost |",
    "| --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

/** Not HELP, and not the families' names: only COMMAND also works without a subcommand. */
function isShown({ name, arity, children }: Command): boolean {
  return name !== "help" && (children.length === 0 || arity === -1);
}

function usageOf({ fullName, syntax }: Command): string {
  return `${fullName.replace("|", " ").toUpperCase()} ${syntax}`.trimEnd();
}

/** Text within a table: a bar would end its cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1] === import.meta.filename) writeFileSync(commandsPath, commandsPage());
