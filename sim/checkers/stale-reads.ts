import { byProcess, type Operation } from "../history.ts";
import { type Violation, Violations } from "./checker.ts";
import { type Evidence, whyUnexplained } from "./evidence.ts";
import { readsOf } from "./reads.ts";

/**
 * Invariant 9: stale reads of one connection on one node never go back, show nothing from the future, and lag by no more
 * than was asked for. Of several revisions that explain a read, the earliest is taken: it leaves the others the most.
 */
export function checkStaleReads(evidence: Evidence): readonly Violation[] {
  const violations = new Violations("stale-reads");
  for (const own of byProcess(readsOf(evidence.history, "stale")).values()) {
    const seen = new Map<string, number>();
    for (const read of own.sort((a, b) => a.position - b.position)) {
      const node = read.node ?? "";
      seen.set(node, seenBy(evidence, read, seen.get(node) ?? 0, violations));
    }
  }
  return violations.all;
}

/** The revision that the read saw, which the next one may not be behind. */
function seenBy({ realTime, timeline }: Evidence, read: Operation, seen: number, found: Violations): number {
  const asked = read.maxLag === undefined ? 0 : realTime.floorAt(read.start - read.maxLag).revision;
  const window = { from: Math.max(seen, asked), to: realTime.ceilingAt(read.end).revision };
  const match = timeline.match(read, window);
  if (match !== undefined) return match;
  const why = asked > seen ? `a lag of ${read.maxLag} µs was asked for` : "its connection had seen so much";
  found.add(whyUnexplained(timeline, read, window, why));
  return seen;
}
