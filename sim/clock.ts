import type { Clock, Timer } from "../src/platform/clock.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./process.ts";
import type { SimEvent } from "./scheduler.ts";

export interface SimClockOptions {
  /** A turn of the event loop: what a slow processor makes longer. */
  readonly turnMs: number;
  /** Timers ring late by up to so much. */
  readonly latenessMs: number;
}

/** As Node.js has it: a shorter delay is this one. */
const delayMsMin = 1;
/** Sums of times are not exact. */
const roundingMs = 1e-6;

/** Twin of Clock for one process: its timers go by the machine's monotonic clock, and end with it. */
export class SimClock implements Clock {
  readonly #process: SimProcess;
  readonly #time: MachineTime;
  readonly #random: Prng;
  readonly #options: SimClockOptions;
  readonly #startMs: number;

  constructor(process: SimProcess, time: MachineTime, random: Prng, options: SimClockOptions) {
    this.#process = process;
    this.#time = time;
    this.#random = random;
    this.#options = options;
    this.#startMs = time.monotonicMs();
  }

  wallMs(): number {
    return Math.floor(this.#time.wallMs());
  }

  /** From the start of the process on. */
  monotonicMs(): number {
    return this.#time.monotonicMs() - this.#startMs;
  }

  after(delayMs: number, task: () => void): Timer {
    return new SimTimer(this.#process, this.#time, delayMs, this.#lateness, task).once();
  }

  every(intervalMs: number, task: () => void): Timer {
    return new SimTimer(this.#process, this.#time, intervalMs, this.#lateness, task).again();
  }

  nextTurn(task: () => void): void {
    this.#process.after(this.#options.turnMs, task);
  }

  #lateness = (): number => (this.#random.uint32() / 2 ** 32) * this.#options.latenessMs;
}

class SimTimer implements Timer {
  readonly #process: SimProcess;
  readonly #time: MachineTime;
  readonly #delayMs: number;
  readonly #lateness: () => number;
  readonly #task: () => void;
  /** By the monotonic clock. */
  #dueMs = 0;
  #repeats = false;
  #event: SimEvent | undefined;

  constructor(
    process: SimProcess,
    time: MachineTime,
    delayMs: number,
    lateness: () => number,
    task: () => void,
  ) {
    this.#process = process;
    this.#time = time;
    this.#delayMs = Math.max(delayMsMin, delayMs);
    this.#lateness = lateness;
    this.#task = task;
  }

  once(): this {
    this.#dueMs = this.#time.monotonicMs() + this.#delayMs;
    this.#plan(this.#time.trueMsUntil(this.#dueMs) + this.#lateness());
    return this;
  }

  again(): this {
    this.#repeats = true;
    return this.once();
  }

  cancel(): void {
    this.#repeats = false;
    if (this.#event !== undefined) this.#event.isCancelled = true;
  }

  #plan(delayMs: number): void {
    const { scheduler } = this.#process;
    if (this.#event === undefined) this.#event = this.#process.after(delayMs, () => this.#ring());
    else scheduler.again(this.#event, scheduler.nowMs + delayMs);
  }

  /** The clock may have stood still meanwhile, or gone slower: then it is not yet time. */
  #ring(): void {
    if (this.#time.monotonicMs() < this.#dueMs - roundingMs) {
      this.#plan(this.#time.trueMsUntil(this.#dueMs));
      return;
    }
    this.#task();
    // The next one is so long after this one, however late it was: what was missed is not made up for.
    if (this.#repeats) this.once();
  }
}
