import type { LogIndex, Term } from "../../../src/raft/index.ts";
import { type Violation, Violations } from "../checker.ts";
import type { Committed } from "./committed.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/**
 * Invariant 3: a leader has every entry that was committed in a term before its own. That is looked at once, when it
 * begins to lead; later its log only grows.
 */
export class LeaderCompleteness implements ClusterChecker {
  readonly name = "leader-completeness";
  readonly #violations: Violations = new Violations(this.name);
  readonly #committed: Committed;
  readonly #seen: Set<string> = new Set();

  constructor(committed: Committed) {
    this.#committed = committed;
  }

  observe(observation: Observation): void {
    const { node, boot, role, term } = observation;
    if (role !== "leader" || this.#seen.has(`${term} ${node} ${boot}`)) return;
    this.#seen.add(`${term} ${node} ${boot}`);
    for (const entry of this.#committed.entries.values()) {
      if (entry.commitTerm >= term || hasEntry(observation, entry)) continue;
      this.#violations.add(
        `${showNode(observation)} leads term ${term} without entry ${entry.index} of term ${entry.term}, which \
${entry.node} held for committed in term ${entry.commitTerm}. Its log goes to ${observation.lastIndex}.`,
      );
      return;
    }
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}

/** In its log, or compacted into its snapshot. */
export function hasEntry(observation: Observation, entry: { index: LogIndex; term: Term }): boolean {
  return entry.index < observation.firstIndex || observation.termOf(entry.index) === entry.term;
}
