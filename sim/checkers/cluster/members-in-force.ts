import type { LogIndex, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";
import { type Observation, showNode } from "./observation.ts";

/** An entry that says who the members are. */
interface Stored {
  readonly index: LogIndex;
  readonly term: Term;
  readonly members: string;
  isCommitted: boolean;
}

/**
 * Points 2 and 25 of the checklist: the members by whom a node goes are those of the last configuration in its log, committed
 * or not, or where that has none, of its snapshot (thesis 4.1); and a snapshot has those that were committed by then.
 */
export class MembersInForce implements Checker {
  readonly name = "members-in-force";
  readonly #violations: Violations = new Violations(this.name);
  /** By index, and of one index in the order in which they were seen. */
  readonly #stored: Stored[] = [];
  readonly #first: string;

  /** Who the members were at the beginning. */
  constructor(first: string) {
    this.#first = first;
  }

  /** Such an entry is in some log. */
  stored(index: LogIndex, term: Term, members: string): void {
    if (this.#stored.some((known) => known.index === index && known.term === term)) return;
    const at = this.#stored.findLastIndex((known) => known.index <= index) + 1;
    this.#stored.splice(at, 0, { index, term, members, isCommitted: false });
  }

  /**
   * A node has applied the entry that named these members last. It may have left its log before the node was observed again,
   * and then nothing else tells that it is committed.
   */
  applied(index: LogIndex, members: string): void {
    for (const stored of this.#stored)
      if (stored.index === index && stored.members === members) stored.isCommitted = true;
  }

  /** A node goes by these members, after it was observed: all of its log is on its disk. */
  goesBy(observation: Observation, members: string): void {
    const { lastIndex, commitIndex } = observation;
    for (const stored of this.#stored)
      if (stored.index <= commitIndex && observation.termOf(stored.index) === stored.term)
        stored.isCommitted = true;
    // Nobody has told it anything yet.
    if (lastIndex === 0 && members === "") return;
    const right = this.#rightFor(observation);
    if (members !== right)
      this.#violations.add(
        `${showNode(observation)} goes by the members ${members || "(none)"}; its log to ${lastIndex} says ${right}.`,
      );
  }

  #rightFor(observation: Observation): string {
    const { firstIndex } = observation;
    const stored = this.#stored.findLast(({ index, term, isCommitted }) =>
      index >= firstIndex ? observation.termOf(index) === term : isCommitted,
    );
    return stored?.members ?? this.#first;
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
