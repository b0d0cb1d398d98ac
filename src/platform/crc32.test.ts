import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

test("checksums are those of zlib, for ranges of any length and place and any seed", () => {
  const range = fc.tuple(
    fc.uint8Array({ maxLength: 1000 }),
    fc.nat(50),
    fc.nat(50),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  fc.assert(
    fc.property(range, ([bytes, before, behind, seed]) => {
      const from = Math.min(before, bytes.length);
      const to = Math.max(from, bytes.length - behind);
      const expected = from === to ? seed : zlibCrc32(bytes.subarray(from, to), seed);
      assert.equal(crc32(bytes, from, to, seed), expected);
    }),
  );
  assert.equal(crc32(Buffer.from("123456789"), 0, 9), 0xcbf43926);
});

test("a range in two pieces has the checksum of the whole", () => {
  const bytes = Buffer.from("as much as one wants to be sure of".repeat(30));
  for (let cut = 0; cut <= bytes.length; cut++)
    assert.equal(crc32(bytes, cut, bytes.length, crc32(bytes, 0, cut)), zlibCrc32(bytes));
});
