import { assert } from "../src/base/assert.ts";
import { drainMicrotasks, inOwnTurn } from "./microtasks.ts";
import type { Trace } from "./trace.ts";

/** Something that happens at a time. */
export interface SimEvent {
  atMs: number;
  /** Of events at the same time, the one that was planned first is first. */
  number: number;
  readonly task: () => void;
  /** Whose it is; undefined: nobody's, it happens whatever becomes of the processes. */
  readonly owner: EventOwner | undefined;
  isCancelled: boolean;
}

/** Who may be gone, or asleep, when its event is due. */
export interface EventOwner {
  /** Whether to carry it out now. An owner that sleeps keeps it and plans it again. */
  accepts(event: SimEvent): boolean;
}

/**
 * Virtual time, in ms from 0: one queue of events in the order of (time, number). Everything that simulated code does
 * happens in an event, and all promises that it settles are worked off before the next one; so a run depends on
 * nothing but what is in the queue.
 */
export class Scheduler {
  nowMs = 0;
  /** Events that were carried out. */
  events = 0;
  readonly #trace: Trace;
  /** A binary heap: no event is before that at half its place. The first place is empty. */
  readonly #heap: SimEvent[] = [sentinel];
  #number = 0;
  #isRunning = false;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Plans a task. With an owner that is gone by then, it never happens. */
  after(delayMs: number, task: () => void, owner?: EventOwner): SimEvent {
    return this.at(this.nowMs + delayMs, task, owner);
  }

  at(atMs: number, task: () => void, owner?: EventOwner): SimEvent {
    const event: SimEvent = { atMs, number: 0, task, owner, isCancelled: false };
    this.again(event, atMs);
    return event;
  }

  /** Plans an event that is not in the queue. */
  again(event: SimEvent, atMs: number): void {
    assert(atMs >= this.nowMs, "time only goes on");
    event.atMs = atMs;
    event.number = ++this.#number;
    this.#rise(event);
  }

  /** Carries out what is due up to this time, which it is then. Rejects with what a task throws. */
  async run(untilMs: number): Promise<void> {
    await this.runUntil(never, untilMs);
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** The same until something holds, which is looked at after each event. False: the time is over. */
  runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    return inOwnTurn(() => {
      assert(!this.#isRunning, "time goes on once");
      this.#isRunning = true;
      try {
        return this.#loop(isDone, limitMs);
      } finally {
        this.#isRunning = false;
      }
    });
  }

  #loop(isDone: () => boolean, limitMs: number): boolean {
    drainMicrotasks();
    while (!isDone()) {
      const next = this.#heap[1];
      if (next === undefined || next.atMs > limitMs) return false;
      this.#removeFirst();
      if (next.isCancelled || next.owner?.accepts(next) === false) continue;
      this.nowMs = next.atMs;
      this.events++;
      this.#trace.time(next.atMs);
      next.task();
      drainMicrotasks();
    }
    return true;
  }

  #rise(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    for (let above = at >> 1; above > 0 && isBefore(event, heap[above]!); above = at >> 1) {
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const event = heap.pop()!;
    const end = heap.length;
    if (end === 1) return;
    let at = 1;
    for (let below = 2; below < end; below = 2 * at) {
      if (below + 1 < end && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (isBefore(event, heap[below]!)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

function never(): boolean {
  return false;
}

const sentinel: SimEvent = { atMs: 0, number: 0, task: () => {}, owner: undefined, isCancelled: true };
