import { byProcess, hasChanged, type Operation } from "../history.ts";
import { nameOf } from "./attempts.ts";
import { type Violation, Violations } from "./checker.ts";
import { type Evidence, whyUnexplained } from "./evidence.ts";
import { showOperation } from "./show.ts";

/**
 * The commands of one connection take effect in the order in which they were sent, and are answered in that order: its
 * reads see its own earlier writes in every mode, and never a later one.
 */
export function checkPipeline({ recorded, timeline }: Evidence): readonly Violation[] {
  const violations = new Violations("pipeline");
  const repeated = repeatedWrites(recorded);
  for (const own of byProcess(recorded).values()) {
    own.sort((a, b) => a.position - b.position);
    // What was sent again may have happened on an earlier connection.
    const first = own.filter((operation) => !repeated.has(nameOf(operation) ?? ""));
    repliesInOrder(own, violations);
    writesInOrder(first, violations);
    for (const [read, window] of ownWindows(first)) {
      if (timeline.match(read, window) === undefined)
        violations.add(whyUnexplained(timeline, read, window, "bounded by its connection's own writes"));
    }
  }
  return violations.all;
}

/** Writes of sessions of which there are several attempts. */
function repeatedWrites(history: readonly Operation[]): Set<string> {
  const once = new Set<string>();
  const repeated = new Set<string>();
  for (const operation of history) {
    const name = nameOf(operation);
    if (name === undefined) continue;
    if (once.has(name)) repeated.add(name);
    once.add(name);
  }
  return repeated;
}

function repliesInOrder(own: readonly Operation[], violations: Violations): void {
  let before: Operation | undefined;
  for (const operation of own) {
    if (operation.outcome !== "known") continue;
    if (before !== undefined && operation.end < before.end)
      add(violations, "Replies out of order", before, operation);
    before = operation;
  }
}

function writesInOrder(own: readonly Operation[], violations: Violations): void {
  let before: Operation | undefined;
  for (const operation of own) {
    // What was answered without an outcome may happen later.
    if (!hasRevision(operation) || operation.outcome !== "known") continue;
    if (before !== undefined && operation.revision! <= before.revision!)
      add(violations, "Writes out of order", before, operation);
    before = operation;
  }
}

function add(violations: Violations, what: string, first: Operation, second: Operation): void {
  violations.add(`${what} on one connection:\n  ${showOperation(first)}\n  ${showOperation(second)}`);
}

function hasRevision(operation: Operation): boolean {
  return operation.revision !== undefined && hasChanged(operation) === true;
}

/** Each read, with the revisions between the own writes before it and after it. */
function ownWindows(own: readonly Operation[]): [Operation, { from: number; to: number }][] {
  const windows: [Operation, { from: number; to: number }][] = [];
  let from = 0;
  for (const operation of own) {
    // What was answered without an outcome may happen later.
    if (hasRevision(operation) && operation.outcome === "known") from = Math.max(from, operation.revision!);
    else if (operation.outcome === "known" && hasChanged(operation) === false)
      windows.push([operation, { from, to: Infinity }]);
  }
  let to = Infinity;
  let at = windows.length;
  for (const operation of own.toReversed()) {
    if (hasRevision(operation)) to = Math.min(to, operation.revision! - 1);
    else if (windows[at - 1]?.[0] === operation) windows[--at]![1].to = to;
  }
  return windows;
}
