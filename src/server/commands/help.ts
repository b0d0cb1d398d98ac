import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import type { Command } from "../../protocol/spec/row.ts";

/** What `CONFIG HELP`, `CLIENT HELP` and their like answer: the container's rows, laid out as Redis does. */
export function writeHelp(out: ReplyWriter, container: Command): void {
  const lines = [`${container.name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  if (container.arity === -1) lines.push("(no subcommand)", `    ${container.summary}.`);
  for (const { name, syntax, summary } of container.children) {
    if (name !== "help") lines.push(`${name.toUpperCase()} ${syntax}`.trimEnd(), `    ${summary}.`);
  }
  lines.push("HELP", "    Prints this help.");
  out.array(lines.length);
  for (const line of lines) out.simple(line);
}
