import { findNamed, tokensOf, topNames } from "./command-words.ts";

/** Words that the shell itself understands. */
const shellWords: readonly string[] = ["HELP", "CLEAR", "EXIT", "QUIT"];

/** Completes the last word of a line, for readline: the possible words, and what they replace. */
export function complete(line: string): [completions: string[], fragment: string] {
  const words = line.split(/\s+/);
  const fragment = words.pop()!;
  const before = words.filter((word) => word !== "");
  const wanted = fragment.toUpperCase();
  const isLower = fragment !== "" && fragment === fragment.toLowerCase();
  const found = [...new Set(candidates(before, fragment))]
    .filter((word) => word.startsWith(wanted))
    .map((word) => `${isLower ? word.toLowerCase() : word} `);
  return [found.sort(), fragment];
}

function candidates(before: readonly string[], fragment: string): readonly string[] {
  if (before.length === 0) return [...topNames, ...shellWords];
  if (/^(?:help|\?)$/i.test(before[0]!)) return candidates(before.slice(1), fragment);
  const named = findNamed(before);
  if (named === undefined) return [];
  const { command, nameWords } = named;
  if (command.children.length > 0 && before.length === 1) {
    return command.children.map((child) => child.name.toUpperCase());
  }
  // Where a key or a value may stand, options are only offered to who has begun to type one.
  return fragment === "" || before.length === nameWords ? [] : tokensOf(command.syntax);
}
