import type { Command } from "../protocol/spec/row.ts";
import { commandNamed, topCommands } from "../protocol/spec/table.ts";

/** The command that a line begins with, and how many of its words are the name. */
export interface NamedCommand {
  readonly command: Command;
  readonly nameWords: number;
}

/** Finds "config|get" for ["CONFIG", "GET", …], "config" where the second word is none of its own. */
export function findNamed(words: readonly string[]): NamedCommand | undefined {
  const name = words[0]?.toLowerCase() ?? "";
  const command = commandNamed(name);
  // "config|get" is no word that can be typed.
  if (command === undefined || name.includes("|")) return undefined;
  const second = words[1]?.toLowerCase();
  const child = command.children.find((row) => row.name === second);
  return child === undefined ? { command, nameWords: 1 } : { command: child, nameWords: 2 };
}

/** "CONFIG GET" */
export function titleOf(command: Command): string {
  return command.fullName.replace("|", " ").toUpperCase();
}

export const topNames: readonly string[] = topCommands.map((command) => command.name.toUpperCase());

/** The parts of a syntax at its top level: words, and what stands in brackets as a whole. */
export function syntaxParts(syntax: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  for (const word of syntax.match(/[[\]<>]|[^\s[\]<>]+/g) ?? []) {
    if (depth === 0) parts.push(word);
    else parts[parts.length - 1] += glued(parts.at(-1)!, word);
    if (word === "[" || word === "<") depth++;
    if (word === "]" || word === ">") depth--;
  }
  return parts;
}

/** A word with the space before it, where there is one in "[NX | XX]". */
function glued(before: string, word: string): string {
  const touches = /[[<]$/.test(before) || word === "]" || word === ">";
  return touches ? word : ` ${word}`;
}

/** The words of a syntax that are typed as they are: NX, EX. */
export function tokensOf(syntax: string): string[] {
  return syntax.match(/(?<![\w-])[A-Z][A-Z-]+(?![\w-])/g) ?? [];
}
