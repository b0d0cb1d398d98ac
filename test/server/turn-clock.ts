import { assert } from "../../src/base/assert.ts";
import type { Clock, Timer } from "../../src/platform/clock.ts";
import { workedMs } from "../work.ts";

/** Far more turns than any conversation takes: only a connection that spins gets there. */
const turnsMax = 200_000;

/** Time that stands still until it is moved, or at each look by so much, and an event loop that turns when it is told to. */
export class TurnClock implements Clock {
  /** Turns of the event loop so far. */
  turns = 0;
  /** How often somebody wanted to know how much time has passed, and how much that makes pass. */
  looks = 0;
  msPerLook = 0;
  /** Work of the longest turn so far, where work is measured. */
  longestTurnMs = 0;
  #ms = 1_700_000_000_000;
  #tasks: (() => void)[] = [];
  readonly #repeating: Set<() => void> = new Set();

  wallMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    this.looks++;
    this.#ms += this.msPerLook;
    return this.#ms;
  }

  /** How long this process has been at work. */
  workedMs(): number {
    return 0;
  }

  after(): Timer {
    throw new Error("nothing under test sets a single timer");
  }

  every(_intervalMs: number, task: () => void): Timer {
    this.#repeating.add(task);
    return { cancel: () => this.#repeating.delete(task) };
  }

  nextTurn(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Moves time; whatever is done again and again is done once. */
  advance(ms: number): void {
    this.#ms += ms;
    for (const task of this.#repeating) task();
  }

  /** Turns until nobody has anything to do. `io` does a turn's input and output, and tells if there was any. */
  run(io: () => boolean): void {
    for (let turns = 0; turns < turnsMax; turns++) {
      this.turns++;
      const startMs = this.workedMs();
      const isBusy = io();
      const tasks = this.#tasks;
      this.#tasks = [];
      if (!isBusy && tasks.length === 0) return;
      for (const task of tasks) task();
      this.longestTurnMs = Math.max(this.longestTurnMs, this.workedMs() - startMs);
    }
    assert(false, "the event loop comes to rest");
  }
}

/** Time that passes while this process is at work, and only then: whatever else the machine does. */
export class WorkClock extends TurnClock {
  override monotonicMs(): number {
    return workedMs();
  }

  override workedMs(): number {
    return workedMs();
  }
}
