import { assert } from "../src/base/assert.ts";
import type { Scheduler } from "./scheduler.ts";

export interface MachineTimeOptions {
  /** Wall time at the start of the run, in ms since 1970; what is not that of others is skew. */
  readonly wallMs: number;
  /** Of its clocks to true time: 1.1 runs 10 % fast. */
  readonly rate: number;
}

/** The clocks of a machine, which outlive the processes on it. Made to be wrong in every way. */
export class MachineTime {
  readonly #scheduler: Scheduler;
  #rate: number;
  /** Wall time less monotonic time. */
  #wallOffsetMs: number;
  #frozenWallMs: number | undefined;
  /** The monotonic clock was at this … */
  #atMs = 0;
  /** … at this true time, and has run since, unless it stands still. */
  #sinceMs: number;
  #isStopped = false;

  constructor(scheduler: Scheduler, { wallMs, rate }: MachineTimeOptions) {
    assert(rate > 0, "clocks go forward");
    this.#scheduler = scheduler;
    this.#rate = rate;
    this.#wallOffsetMs = wallMs;
    this.#sinceMs = scheduler.nowMs;
  }

  monotonicMs(): number {
    return this.#isStopped ? this.#atMs : this.#atMs + (this.#scheduler.nowMs - this.#sinceMs) * this.#rate;
  }

  wallMs(): number {
    return this.#frozenWallMs ?? this.monotonicMs() + this.#wallOffsetMs;
  }

  /** True time until the monotonic clock is there, if it goes on as it does now. */
  trueMsUntil(monotonicMs: number): number {
    return Math.max(0, monotonicMs - this.monotonicMs()) / this.#rate;
  }

  set rate(rate: number) {
    assert(rate > 0, "clocks go forward");
    this.#settle();
    this.#rate = rate;
  }

  /** Somebody sets the wall clock, forward or back. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  freezeWall(): void {
    this.#frozenWallMs = this.wallMs();
  }

  /** It goes on where it would be by now. */
  thawWall(): void {
    this.#frozenWallMs = undefined;
  }

  /**
   * All clocks stand still, as those of a virtual machine that is suspended: nothing on it will ever see that time has
   * passed. Only while its process is paused.
   */
  stop(): void {
    this.#settle();
    this.#isStopped = true;
  }

  goOn(): void {
    this.#settle();
    this.#isStopped = false;
  }

  #settle(): void {
    this.#atMs = this.monotonicMs();
    this.#sinceMs = this.#scheduler.nowMs;
  }
}
