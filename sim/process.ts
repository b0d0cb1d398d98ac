import { assert } from "../src/base/assert.ts";
import type { Prng } from "./prng.ts";
import type { EventOwner, Scheduler, SimEvent } from "./scheduler.ts";

/**
 * One life of a node's process. What is its own (timers, completions of its disk, what arrives from others) waits
 * while it is paused and is gone when it is dead, as no code of a dead process runs.
 */
export class SimProcess implements EventOwner {
  /** The node. */
  readonly id: string;
  readonly scheduler: Scheduler;
  /** Counts what it has done, for whoever looks at it after each step. */
  steps = 0;
  #isAlive = true;
  #isPaused = false;
  readonly #random: Prng;
  /** Became due meanwhile, in the order in which it did. */
  #waiting: SimEvent[] = [];

  constructor(id: string, scheduler: Scheduler, random: Prng) {
    this.id = id;
    this.scheduler = scheduler;
    this.#random = random;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  after(delayMs: number, task: () => void): SimEvent {
    return this.scheduler.after(delayMs, task, this);
  }

  /** Something reached it from outside: it is told at once, or when it goes on, or never. */
  reach(task: () => void): void {
    if (!this.#isAlive) return;
    if (!this.#isPaused) {
      this.steps++;
      task();
    } else this.#waiting.push({ atMs: 0, number: 0, task, owner: this, isCancelled: false });
  }

  accepts(event: SimEvent): boolean {
    if (this.#isAlive && this.#isPaused) this.#waiting.push(event);
    this.steps++;
    return this.#isAlive && !this.#isPaused;
  }

  kill(): void {
    this.#isAlive = false;
    this.#waiting = [];
  }

  /** SIGSTOP, a machine that swaps, a long collection of garbage. */
  pause(): void {
    assert(this.#isAlive, "who is dead does not sleep");
    this.#isPaused = true;
  }

  /**
   * Everything that waited is there at once. Which of it comes first depends on where the loop of events was stopped:
   * in the order in which it became due, or its own (timers, completions) first, or what arrived.
   */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const sign = this.#random.pick([0, 1, -1]);
    const arrived = ({ number }: SimEvent) => (number === 0 ? sign : 0);
    waiting.sort((a, b) => arrived(a) - arrived(b));
    for (const event of waiting) this.scheduler.again(event, this.scheduler.nowMs);
  }
}
