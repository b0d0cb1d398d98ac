import type { Clock } from "../platform/clock.ts";

/** By this part of the time that passes, cluster time goes faster or slower to meet wall time. */
const slew = 0.1;

/**
 * The time that entries carry: it advances with the monotonic clock, slews towards wall time at a bounded
 * rate, and never goes back. So a jump of the machine's clock neither expires everything nor freezes anything.
 */
export class ClusterTime {
  readonly #clock: Clock;
  #timeMs: number;
  #monotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timeMs = clock.wallMs();
    this.#monotonicMs = clock.monotonicMs();
  }

  /** Cluster time now, in whole ms since 1970. */
  estimate(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const passedMs = Math.max(0, monotonicMs - this.#monotonicMs);
    const aheadMs = this.#timeMs + passedMs;
    const offMs = this.#clock.wallMs() - aheadMs;
    const room = passedMs * slew;
    this.#timeMs = aheadMs + Math.max(-room, Math.min(room, offMs));
    this.#monotonicMs = monotonicMs;
    return Math.floor(this.#timeMs);
  }

  /** Goes on from a time that others have seen already, where it is ahead. */
  notBefore(timeMs: number): void {
    if (timeMs > this.#timeMs) this.#timeMs = timeMs;
  }
}
