import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock, type SimClockOptions } from "./clock.ts";
import { MachineTime } from "./machine-time.ts";
import { Prng } from "./prng.ts";
import { SimProcess } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

interface Setting {
  scheduler: Scheduler;
  time: MachineTime;
  process: SimProcess;
  clock: SimClock;
}

const exact: SimClockOptions = { turnMs: 0.01, latenessMs: 0 };

function setting({ wallMs = 1_000, rate = 1, options = exact } = {}): Setting {
  const scheduler = new Scheduler(new Trace());
  const time = new MachineTime(scheduler, { wallMs, rate });
  return { scheduler, time, ...life(scheduler, time, options) };
}

/** Another process on the machine. */
function life(scheduler: Scheduler, time: MachineTime, options = exact): Pick<Setting, "process" | "clock"> {
  const process = new SimProcess("n1", scheduler, new Prng(1));
  return { process, clock: new SimClock(process, time, new Prng(2), options) };
}

test("both clocks go with time, and wall time is whole", async () => {
  const { scheduler, clock } = setting({ wallMs: 5_000 });
  await scheduler.run(10.75);
  assert.equal(clock.monotonicMs(), 10.75);
  assert.equal(clock.wallMs(), 5_010);
});

test("skew: machines differ in wall time and in nothing else", async () => {
  const { scheduler, time } = setting({ wallMs: 1_000 });
  const skewed = new MachineTime(scheduler, { wallMs: 900, rate: 1 });
  await scheduler.run(50);
  assert.deepEqual([time.wallMs() - skewed.wallMs(), time.monotonicMs() - skewed.monotonicMs()], [100, 0]);
});

test("drift: both clocks and the timers of a machine run fast or slow together", async () => {
  for (const rate of [0.9, 1.1]) {
    const { scheduler, clock } = setting({ rate });
    let rangMs = 0;
    clock.after(99, () => {
      rangMs = scheduler.nowMs;
    });
    await scheduler.run(1_000);
    assert.ok(Math.abs(rangMs - 99 / rate) < 1e-6, `${rangMs}`);
    assert.ok(Math.abs(clock.monotonicMs() - 1_000 * rate) < 1e-6);
    assert.equal(clock.wallMs(), 1_000 + 1_000 * rate);
  }
});

test("a rate that changes changes nothing of what has passed, and no timer rings before its time", async () => {
  const { scheduler, time, clock } = setting();
  let rang: number | undefined;
  clock.after(100, () => {
    rang = clock.monotonicMs();
  });
  await scheduler.run(50);
  time.rate = 0.5;
  assert.equal(clock.monotonicMs(), 50);
  await scheduler.run(149);
  assert.equal(rang, undefined);
  await scheduler.run(151);
  assert.equal(rang, 100);
});

test("jumps: wall time goes where it is set, forward and back, and monotonic time and timers do not care", async () => {
  const { scheduler, time, clock } = setting();
  let rings = 0;
  clock.every(10, () => rings++);
  await scheduler.run(20);
  time.jumpWall(-500);
  assert.deepEqual([clock.wallMs(), clock.monotonicMs()], [520, 20]);
  time.jumpWall(86_400_000);
  await scheduler.run(40);
  assert.deepEqual([clock.wallMs(), clock.monotonicMs(), rings], [86_400_540, 40, 4]);
});

test("freeze: wall time stands still while monotonic time goes on, then it is where it would be", async () => {
  const { scheduler, time, clock } = setting();
  await scheduler.run(5);
  time.freezeWall();
  await scheduler.run(105);
  assert.deepEqual([clock.wallMs(), clock.monotonicMs()], [1_005, 105]);
  time.thawWall();
  assert.equal(clock.wallMs(), 1_105);
});

test("pause: timers wait, clocks go on, and what was missed is not made up for", async () => {
  const { scheduler, process, clock } = setting();
  const rings: number[] = [];
  clock.every(10, () => rings.push(scheduler.nowMs));
  await scheduler.run(15);
  process.pause();
  await scheduler.run(102);
  assert.deepEqual(rings, [10]);
  process.resume();
  await scheduler.run(125);
  assert.deepEqual(rings, [10, 102, 112, 122]);
  assert.equal(clock.monotonicMs(), 125);
});

test("suspend: the process never learns that time has passed", async () => {
  const { scheduler, time, process, clock } = setting();
  let rangMs: number | undefined;
  clock.after(20, () => {
    rangMs = scheduler.nowMs;
  });
  await scheduler.run(15);
  process.pause();
  time.stop();
  await scheduler.run(1_015);
  time.goOn();
  process.resume();
  assert.deepEqual([clock.monotonicMs(), clock.wallMs()], [15, 1_015]);
  await scheduler.run(1_100);
  assert.equal(rangMs, 1_020);
});

test("timers end with their process, and the next one's monotonic clock begins anew", async () => {
  const { scheduler, time, process, clock } = setting();
  clock.every(10, () => assert.ok(process.isAlive));
  clock.after(35, () => assert.fail("a dead process has no timers"));
  clock.nextTurn(() => scheduler.at(30, () => process.kill()));
  await scheduler.run(50);
  const next = life(scheduler, time);
  assert.equal(next.clock.monotonicMs(), 0);
  assert.equal(next.clock.wallMs(), 1_050);
});

test("timers are cancelled, from outside and from within", async () => {
  const { scheduler, process, clock } = setting();
  clock.after(5, () => assert.fail("cancelled")).cancel();
  let rings = 0;
  const timer = clock.every(5, () => {
    if (++rings === 3) timer.cancel();
  });
  const waiting = clock.after(32, () => assert.fail("cancelled while it waited"));
  await scheduler.run(30);
  process.pause();
  await scheduler.run(40);
  waiting.cancel();
  process.resume();
  await scheduler.run(60);
  assert.equal(rings, 3);
});

test("timers are late by up to so much, never early, and no shorter than Node.js has them", async () => {
  const { scheduler, clock } = setting({ options: { turnMs: 0.01, latenessMs: 4 } });
  const late: number[] = [];
  for (let i = 0; i < 200; i++) clock.after(0, () => late.push(scheduler.nowMs - 1));
  await scheduler.run(10);
  assert.equal(late.length, 200);
  assert.ok(
    Math.min(...late) >= 0 && Math.min(...late) < 0.5 && Math.max(...late) < 4 && Math.max(...late) > 3.5,
  );
});

test("a turn comes behind what is there already, and takes time", async () => {
  const { scheduler, clock } = setting({ options: { turnMs: 0.5, latenessMs: 0 } });
  const seen: string[] = [];
  clock.nextTurn(() => {
    seen.push(`turn at ${scheduler.nowMs}`);
    clock.nextTurn(() => seen.push(`turn at ${scheduler.nowMs}`));
  });
  scheduler.at(0.5, () => seen.push("other"));
  await scheduler.run(2);
  assert.deepEqual(seen, ["turn at 0.5", "other", "turn at 1"]);
});
