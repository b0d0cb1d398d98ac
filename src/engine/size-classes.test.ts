import assert from "node:assert/strict";
import { test } from "node:test";
import { classBytes, classOf, slabBytesMax } from "./size-classes.ts";

test("the class of a size is the smallest one with room for it", () => {
  for (let size = 1; size <= slabBytesMax; size += size < 5000 ? 1 : 13) {
    const found = classOf(size);
    assert.ok(classBytes[found]! >= size, `${size} fits`);
    assert.ok(found === 0 || classBytes[found - 1]! < size, `${size} would not fit into a smaller one`);
  }
  assert.equal(classBytes[classOf(slabBytesMax)], slabBytesMax);
});

test("at most an eighth of a place is wasted above 64 bytes, and every size is a whole number of words", () => {
  for (let size = 65; size <= slabBytesMax; size += 7) {
    assert.ok(classBytes[classOf(size)]! <= size * 1.125 + 8);
  }
  assert.ok(classBytes.every((bytes) => bytes % 8 === 0));
});
