import { type Operation, partsOf } from "../history.ts";
import { type Violation, Violations } from "./checker.ts";
import type { Evidence } from "./evidence.ts";
import { clockOf, type Held, sightsAtAnyTime, sightsOf, statesAfter } from "./register.ts";
import { describePossible, showOperation } from "./show.ts";
import { stepOf, type Window } from "./timeline.ts";

/**
 * Invariant 12: no key is seen after its deadline, and none is gone before it. Judged where it is sure which write's
 * deadline an operation met: where the revisions that it can have seen hold one and the same thing.
 */
export function checkExpiry(evidence: Evidence): readonly Violation[] {
  const violations = new Violations("expiry");
  for (const operation of evidence.history) {
    if (operation.outcome !== "known") continue;
    const seen = new Set<string>();
    for (const { action, reply } of partsOf(operation)) {
      // The first part of a transaction that touches a key sees what others left of it.
      if (action.type === "flush") break;
      if (seen.has(action.key)) continue;
      seen.add(action.key);
      if (action.type === "rename") seen.add(action.argument);
      const held = heldBefore(evidence, operation, action.key);
      const why =
        held === undefined ? undefined : wrongOf(evidence, operation, held, stepOf(operation, action, reply));
      if (why !== undefined) violations.add(`${showOperation(operation)}: ${why}`);
    }
  }
  return violations.all;
}

/** What the operation surely met, if that has a deadline. */
function heldBefore(evidence: Evidence, operation: Operation, key: string): Held | undefined {
  const { timeline } = evidence;
  const window = windowOf(evidence, operation);
  const probe: Operation = { ...operation, action: { type: "get", key } };
  if (window === undefined || timeline.changes(probe, window).length > 0) return undefined;
  const states = timeline.at(key, window.from);
  const [held] = states ?? [];
  return states?.length === 1 && held!.earliest < Infinity ? held : undefined;
}

/** The revisions that it can have met; undefined for a stale read that does not tell. */
function windowOf({ realTime }: Evidence, operation: Operation): Window | undefined {
  const { revision } = operation;
  if (revision !== undefined) {
    const met = realTime.isChange(operation) ? revision - 1 : revision;
    return { from: met, to: met };
  }
  if (operation.mode === "stale") return undefined;
  const from = realTime.floorAt(operation.start).revision;
  return { from, to: realTime.ceilingAt(operation.end).revision };
}

function wrongOf(
  { timeline: { tolerance } }: Evidence,
  operation: Operation,
  held: Held,
  step: ReturnType<typeof stepOf>,
): string | undefined {
  if (statesAfter(held, step, tolerance, sightsOf(held, operation)).length > 0) return undefined;
  // Where no sight explains it, the deadline is not the reason.
  const sights = sightsAtAnyTime(held).filter(
    (sight) => statesAfter(held, step, tolerance, [sight]).length > 0,
  );
  if (sights.length === 0) return undefined;
  const [from, to] = clockOf(operation);
  const clock = `the leader's clock showed ${Math.round(from)} to ${Math.round(to)} ms`;
  const key = `the key held ${describePossible([held])}`;
  return sights[0] === "alive"
    ? `seen after its deadline; ${key}, and ${clock}.`
    : `gone too early; ${key}, and ${clock}.`;
}
