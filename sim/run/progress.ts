import { simLimits } from "../limits.ts";

/** What a run says when its time does not go on. */
export class StandStill extends Error {}

/** Simulated ms; events; and 1 where whoever waits wants the run to end. */
export type SharedProgress = Float64Array;

export function sharedProgress(): SharedProgress {
  return new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT));
}

/** How far a run has come: for whoever waits for it in another thread, and for itself, to see that it comes further. */
export class Progress {
  readonly #shared: SharedProgress;
  /** The end of the present second, and the events before it. */
  #untilMs = 0;
  #before = 0;

  constructor(shared: SharedProgress = sharedProgress()) {
    this.#shared = shared;
    shared.fill(0, 0, 2);
  }

  /** After each event. Throws where far more of them happen in a second than there is anything to do. */
  at(nowMs: number, events: number): void {
    const shared = this.#shared;
    shared[0] = nowMs;
    shared[1] = events;
    // To end a thread does not end what it runs where that is in a circle of promises: only this circle.
    if (shared[2] === 1) throw new StandStill("Stopped from outside.");
    if (nowMs >= this.#untilMs) {
      this.#untilMs = nowMs + 1_000;
      this.#before = events;
    } else if (events - this.#before > simLimits.eventsPerSecondMax)
      throw new StandStill(
        `Stands still: ${events - this.#before} events, and it is still ${nowMs.toFixed(3)} ms.`,
      );
  }
}
