import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EngineClient } from "../../test/engine-harness.ts";
import { Pair, steps } from "../../test/engine-steps.ts";
import { stateHash } from "./state-hash.ts";

function hashOf(...lines: readonly (readonly (string | number)[])[]): string {
  const client = new EngineClient();
  for (const line of lines) client.run(...line);
  return stateHash(client.engine);
}

test("the same commands give the same hash", () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 20, maxLength: 60, size: "max" }), (history) => {
      const [one, other] = [new Pair(), new Pair()];
      for (const step of history) {
        step(one);
        step(other);
      }
      assert.equal(stateHash(one.client.engine), stateHash(other.client.engine));
    }),
    { numRuns: 8 },
  );
});

test("where records lie and how the table grew is not in it", () => {
  const order = Array.from({ length: 3000 }, (_, i) => i);
  const grown = new EngineClient();
  // In one transaction all records have one revision, in whatever order they came.
  grown.transaction(...order.map((i) => ["SET", `key:${i}`, i]));
  const other = new EngineClient();
  other.engine.begin(0, other.now, [3000]);
  other.transaction(...order.toReversed().map((i) => ["SET", `key:${i}`, i]));
  assert.equal(stateHash(grown.engine), stateHash(other.engine));
});

test("everything that belongs to the state is in it", () => {
  const base = [
    ["SET", "a", "12345"],
    ["SET", "b", "2"],
    ["SET", "c", "3"],
  ];
  const seen = new Set([hashOf(), hashOf(...base)]);
  const others: (readonly (readonly (string | number)[])[])[] = [
    [
      ["SET", "a", "12346"],
      ["SET", "b", "2"],
      ["SET", "c", "3"],
    ],
    [
      ["SET", "A", "12345"],
      ["SET", "b", "2"],
      ["SET", "c", "3"],
    ],
    [
      ["SET", "a1", "2345"],
      ["SET", "b", "2"],
      ["SET", "c", "3"],
    ],
    [
      ["SET", "a", "12345", "PX", 7],
      ["SET", "b", "2"],
      ["SET", "c", "3"],
    ],
    [
      ["SET", "a", "12345", "PX", 8],
      ["SET", "b", "2"],
      ["SET", "c", "3"],
    ],
    // Other created and modified revisions.
    [
      ["SET", "b", "2"],
      ["SET", "a", "12345"],
      ["SET", "c", "3"],
    ],
    [["SET", "x", "1"], ["DEL", "x"], ...base],
    // Another version, at the same revisions.
    [
      ["SET", "a", "1"],
      ["SET", "a", "12345"],
      ["SET", "c", "3"],
    ],
    [
      ["MSET", "a", "1", "a", "2"],
      ["SET", "a", "12345"],
      ["SET", "c", "3"],
    ],
    // Raw, with all else as in the case before the last.
    [
      ["SET", "a", "123"],
      ["APPEND", "a", "45"],
      ["SET", "c", "3"],
    ],
    // Another database.
    [...base.slice(0, 2), ["SET", "c", "3"], ["SWAPDB", 0, 1]],
    [...base.slice(0, 2), ["SET", "c", "3"], ["SWAPDB", 0, 2]],
    // The revision alone.
    [...base, ["SET", "d", "4"], ["DEL", "d"]],
  ];
  for (const [i, lines] of others.entries()) {
    const before = seen.size;
    seen.add(hashOf(...lines));
    assert.equal(seen.size, before + 1, `case ${i}: ${lines.join("; ")}`);
  }
});

test("sessions are in it: whether there is one, its time, its lowest sequence, and its replies", () => {
  const histories = [
    [],
    ["OPEN 5"],
    ["OPEN 6"],
    ["OPEN 5", "ID 1 1 1 SET a 1"],
    ["OPEN 5", "ID 1 2 1 SET a 1"],
    ["OPEN 5", "ID 1 2 2 SET a 1"],
    ["OPEN 5", "ID 1 1 1 SET a 1 GET"],
    ["OPEN 5", "ID 1 1 1 SET a 1", "CLOSE 1"],
  ];
  const hashes = histories.map((lines) => hashOf(...lines.map((line) => ["SESSION", ...line.split(" ")])));
  assert.equal(new Set(hashes).size, histories.length);
});

test("the time is in it", () => {
  const client = new EngineClient();
  const before = stateHash(client.engine);
  client.engine.advance(5, 0);
  const after = stateHash(client.engine);
  assert.notEqual(before, after);
  client.engine.advance(6, 0);
  assert.notEqual(stateHash(client.engine), after);
});
