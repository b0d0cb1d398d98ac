import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Prng } from "./prng.ts";
import { SimProcess } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

test("events happen in the order of their times, and those of one time as they were planned", async () => {
  const times = fc.array(fc.nat(20), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(times, async (list) => {
      const scheduler = new Scheduler(new Trace());
      const seen: [number, number][] = [];
      for (const [i, atMs] of list.entries()) scheduler.at(atMs, () => void seen.push([scheduler.nowMs, i]));
      await scheduler.run(100);
      const expected = list.map((atMs, i): [number, number] => [atMs, i]);
      assert.deepEqual(
        seen,
        expected.sort(([a, i], [b, j]) => a - b || i - j),
      );
    }),
    { numRuns: 200 },
  );
});

test("time stands where it was asked to go, and nothing later has happened", async () => {
  const scheduler = new Scheduler(new Trace());
  const seen: number[] = [];
  for (const atMs of [5, 10, 10.5]) scheduler.at(atMs, () => void seen.push(atMs));
  await scheduler.run(10);
  assert.deepEqual([scheduler.nowMs, seen], [10, [5, 10]]);
  await scheduler.run(20);
  assert.deepEqual([scheduler.nowMs, seen], [20, [5, 10, 10.5]]);
});

test("all promises that an event settles are worked off before the next event", async () => {
  const scheduler = new Scheduler(new Trace());
  const seen: string[] = [];
  const chain = async (name: string): Promise<void> => {
    for (let i = 0; i < 50; i++) await undefined;
    seen.push(name);
  };
  scheduler.at(1, () => void chain("a").then(() => chain("b")));
  scheduler.at(1, () => void seen.push("next"));
  await scheduler.run(1);
  assert.deepEqual(seen, ["a", "b", "next"]);
});

test("promises that were settled before the run come before its first event", async () => {
  const scheduler = new Scheduler(new Trace());
  const seen: string[] = [];
  scheduler.at(0, () => void seen.push("event"));
  void (async () => {
    for (let i = 0; i < 50; i++) await undefined;
    seen.push("promise");
  })();
  await scheduler.run(1);
  assert.deepEqual(seen, ["promise", "event"]);
});

test("a run until something holds ends with the event that made it so", async () => {
  const scheduler = new Scheduler(new Trace());
  let count = 0;
  for (let i = 1; i <= 10; i++) scheduler.at(i, () => void count++);
  assert.equal(await scheduler.runUntil(() => count === 4, 100), true);
  assert.equal(scheduler.nowMs, 4);
  assert.equal(await scheduler.runUntil(() => count === 11, 100), false);
  assert.equal(count, 10);
});

test("what an event throws ends the run", async () => {
  const scheduler = new Scheduler(new Trace());
  scheduler.at(1, () => assert.fail("broken"));
  await assert.rejects(scheduler.run(2), /broken/);
  await scheduler.run(2);
});

test("a cancelled event, and one of a dead process, never happens", async () => {
  const scheduler = new Scheduler(new Trace());
  const process = new SimProcess("n1", scheduler, new Prng(1));
  const seen: string[] = [];
  scheduler.at(1, () => void seen.push("cancelled")).isCancelled = true;
  process.after(1, () => void seen.push("alive"));
  process.after(3, () => void seen.push("dead"));
  scheduler.at(2, () => process.kill());
  await scheduler.run(5);
  process.reach(() => void seen.push("reached"));
  assert.deepEqual(seen, ["alive"]);
});

test("what is due at a paused process waits, and comes in one of three orders", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const scheduler = new Scheduler(new Trace());
    const process = new SimProcess("n1", scheduler, new Prng(seed));
    const seen: string[] = [];
    process.after(2, () => void seen.push("timer"));
    scheduler.at(1, () => process.pause());
    scheduler.at(1.5, () => process.reach(() => void seen.push("early")));
    scheduler.at(3, () => process.reach(() => void seen.push("late")));
    await scheduler.run(4);
    assert.deepEqual(seen, []);
    process.resume();
    await scheduler.run(5);
    orders.add(seen.join(" "));
  }
  assert.deepEqual([...orders].sort(), ["early late timer", "early timer late", "timer early late"]);
});

test("who dies while it is paused hears nothing of what waited", async () => {
  const scheduler = new Scheduler(new Trace());
  const process = new SimProcess("n1", scheduler, new Prng(1));
  process.pause();
  process.after(1, () => assert.fail("a dead process does nothing"));
  process.reach(() => assert.fail("a dead process hears nothing"));
  await scheduler.run(2);
  process.kill();
  process.resume();
  await scheduler.run(3);
});
