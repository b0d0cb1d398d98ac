import type { LogIndex, NodeId } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A linearizable read that a node has carried out. */
export interface ReadPoint {
  readonly node: NodeId;
  /** What it read. */
  readonly what: string;
  /** All up to here was applied there. */
  readonly appliedIndex: LogIndex;
  /** The highest entry that any node held for committed when the node was asked. */
  readonly committedBefore: LogIndex;
}

/**
 * Point 11 of the checklist: a linearizable read sees all that was committed, anywhere, when it was asked for (thesis 6.4).
 * That is more than its client could know, so a round that proves nothing is found without a write that was missed.
 */
export class ReadPoints implements Checker {
  readonly name = "read-points";
  readonly #violations: Violations = new Violations(this.name);

  read({ node, what, appliedIndex, committedBefore }: ReadPoint): void {
    if (appliedIndex < committedBefore)
      this.#violations.add(
        `${node} answered ${what} with entries up to ${appliedIndex}, and ${committedBefore} was committed before it was asked.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
