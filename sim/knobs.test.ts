import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedConfig } from "../src/raft/config.ts";
import { describeKnobs, drawKnobs, stormFaults } from "./knobs.ts";
import { Prng } from "./prng.ts";

const draws = Array.from({ length: 1_000 }, (_, seed) => drawKnobs(new Prng(seed)));

test("every draw can be run", () => {
  for (const { raft, network, disk } of draws) {
    checkedConfig({ ...raft, id: "n1", boot: 1, random: () => 0 });
    for (const { minMs, meanMs } of [network.delay, network.retry, disk.call, disk.sync])
      assert.ok(minMs > 0 && meanMs >= minMs);
  }
});

test("all sizes and all kinds of faults occur, each kind in many of the runs, and some runs have few or none", () => {
  assert.deepEqual([...new Set(draws.map(({ voters }) => voters))].sort(), [1, 2, 3, 4, 5, 7]);
  for (const fault of stormFaults) {
    const share = draws.filter(({ faults }) => faults.includes(fault)).length / draws.length;
    assert.ok(share > 0.28 && share < 0.5, `${fault}: ${share}`);
  }
  for (const count of [0, 1, 2]) assert.ok(draws.some(({ faults }) => faults.length === count));
});

test("a seed draws the same knobs, and each is told in one line of its own", () => {
  assert.deepEqual(drawKnobs(new Prng(5)), draws[5]);
  const lines = draws.map(describeKnobs);
  for (const line of lines) assert.doesNotMatch(line, /\n|undefined|NaN/);
  assert.ok(new Set(lines).size > 995);
});
