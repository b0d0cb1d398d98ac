import type { Slice } from "../engine/execution.ts";
import type { Clock } from "../platform/clock.ts";
import type { Origin } from "./contract.ts";

/**
 * Reads that are answered in slices, a slice a turn: the first in line gets it and goes behind the others. An
 * origin with one of them offers nothing meanwhile.
 */
export class LongReads {
  readonly #clock: Clock;
  readonly #beforeSlice: () => void;
  readonly #line = new Map<Origin, Slice>();
  #isOpen = true;

  constructor(clock: Clock, beforeSlice: () => void) {
    this.#clock = clock;
    this.#beforeSlice = beforeSlice;
  }

  has(origin: Origin): boolean {
    return this.#line.size > 0 && this.#line.has(origin);
  }

  add(origin: Origin, slice: Slice): void {
    this.#line.set(origin, slice);
    if (this.#line.size === 1) this.#goOnSoon();
  }

  close(): void {
    this.#isOpen = false;
  }

  #goOnSoon(): void {
    this.#clock.nextTurn(() => this.#goOn());
  }

  #goOn(): void {
    const [first] = this.#line;
    if (!this.#isOpen || first === undefined) return;
    const [origin, slice] = first;
    this.#beforeSlice();
    const isDone = origin.isGone || slice();
    this.#line.delete(origin);
    if (!isDone) this.#line.set(origin, slice);
    if (this.#line.size > 0) this.#goOnSoon();
    if (origin.isGone) return;
    origin.settled(isDone ? 1 : 0);
    if (isDone) origin.drain();
  }
}
