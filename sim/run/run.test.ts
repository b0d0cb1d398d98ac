import { strict as assert } from "node:assert";
import { test } from "node:test";
import { SimRun } from "./run.ts";

test("a seed is one run: the same twice gives the same trace, and the same operations", async () => {
  const once = await new SimRun(3, { seconds: 5 }).run();
  const again = await new SimRun(3, { seconds: 5 }).run();
  assert.equal(again.traceHash, once.traceHash);
  assert.deepEqual(again.operations, once.operations);
  const other = await new SimRun(4, { seconds: 5 }).run();
  assert.notEqual(other.traceHash, once.traceHash);
});

test("clusters of production nodes keep their promises in a storm, and agree after it", async () => {
  let known = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const { violations, operations } = await new SimRun(seed, { seconds: 8 }).run();
    assert.deepEqual(violations, [], `npm run sim -- --seed ${seed} --seconds 8`);
    known += operations.known;
  }
  assert.ok(known > 800, `${known} operations were acknowledged`);
});
