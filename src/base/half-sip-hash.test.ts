import assert from "node:assert/strict";
import { test } from "node:test";
import { halfSipHash } from "./half-sip-hash.ts";
import { viewOf } from "./words.ts";

// Computed with an independent implementation of HalfSipHash-1-3 (key 00 01 02 … 07).
const vectors: readonly (readonly [string, number])[] = [
  ["", 1_477_757_078],
  ["a", 2_070_212_646],
  ["abcd", 154_581_159],
  ["hello world", 1_208_393_099],
];

test("HalfSipHash-1-3 agrees with known values", () => {
  for (const [text, hash] of vectors) {
    const bytes = viewOf(Buffer.from(text));
    assert.equal(halfSipHash(0x03020100, 0x07060504, bytes, 0, bytes.byteLength), hash, text);
  }
});

test("another key gives another hash", () => {
  const bytes = viewOf(Buffer.from("hello world"));
  assert.notEqual(halfSipHash(1, 2, bytes, 0, 11), halfSipHash(1, 3, bytes, 0, 11));
});

test("only the bytes between start and end count", () => {
  const bytes = viewOf(Buffer.from("xxhello worldyy"));
  assert.equal(halfSipHash(0x03020100, 0x07060504, bytes, 2, 13), 1_208_393_099);
});
