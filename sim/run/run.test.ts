import assert from "node:assert/strict";
import { test } from "node:test";
import { SimRun } from "./run.ts";

/** KVORUM_SEED and KVORUM_SEEDS choose others; `npm run sim` runs as many as one has time for. */
const first = Number(process.env.KVORUM_SEED ?? 1);
const count = Number(process.env.KVORUM_SEEDS ?? 20);

test("a seed is a run: the same one twice has one trace, another one has another", async () => {
  // On a network that repeats, cuts and damages, with crashes; and a quiet one.
  for (const seed of [8, 11, 24]) {
    const [one, again, other] = [
      await new SimRun(seed, { seconds: 5 }).run(),
      await new SimRun(seed, { seconds: 5 }).run(),
      await new SimRun(seed + 100, { seconds: 5 }).run(),
    ];
    assert.equal(one.traceHash, again.traceHash, `seed ${seed}`);
    assert.equal(one.traceLines.join("\n"), again.traceLines.join("\n"));
    assert.deepEqual(one.operations, again.operations);
    assert.ok(one.reached.length > 0);
    assert.deepEqual(one.reached, again.reached);
    assert.notEqual(one.traceHash, other.traceHash);
  }
});

test(`clusters keep every promise under all faults (seeds ${first} to ${first + count - 1})`, async () => {
  const known: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const { violations, operations, description, traceLines } = await new SimRun(seed).run();
    known.push(operations.known);
    const found = violations.map(({ checker, text }) => `${checker}: ${text}`);
    const report = [`npm run sim -- --seed ${seed}`, description, ...found, ...traceLines.slice(-40)];
    assert.equal(violations.length, 0, report.join("\n"));
  }
  // Runs in which clients get no answers find nothing.
  const median = known.sort((a, b) => a - b)[known.length >> 1]!;
  assert.ok(median >= 300, `${median} acknowledged operations in the run in the middle`);
});
