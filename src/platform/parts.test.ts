import assert from "node:assert/strict";
import { test } from "node:test";
import { partsBehind } from "./parts.ts";

test("behind any number of bytes the rest of the parts is left, and no empty one", () => {
  const parts = ["", "one", "", "t", "three", ""].map((text) => Buffer.from(text));
  const whole = Buffer.concat(parts);
  for (let count = 0; count <= whole.length; count++) {
    const rest = partsBehind(parts, count);
    assert.equal(String(Buffer.concat(rest)), String(whole.subarray(count)));
    assert.ok(rest.every((part) => part.length > 0));
  }
});
