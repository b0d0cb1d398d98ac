import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, type PartitionShape, partitionShapes } from "./partition.ts";
import { Prng } from "./prng.ts";

const ids = ["a", "b", "c", "d", "e"];

/** For each node, whom it reaches; nodes with the same reach more often. */
function reaches(shape: PartitionShape, seed: number, nodes = ids): string[] {
  const cuts = new Set(cutsOf(shape, nodes, new Prng(seed)).map(([from, to]) => from + to));
  return nodes.map((from) => nodes.filter((to) => to !== from && !cuts.has(from + to)).join(""));
}

/** How many each reaches, sorted; what all seeds agree on. */
const counts: readonly (readonly [PartitionShape, readonly number[]])[] = [
  ["oneWay", [3, 4, 4, 4, 4]],
  ["link", [3, 3, 4, 4, 4]],
  ["isolate", [0, 3, 3, 3, 3]],
  ["mute", [0, 4, 4, 4, 4]],
  ["deaf", [3, 3, 3, 3, 4]],
  ["bridge", [2, 2, 2, 2, 4]],
  ["ring", [2, 2, 2, 2, 2]],
];

test("each shape cuts what it says, and chance says whom it meets", () => {
  for (const [shape, expected] of counts) {
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const reach = reaches(shape, seed);
      seen.add(reach.join(" "));
      assert.deepEqual(reach.map(({ length }) => length).sort(), expected, shape);
    }
    assert.ok(seen.size >= 5, `${shape}: ${seen.size} ways`);
  }
});

test("halves are two groups of any size that reach all of their own and nobody else", () => {
  const sizes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const reach = reaches("halves", seed);
    const groups = new Set(reach.map((others, i) => [...others, ids[i]!].sort().join("")));
    assert.equal(groups.size, 2);
    assert.equal([...groups].join("").length, ids.length);
    sizes.add(
      [...groups]
        .map(({ length }) => length)
        .sort()
        .join("+"),
    );
  }
  assert.deepEqual([...sizes].sort(), ["1+4", "2+3"]);
});

test("any number of nodes can be parted", () => {
  for (const shape of partitionShapes)
    for (let count = 1; count <= 7; count++) {
      const nodes = [..."abcdefg"].slice(0, count);
      for (const [from, to] of cutsOf(shape, nodes, new Prng(count))) assert.notEqual(from, to);
    }
});
