import assert from "node:assert/strict";
import { test } from "node:test";
import { inPairs, pick } from "./pairs.ts";

test("the sides take turns, ours first", async () => {
  const turns: string[] = [];
  const side = (name: string) => async (pair: number) => {
    turns.push(name + pair);
    return { value: pair * 10 };
  };
  const pairs = await inPairs(3, side("A"), side("B"));
  assert.deepEqual(turns, ["A0", "B0", "A1", "B1", "A2", "B2"]);
  assert.deepEqual(
    pick(pairs, (run) => run.value),
    { ours: [0, 10, 20], peer: [0, 10, 20] },
  );
});
