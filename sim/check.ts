import { createReadStream } from "node:fs";
import { checkHistory } from "./checkers/history.ts";
import { keysOf, type Operation } from "./history.ts";
import { readHistory } from "./history-file.ts";

/**
 * `npm run sim -- check FILE.jsonl`: judges a recorded history, and says what it found. True where nothing is wrong.
 * Throws KvorumError where the file is not a history, and what the file system throws.
 */
export async function checkFile(path: string, print: (text: string) => void): Promise<boolean> {
  const history = await readHistory(createReadStream(path));
  print(`${path}: ${summaryOf(history)}`);
  if (history.length === 0) return true;
  let count = 0;
  for (const { name, promise, left, violations } of checkHistory(history)) {
    count += violations.length;
    print(`  ${violations.length === 0 ? "✓" : "✗"} ${name.padEnd(16)} ${promise}${left && ` (${left})`}`);
    for (const { text } of violations) print(`\n${indented(text)}\n`);
  }
  print(
    count === 0 ? "Nothing is wrong." : `${plural(count, "violation")}. sim/README.md explains the rules.`,
  );
  return count === 0;
}

function summaryOf(history: readonly Operation[]): string {
  if (history.length === 0) return "no operations";
  const keys = new Set<string>();
  const processes = new Set<string>();
  const outcomes = { known: 0, unknown: 0, failed: 0 };
  let [start, end] = [Infinity, 0];
  for (const operation of history) {
    for (const key of keysOf(operation)) keys.add(key);
    processes.add(operation.process);
    outcomes[operation.outcome]++;
    start = Math.min(start, operation.start);
    end = Math.max(end, operation.end);
  }
  const seconds = ((end - start) / 1e6).toFixed(1);
  return `${plural(history.length, "operation")} (${outcomes.unknown} unknown, ${outcomes.failed} failed) of \
${plural(processes.size, "process")} on ${plural(keys.size, "key")} in ${seconds} s`;
}

function plural(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word}${word.endsWith("s") ? "es" : "s"}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
