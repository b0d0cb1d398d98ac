import type { LogIndex } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** What a voter alone found on its disk after the crash of its machine. Times in µs. */
export interface Recovery {
  readonly crashedAt: number;
  readonly lastIndex: LogIndex;
  /** Whether it said that acknowledged writes may be lost. */
  readonly isReported: boolean;
}

/**
 * Invariant 10: one voter that syncs at intervals loses, in a crash of its machine, only what was acknowledged within
 * the last interval, and says so.
 */
export class AsyncLoss implements Checker {
  readonly name = "async-loss";
  readonly #violations: Violations = new Violations(this.name);
  readonly #windowUs: number;
  /** Acknowledged writes, oldest first; those that can no longer be lost go. */
  #acknowledged: { readonly index: LogIndex; readonly at: number }[] = [];

  /** `windowUs`: what may be lost, as documented. */
  constructor(windowUs: number) {
    this.#windowUs = windowUs;
  }

  acknowledged(index: LogIndex, at: number): void {
    this.#acknowledged.push({ index, at });
  }

  recovered({ crashedAt, lastIndex, isReported }: Recovery): void {
    const lost = this.#acknowledged.filter(({ index }) => index > lastIndex);
    this.#acknowledged = [];
    const [first] = lost;
    if (first === undefined) return;
    const what = `${lost.length} acknowledged writes from index ${first.index} on are lost`;
    const age = crashedAt - first.at;
    if (age > this.#windowUs)
      this.#violations.add(
        `${what}; the first was acknowledged ${age} µs before the crash, beyond the window.`,
      );
    if (!isReported) this.#violations.add(`${what}, and the node did not say that any may be.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
