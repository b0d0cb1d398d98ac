import assert from "node:assert/strict";
import { test } from "node:test";
import { mutants } from "../mutants/index.ts";
import { Planted } from "../mutants/plant.ts";
import { SeedPool } from "./pool.ts";
import type { RunResult } from "./run.ts";
import { shrink } from "./shrink.ts";

async function firstFailure(pool: SeedPool): Promise<RunResult> {
  for (let seed = 1; ; seed++) {
    const result = await pool.run(seed, {});
    if (result.violations.length > 0) return result;
  }
}

test("a failure becomes smaller, and what is left fails in the same way each time", async () => {
  using planted = new Planted(mutants.find(({ name }) => name === "linearizable-reads-stale")!);
  const pool = new SeedPool(2, { script: planted.seedWorker });
  try {
    const failure = await firstFailure(pool);
    const told: string[] = [];
    const [smallest, options] = await shrink(pool, failure, {}, (line) => told.push(line));
    const { checker } = failure.violations[0]!;
    assert.ok(told.length > 1, told.join("\n"));
    // The bug needs no fault to show.
    assert.deepEqual(options.faults, []);
    assert.ok(smallest.events < failure.events, `${smallest.events} events of ${failure.events}`);
    assert.ok(smallest.violations.some((violation) => violation.checker === checker));
    // What is repeated by hand is this run.
    const { traceHash, violations } = await pool.run(failure.seed, options);
    assert.equal(traceHash, smallest.traceHash);
    assert.deepEqual(violations, smallest.violations);
  } finally {
    await pool.close();
  }
});
