import assert from "node:assert/strict";
import { test } from "node:test";
import { points } from "../../src/base/points.ts";
import { simLimits } from "../limits.ts";
import type { RunResult } from "./run.ts";
import { Totals } from "./totals.ts";

const names = Object.values(points).flatMap((ofFile) => Object.keys(ofFile));

function runThatReached(...reached: string[]): RunResult {
  return {
    ...{ seed: 1, violations: [], traceHash: "", traceLines: [], description: "", simulatedMs: 0, events: 0 },
    operations: { known: 0, unknown: 0, failed: 0 },
    undecided: 0,
    faults: [],
    reached: reached.map((point) => [point, 2]),
  };
}

test("states that no run has reached are named, and after many runs they are a failure", () => {
  const totals = new Totals();
  const [first, second, ...others] = names;
  totals.add(runThatReached(...others));
  assert.deepEqual(totals.neverReached, [first, second]);
  assert.match(totals.report(1), new RegExp(`never reached: ${first}, ${second}$`));
  for (let seeds = 2; seeds < simLimits.seedsOfLongRun; seeds++) totals.add(runThatReached());
  assert.equal(totals.hasMissed, false);
  totals.add(runThatReached(first!));
  assert.equal(totals.hasMissed, true);
  totals.add(runThatReached(second!));
  assert.equal(totals.hasMissed, false);
  assert.match(totals.report(1), new RegExp(`reached: ${names.length} of ${names.length} named states$`));
});
