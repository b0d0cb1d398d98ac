import { type Violation, Violations } from "./checker.ts";
import type { Evidence } from "./evidence.ts";
import { showOperation } from "./show.ts";

/**
 * Invariant 13, and the clock's part of 8: no two writes have the same revision, so none of two that took a lock has the
 * other's fencing token; and a write that began after another was acknowledged has the higher one.
 */
export function checkRevisions({ realTime }: Evidence): readonly Violation[] {
  const violations = new Violations("revisions");
  for (const [i, write] of realTime.changes.entries()) {
    const before = realTime.changes[i - 1];
    if (before?.revision === write.revision)
      violations.add(`Two writes have one revision:\n  ${showOperation(before!)}\n  ${showOperation(write)}`);
    const { revision, because } = realTime.floorAt(write.start);
    if (because !== undefined && revision > write.revision!)
      violations.add(
        `A later write has a lower revision:\n  ${showOperation(because)}\n  ${showOperation(write)}`,
      );
  }
  return violations.all;
}
