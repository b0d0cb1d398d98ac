import type { Command } from "./row.ts";

/** The ACL categories of a command, in Redis' order: they follow from its flags, its group and its route. */
export function categoriesOf(command: Command): readonly string[] {
  return rules.filter(([, holds]) => holds(command)).map(([category]) => category);
}

type Rule = readonly [category: string, holds: (command: Command) => boolean];

const rules: readonly Rule[] = [
  ["keyspace", isOfKeyspace],
  ["read", (c) => c.flags.includes("readonly")],
  ["write", (c) => c.flags.includes("write")],
  ["string", (c) => c.group === "string"],
  ["admin", isAdmin],
  ["fast", (c) => c.flags.includes("fast")],
  ["slow", (c) => !c.flags.includes("fast")],
  ["blocking", (c) => c.flags.includes("blocking")],
  ["dangerous", (c) => isAdmin(c) || dangerous.has(c.fullName)],
  ["connection", isOfConnection],
  ["transaction", (c) => c.group === "transactions"],
];

/** What Redis declares beside the flags. */
const dangerous: ReadonlySet<string> = new Set(["keys", "flushall", "flushdb", "swapdb", "info"]);
const adminWithoutFlag: ReadonlySet<string> = new Set(["role", "lastsave"]);
const waiting: ReadonlySet<string> = new Set(["wait", "waitaof"]);

function isAdmin(command: Command): boolean {
  return command.flags.includes("admin") || adminWithoutFlag.has(command.fullName);
}

function isOfKeyspace(command: Command): boolean {
  if (isContainer(command)) return false;
  if (command.group === "generic") return !waiting.has(command.name);
  return command.group === "server" && command.route !== "local" && command.firstKey === 0;
}

function isOfConnection(command: Command): boolean {
  if (command.group === "connection") return !isContainer(command);
  return waiting.has(command.name) || /^(?:readonly|readwrite|command\b)/.test(command.fullName);
}

/** Only its subcommands are ever carried out, and they have the categories of the family. */
function isContainer(command: Command): boolean {
  return command.children.length > 0 && command.arity === -2;
}
