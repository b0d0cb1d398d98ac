import type { Colors } from "picocolors/types.js";
import { nearestName } from "../base/nearest-name.ts";
import type { Command } from "../protocol/spec/row.ts";
import { topCommands } from "../protocol/spec/table.ts";
import { findNamed, titleOf, topNames } from "./command-words.ts";

/** The answer to `help`, `help SET`, `help CONFIG GET`. */
export function help(words: readonly string[], columns: number, colors: Colors): string {
  if (words.length === 0) return overview(columns, colors);
  const named = findNamed(words);
  if (named !== undefined) return about(named.command, colors);
  const meant = nearestName(words[0]!, topNames);
  const hint = meant === undefined ? "`help` lists all" : `did you mean ${meant}?`;
  return `There is no command ${words.join(" ").toUpperCase()}: ${hint}`;
}

function about(command: Command, colors: Colors): string {
  const usage = `${colors.bold(titleOf(command))} ${colors.dim(command.syntax)}`.trimEnd();
  const facts = `${command.group} · since ${command.since} · ${command.complexity}`;
  const children = command.children.map(
    (child) => `  ${`${titleOf(child)} ${child.syntax}`.trim()}\n      ${colors.dim(child.summary)}`,
  );
  return [usage, `  ${command.summary}`, `  ${colors.dim(facts)}`, ...children].join("\n");
}

function overview(columns: number, colors: Colors): string {
  const lines = ["Commands of the server (`help SET` explains one):"];
  for (const [group, names] of groupsOf()) {
    lines.push(`  ${colors.bold(group)}`, ...wrap(names, columns).map((line) => `    ${line}`));
  }
  return [
    ...lines,
    "Words of this shell:",
    "  help [COMMAND]   clear   exit",
    "Tab completes, the arrow keys walk through the history, Ctrl-C interrupts, Ctrl-D leaves.",
  ].join("\n");
}

function groupsOf(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, name } of topCommands) {
    groups.set(group, [...(groups.get(group) ?? []), name.toUpperCase()]);
  }
  return groups;
}

/** Words in lines that fit into a terminal. */
function wrap(words: readonly string[], columns: number): string[] {
  const lines = [""];
  for (const word of words) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + word.length + 5 < columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
