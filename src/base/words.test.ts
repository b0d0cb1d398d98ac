import assert from "node:assert/strict";
import { test } from "node:test";
import { copyRange, viewOf } from "./words.ts";

test("a range is copied byte for byte, of any length, from any place to any place, and nothing beside it", () => {
  // Among them words that mean no number as a float.
  const from = Buffer.from(Array.from({ length: 600 }, (_, i) => (i % 11 === 0 ? 0xff : (i * 7) % 256)));
  for (let size = 0; size <= 300; size++) {
    for (const [start, at] of [
      [0, 0],
      [1, 2],
      [7, 4],
      [250, 33],
    ] as const) {
      const to = Buffer.alloc(400, 0xaa);
      const expected = Buffer.from(to);
      from.copy(expected, at, start, start + size);
      copyRange(from, viewOf(from), start, start + size, to, viewOf(to), at);
      assert.deepEqual(to, expected, `${size} bytes from ${start} to ${at}`);
    }
  }
});

test("a part of a larger memory is copied from its own beginning", () => {
  const memory = new Uint8Array(4096);
  const from = memory.subarray(1000, 2000).fill(7);
  const to = Buffer.alloc(500);
  copyRange(from, viewOf(from), 100, 600, to, viewOf(to), 0);
  assert.ok(to.every((byte) => byte === 7));
});
