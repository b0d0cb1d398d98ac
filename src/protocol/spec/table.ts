import { assert } from "../../base/assert.ts";
import type { Arguments } from "../arguments.ts";
import { lower } from "../arguments.ts";
import type { Command, CommandRow } from "./row.ts";
import { commandRows } from "./rows.ts";

/** Commands that may move a value, however long it is, though their requests are short. */
const movesValues: ReadonlySet<string> = new Set(
  "append setrange getex expire pexpire expireat pexpireat persist move".split(" "),
);

/** Every command by its id; subcommands are in it too, behind their parents. */
export const commands: readonly Command[] = buildTable(commandRows);

/** The commands that have no parent, in the order of their rows. */
export const topCommands: readonly Command[] = commands.filter((c) => !c.fullName.includes("|"));

const byFullName: ReadonlyMap<string, Command> = new Map(commands.map((c) => [c.fullName, c]));
const slotCount = 1024;
const slots: readonly (Command | undefined)[] = buildSlots();

/** The command that the first argument names, in any case; no string is made. */
export function findCommand(args: Arguments): Command | undefined {
  const { bytes } = args;
  const start = args.start[0]!;
  const end = args.end[0]!;
  let slot = nameHash(bytes, start, end);
  for (;;) {
    const command = slots[slot];
    if (command === undefined || args.is(0, command.name)) return command;
    slot = (slot + 1) & (slotCount - 1);
  }
}

/** The subcommand that the second argument names, in any case. */
export function findSubcommand(parent: Command, args: Arguments): Command | undefined {
  for (const child of parent.children) if (args.is(1, child.name)) return child;
  return undefined;
}

/** The command, or subcommand, that arguments name which were found good before. */
export function commandOf(args: Arguments): Command {
  const top = findCommand(args);
  const command =
    top !== undefined && top.children.length > 0 && args.count > 1 ? findSubcommand(top, args) : top;
  assert(command !== undefined, "a command that was queued or logged is known");
  return command;
}

/** The command with this full name ("config|get"), in lower case. */
export function commandNamed(fullName: string): Command | undefined {
  return byFullName.get(fullName);
}

/** Whether so many arguments (the name included) are right. */
export function arityFits(command: Command, count: number): boolean {
  return command.arity >= 0 ? count === command.arity : count >= -command.arity;
}

function buildTable(rows: readonly CommandRow[]): Command[] {
  const table: Command[] = [];
  for (const row of rows) {
    const children: Command[] = [];
    table.push(toCommand(row, table.length, row.name, children));
    for (const sub of row.subcommands ?? []) {
      const child = toCommand(sub, table.length, `${row.name}|${sub.name}`, []);
      children.push(child);
      table.push(child);
    }
  }
  return table;
}

function toCommand(row: CommandRow, id: number, fullName: string, children: Command[]): Command {
  const [firstKey, lastKey, keyStep] = row.keys ?? [0, 0, 0];
  return {
    ...row,
    id,
    fullName,
    isWrite: row.route === "write",
    isFast: isFast(row),
    denyOom: row.flags.includes("denyoom"),
    firstKey,
    lastKey,
    keyStep,
    children,
  };
}

/** Redis' flag "fast" is not quite that: SET has it not, since it may free a large old value, which takes no time
 * here; and EXPIRE has it, which here may move the value. */
function isFast({ name, flags, group, keys }: CommandRow): boolean {
  if (movesValues.has(name)) return false;
  return flags.includes("fast") || (group === "string" && keys?.[0] === 1 && keys[1] === 1);
}

function buildSlots(): (Command | undefined)[] {
  const table = new Array<Command | undefined>(slotCount).fill(undefined);
  for (const command of topCommands) {
    const name = Buffer.from(command.name, "latin1");
    let slot = nameHash(name, 0, name.length);
    while (table[slot] !== undefined) slot = (slot + 1) & (slotCount - 1);
    table[slot] = command;
  }
  return table;
}

/** Not seeded: the names are ours, and a stranger's name only ends at an empty slot. */
function nameHash(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + lower(bytes[i]!);
  return (hash ^ (hash >>> 10)) & (slotCount - 1);
}
