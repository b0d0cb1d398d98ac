import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../platform/clock.ts";
import { Deadlines, Mortal } from "./deadlines.ts";
import { Retries } from "./retries.ts";

/** Time that the test moves on, a millisecond after the other. */
class HandClock implements Clock {
  nowMs = 0;
  readonly #turns: (() => void)[] = [];
  readonly #tasks = new Set<{ everyMs: number; nextMs: number; task: () => void }>();

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  every(everyMs: number, task: () => void): { cancel: () => void } {
    const timer = { everyMs, nextMs: this.nowMs + everyMs, task };
    this.#tasks.add(timer);
    return { cancel: () => void this.#tasks.delete(timer) };
  }

  after(): never {
    throw new Error("nobody needs it");
  }

  nextTurn(task: () => void): void {
    this.#turns.push(task);
  }

  get running(): number {
    return this.#tasks.size;
  }

  pass(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.nowMs++;
      this.runTimers();
      this.turn();
    }
  }

  /** A turn of the event loop, one half and the other: between them what has arrived is read. */
  runTimers(): void {
    for (const timer of this.#tasks) {
      if (timer.nextMs > this.nowMs) continue;
      timer.nextMs = this.nowMs + timer.everyMs;
      timer.task();
    }
  }

  turn(): void {
    for (const task of this.#turns.splice(0)) task();
  }
}

class Thing extends Mortal {
  expiredMs: number | undefined;
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    super();
    this.#clock = clock;
  }

  override expire(): void {
    this.expiredMs = this.#clock.nowMs;
  }
}

test("whoever is not removed expires once, never early, and not much late", () => {
  const plan = fc.array(
    fc.record({
      atMs: fc.nat(500),
      ttlMs: fc.integer({ min: 1, max: 3_000 }),
      removedAfterMs: fc.option(fc.nat(4_000)),
    }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(plan, (list) => {
      const clock = new HandClock();
      const deadlines = new Deadlines(clock);
      const things = list.map((one) => ({ ...one, thing: new Thing(clock) }));
      for (; clock.nowMs < 6_000; clock.pass(1)) {
        for (const { atMs, ttlMs, removedAfterMs, thing } of things) {
          if (atMs === clock.nowMs) deadlines.add(thing, ttlMs);
          if (removedAfterMs !== null && atMs + removedAfterMs === clock.nowMs) deadlines.remove(thing);
        }
      }
      for (const { atMs, ttlMs, removedAfterMs, thing } of things) {
        // A sixteenth, and two ticks.
        const latestMs = atMs + ttlMs + Math.ceil(ttlMs / 16) + 41;
        if (removedAfterMs !== null && atMs + removedAfterMs <= atMs + ttlMs)
          assert.equal(thing.expiredMs, undefined);
        else if (removedAfterMs === null || atMs + removedAfterMs > latestMs)
          assert.ok(thing.expiredMs! >= atMs + ttlMs && thing.expiredMs! <= latestMs, `${thing.expiredMs}`);
      }
      assert.deepEqual(deadlines.all(), []);
      assert.equal(clock.running, 0, "no timer runs for nobody");
    }),
    { numRuns: 30 },
  );
});

test("in a process that was busy no deadline is early, and what has arrived meanwhile counts", () => {
  const clock = new HandClock();
  const deadlines = new Deadlines(clock);
  const [answered, silent, late] = [new Thing(clock), new Thing(clock), new Thing(clock)];
  deadlines.add(answered, 300);
  deadlines.add(silent, 300);
  clock.nowMs += 400;
  deadlines.add(late, 300);
  clock.runTimers();
  deadlines.remove(answered);
  clock.turn();
  assert.deepEqual(
    [answered, silent, late].map(({ expiredMs }) => expiredMs),
    [undefined, 400, undefined],
  );
  clock.pass(250);
  assert.equal(late.expiredMs, undefined);
  clock.pass(100);
  assert.ok(late.expiredMs! >= 700);
});

test("without a deadline one is there until it is removed, and the process is kept awake for it", () => {
  const clock = new HandClock();
  let awake = 0;
  const deadlines = new Deadlines(clock, () => {
    awake++;
    return { cancel: () => void awake-- };
  });
  const thing = new Thing(clock);
  deadlines.add(thing, Number.POSITIVE_INFINITY);
  clock.pass(100_000);
  assert.deepEqual(deadlines.all(), [thing]);
  assert.equal(awake, 1);
  deadlines.remove(thing);
  clock.pass(20);
  assert.equal(awake, 0);
});

test("what is tried again later is due once, never early", () => {
  const clock = new HandClock();
  const due: [number, number][] = [];
  const retries = new Retries<number>(clock, (item) => due.push([item, clock.nowMs]));
  clock.pass(7);
  for (const delayMs of [500, 1, 20, 21, 40]) retries.after(delayMs, delayMs);
  clock.pass(1_000);
  assert.deepEqual(
    due.map(([item]) => item),
    [1, 20, 21, 40, 500],
  );
  for (const [item, atMs] of due)
    assert.ok(atMs - 7 >= item - 20 && atMs - 7 <= item + 40, `${item} at ${atMs - 7}`);
  assert.equal(clock.running, 0);
});
