import { strict as assert } from "node:assert";
import { test } from "node:test";
import type { Clock } from "../platform/clock.ts";
import { ClusterTime } from "./cluster-time.ts";

/** A machine's two clocks, moved by hand. */
class Clocks implements Clock {
  wall = 1_000_000;
  monotonic = 0;
  wallMs = (): number => this.wall;
  monotonicMs = (): number => this.monotonic;

  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }

  after = never;
  every = never;
  nextTurn = never;
}

function never(): never {
  throw new Error("time is only read");
}

test("who leads meets its wall clock a tenth faster or slower, and never goes back", () => {
  const clocks = new Clocks();
  const time = new ClusterTime(clocks, true);
  assert.equal(time.estimate(), 1_000_000);
  clocks.wall += 86_400_000;
  clocks.pass(1000);
  assert.equal(time.estimate(), 1_001_100);
  clocks.wall -= 2 * 86_400_000;
  clocks.pass(1000);
  assert.equal(time.estimate(), 1_002_000);
});

test("who follows goes by the leader, whatever its own clocks say", () => {
  const clocks = new Clocks();
  const time = new ClusterTime(clocks, false);
  time.heard(500_000);
  clocks.wall += 86_400_000;
  assert.equal(time.estimate(), 500_000);
  clocks.pass(1100);
  assert.equal(time.estimate(), 501_100);
  // Its monotonic clock is a tenth too fast: it goes back to what the leader says, and does not run away.
  time.heard(501_000);
  assert.equal(time.estimate(), 501_000);
  // Late and repeated messages tell nothing new.
  clocks.pass(100);
  time.heard(500_500);
  assert.equal(time.estimate(), 501_100);
});

test("a new leader goes on from the highest estimate it knows", () => {
  const clocks = new Clocks();
  const time = new ClusterTime(clocks, false);
  time.heard(500_000);
  clocks.pass(300);
  time.leads = true;
  assert.equal(time.estimate(), 500_300);
  clocks.pass(1000);
  assert.equal(time.estimate(), 501_400);
  time.heard(900_000);
  assert.equal(time.estimate(), 501_400, "who leads is told nothing");
  time.notBefore(502_000);
  assert.equal(time.estimate(), 502_000, "but what was applied has been seen");
});
