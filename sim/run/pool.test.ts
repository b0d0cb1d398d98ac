import assert from "node:assert/strict";
import { test } from "node:test";
import { Planted } from "../mutants/plant.ts";
import { SeedPool } from "./pool.ts";
import { Progress } from "./progress.ts";
import type { RunResult } from "./run.ts";

/** A pool in which each node does this at its first tick. */
async function poolAt(
  deed: string,
  patienceMs: number,
  run: (pool: SeedPool) => Promise<void>,
): Promise<void> {
  using planted = new Planted({
    file: "raft/raw-node.js",
    right: "tick(elapsed = 1) {",
    wrong: `tick(elapsed = 1) { ${deed}`,
  });
  const pool = new SeedPool(1, { patienceMs, script: planted.seedWorker });
  try {
    await run(pool);
  } finally {
    await pool.close();
  }
}

function textOf({ violations }: RunResult): string {
  assert.equal(violations.length, 1);
  return violations[0]!.text;
}

test("a seed that runs in a circle fails, and says where it is", async () => {
  await poolAt("function circle() { for (;;); } circle();", 6_000, async (pool) => {
    const result = await pool.run(3, {});
    const text = textOf(result);
    assert.match(text, /^Stands still: no end after 6 s/);
    assert.match(text, /come to \d+\.\d{3} ms of simulated time, [1-9]\d* events/);
    assert.match(text, /\ncircle src\/raft\/raw-node\.js:\d+\ntick src\/raft\/raw-node\.js:\d+\n/);
    assert.ok(result.traceLines.some((line) => / n1 starts$/.test(line)));
    assert.match(result.description, /voters; tick/);
  });
});

test("a seed in a circle of promises fails too", async () => {
  const circle = "void (async function circle() { for (;;) await undefined; })();";
  await poolAt(circle, 6_000, async (pool) => {
    assert.match(textOf(await pool.run(3, {})), /^Stands still: .*\nit does not even hear a debugger/);
  });
});

test("a thread that ends takes its seed with it, and no other one", async () => {
  // A thread has the environment as it was when it began.
  process.env.KVORUM_ENDS = "1";
  await poolAt("if (process.env.KVORUM_ENDS) process.exit(7);", 60_000, async (pool) => {
    delete process.env.KVORUM_ENDS;
    assert.match(textOf(await pool.run(3, { seconds: 1 })), /The thread has ended with 7/);
    const { violations, events } = await pool.run(3, { seconds: 1 });
    assert.deepEqual(violations, []);
    assert.ok(events > 0);
  });
});

test("a run whose time does not go on ends", () => {
  const progress = new Progress();
  for (let second = 0; second < 3; second++)
    for (let i = 0; i < 900_000; i++) progress.at(1_000 * second, 900_000 * second + i);
  assert.throws(() => {
    for (let i = 0; i < 1_100_000; i++) progress.at(3_500, 3_000_000 + i);
  }, /Stands still: 1000001 events, and it is still 3500\.000 ms/);
});
