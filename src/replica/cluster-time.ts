import { reached } from "../base/reached.ts";
import type { Clock } from "../platform/clock.ts";

/** By this part of the time that passes, cluster time goes faster or slower to meet wall time. */
const slew = 0.1;
/** No slewing of a usual drift is so far behind: somebody has set the clock. */
const farMs = 1_000;

/**
 * The time that entries carry: it advances with the leader's monotonic clock, slews towards its wall time at a bounded
 * rate, and never goes back. So a jump of a machine's clock neither expires everything nor freezes anything.
 *
 * Who does not lead goes by what leaders have said: the highest estimate it knows, and the monotonic time since. Its own
 * wall clock, which may be far off, means nothing then, also at the moment at which it begins to lead.
 */
export class ClusterTime {
  readonly #clock: Clock;
  #leads: boolean;
  /** The estimate at `#monotonicMs`. */
  #timeMs: number;
  #monotonicMs: number;
  /** The highest that others are known to have seen. */
  #knownMs = 0;

  /** Begins with this machine's wall time. */
  constructor(clock: Clock, leads: boolean) {
    this.#clock = clock;
    this.#leads = leads;
    this.#timeMs = clock.wallMs();
    this.#monotonicMs = clock.monotonicMs();
  }

  /** Cluster time now, in whole ms since 1970. */
  estimate(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const passedMs = Math.max(0, monotonicMs - this.#monotonicMs);
    if (!this.#leads) return Math.floor(this.#timeMs + passedMs);
    const aheadMs = this.#timeMs + passedMs;
    const offMs = this.#clock.wallMs() - aheadMs;
    const room = passedMs * slew;
    if (Math.abs(offMs) > farMs) reached("wall-clock-far-off");
    this.#timeMs = aheadMs + Math.max(-room, Math.min(room, offMs));
    this.#monotonicMs = monotonicMs;
    return Math.floor(this.#timeMs);
  }

  /** From now on this node decides what time it is, or does no longer. */
  set leads(leads: boolean) {
    if (leads === this.#leads) return;
    this.#goOnFrom(this.estimate());
    this.#leads = leads;
  }

  /** A leader says that it is so late. Who does not lead goes back to that, where its own clock was too fast. */
  heard(timeMs: number): void {
    if (this.#leads || timeMs <= this.#knownMs) return;
    if (timeMs < this.estimate()) reached("clock-ahead-of-leader");
    this.#knownMs = timeMs;
    this.#goOnFrom(timeMs);
  }

  /** Goes on from a time that was seen already, where it is ahead. */
  notBefore(timeMs: number): void {
    this.#knownMs = Math.max(this.#knownMs, timeMs);
    if (timeMs <= this.estimate()) return;
    reached("clock-behind-entries");
    this.#goOnFrom(timeMs);
  }

  #goOnFrom(timeMs: number): void {
    this.#timeMs = timeMs;
    this.#monotonicMs = this.#clock.monotonicMs();
  }
}
