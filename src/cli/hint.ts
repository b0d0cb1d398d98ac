import { findNamed, syntaxParts, tokensOf } from "./command-words.ts";

/** What may follow the words of a line that is being typed: the rest of the command's syntax. */
export function hintFor(line: string): string {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const named = findNamed(words);
  if (named === undefined) return "";
  const { command, nameWords } = named;
  const syntax =
    command.children.length > 0 && nameWords === 1
      ? `<${command.children.map((child) => child.name.toUpperCase()).join(" | ")}>`
      : command.syntax;
  const typed = words.slice(nameWords);
  const rest = [...awaited(syntax, typed.at(-1)), ...partsLeft(syntaxParts(syntax), typed)].join(" ");
  return rest === "" || /\s$/.test(line) ? rest : ` ${rest}`;
}

/** "seconds" behind EX: what belongs to the token typed last. */
function awaited(syntax: string, lastWord: string | undefined): string[] {
  const token = lastWord?.toUpperCase();
  if (token === undefined || !tokensOf(syntax).includes(token)) return [];
  return new RegExp(`(?<![\\w-])${token} ([a-z][\\w-]*)`).exec(syntax)?.slice(1) ?? [];
}

function partsLeft(parts: readonly string[], typed: readonly string[]): string[] {
  const used = new Set(typed.map((word) => word.toUpperCase()));
  let taken = 0;
  while (taken < typed.length && taken < parts.length && isOneWord(parts[taken]!)) taken++;
  return parts.slice(taken).filter((part) => !tokensOf(part).some((token) => used.has(token)));
}

/** Parts that one typed word fills; options stay until their token is typed, repetitions for ever. */
function isOneWord(part: string): boolean {
  return !part.startsWith("[") || (tokensOf(part).length === 0 && !part.includes("..."));
}
