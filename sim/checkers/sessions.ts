import type { Operation } from "../history.ts";
import { nameOf } from "./attempts.ts";
import { type Violation, Violations } from "./checker.ts";
import { showOperation } from "./show.ts";

/**
 * Invariant 14: all attempts of a session's write are answered alike, and nothing below the lowest sequence that the
 * session may still repeat is applied after a write that said so.
 */
export function checkSessions(recorded: readonly Operation[]): readonly Violation[] {
  const violations = new Violations("sessions");
  const answered = new Map<string, Operation>();
  const bySession = new Map<string, Operation[]>();
  for (const operation of recorded) {
    const name = nameOf(operation);
    if (name === undefined) continue;
    if (operation.revision !== undefined) push(bySession, operation.session!, operation);
    if (operation.outcome !== "known") continue;
    const first = answered.get(name);
    if (first === undefined) answered.set(name, operation);
    else if (factsOf(first) !== factsOf(operation))
      violations.add(
        `Two attempts of one write differ:\n  ${showOperation(first)}\n  ${showOperation(operation)}`,
      );
  }
  for (const own of bySession.values()) nothingBelow(own, violations);
  return violations.all;
}

function factsOf({ action, reply, revision }: Operation): string {
  return JSON.stringify([action, reply, revision]);
}

function nothingBelow(own: Operation[], violations: Violations): void {
  let lowest: Operation | undefined;
  for (const operation of own.sort((a, b) => a.revision! - b.revision!)) {
    if (lowest !== undefined && operation.sequence! < lowest.low!)
      violations.add(
        `Write ${operation.sequence} was applied after its session had said that it repeats nothing below \
${lowest.low}:\n  ${showOperation(lowest)}\n  ${showOperation(operation)}`,
      );
    if (operation.low !== undefined && operation.low > (lowest?.low ?? 0)) lowest = operation;
  }
}

function push(lists: Map<string, Operation[]>, name: string, operation: Operation): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [operation]);
  else list.push(operation);
}
