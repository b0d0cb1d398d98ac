import type { Clock, Timer } from "../platform/clock.ts";

/** How exactly times are kept. */
const slotMs = 20;

/** What is to be tried again later, in slots of time with one timer, which runs while there is anything. */
export class Retries<T> {
  readonly #clock: Clock;
  readonly #due: (item: T) => void;
  readonly #slots = new Map<number, T[]>();
  #timer: Timer | undefined;
  #slot = 0;

  constructor(clock: Clock, due: (item: T) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  after(delayMs: number, item: T): void {
    if (this.#timer === undefined) {
      this.#slot = this.#now;
      this.#timer = this.#clock.every(slotMs, () => this.#tick());
    }
    const slot = this.#now + Math.max(1, Math.ceil(delayMs / slotMs));
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, [item]);
    else items.push(item);
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #now(): number {
    return Math.floor(this.#clock.monotonicMs() / slotMs);
  }

  #tick(): void {
    const now = this.#now;
    for (; this.#slot <= now; this.#slot++) {
      const items = this.#slots.get(this.#slot);
      if (items === undefined) continue;
      this.#slots.delete(this.#slot);
      for (const item of items) this.#due(item);
    }
    if (this.#slots.size === 0) this.clear();
  }
}
