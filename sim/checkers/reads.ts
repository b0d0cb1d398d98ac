import { hasChanged, type Operation, type ReadMode } from "../history.ts";
import { type Violation, Violations } from "./checker.ts";
import { type Evidence, whyUnexplained } from "./evidence.ts";
import { showOperation } from "./show.ts";

/**
 * Linearizable and quorum reads see every write that was acknowledged before they began, and none that began after they
 * ended (invariant 8): some revision in between explains all of their replies at once, of a transaction too. What was
 * answered without changing anything, such as a DEL of nothing, counts as a read.
 */
export function checkReads(evidence: Evidence, mode: Exclude<ReadMode, "stale">): readonly Violation[] {
  const { realTime, timeline } = evidence;
  const violations = new Violations(`${mode}-reads`);
  for (const read of readsOf(evidence.history, mode)) {
    const floor = realTime.floorAt(read.start);
    const window = { from: floor.revision, to: realTime.ceilingAt(read.end).revision };
    if (timeline.match(read, window) !== undefined) continue;
    const why =
      floor.because === undefined
        ? "no write was acknowledged before"
        : `after ${showOperation(floor.because)}`;
    violations.add(whyUnexplained(timeline, read, window, why));
  }
  return violations.all;
}

/** What was answered in this mode and changed nothing. */
export function readsOf(history: readonly Operation[], mode: ReadMode): Operation[] {
  return history.filter((one) => one.mode === mode && one.outcome === "known" && hasChanged(one) === false);
}
