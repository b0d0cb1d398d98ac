import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addInt64, type Int64, negateInt64, parseInt64 } from "./int64.ts";

function parse(text: string): Int64 | undefined {
  const bytes = Buffer.from(`xx${text}9`, "latin1");
  return parseInt64(bytes, 2, 2 + text.length);
}

const int64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(2n ** 53n - 9n, 2n ** 53n + 9n),
  fc.bigInt(-(2n ** 53n) - 9n, 9n - 2n ** 53n),
  fc.bigInt(-1000n, 1000n),
);

test("whole numbers are read, exact to 64 bits", () => {
  assert.equal(parse("0"), 0);
  assert.equal(parse("7"), 7);
  assert.equal(parse("-1"), -1);
  assert.equal(parse("999999999999999"), 999_999_999_999_999);
  assert.equal(parse("9007199254740991"), 9_007_199_254_740_991);
  assert.equal(parse("9007199254740993"), 9_007_199_254_740_993n);
  assert.equal(parse("9223372036854775807"), 9_223_372_036_854_775_807n);
  assert.equal(parse("-9223372036854775808"), -9_223_372_036_854_775_808n);
});

test("what Redis does not take for a number is refused", () => {
  const wrong = [
    "",
    "-",
    "+1",
    " 1",
    "1 ",
    "01",
    "-0",
    "-01",
    "00",
    "1.0",
    "1e3",
    "0x1",
    "a",
    "1a",
    "--1",
    "\0",
  ];
  wrong.push("9223372036854775808", "-9223372036854775809", "99999999999999999999", "1".repeat(40));
  wrong.push("123456789012345678x", "x234567890123456789", "-123456789x123456789");
  for (const text of wrong) assert.equal(parse(text), undefined, JSON.stringify(text));
});

test("every number of 64 bits is read as it is written", () => {
  fc.assert(
    fc.property(int64, (value) => {
      const read = parse(String(value))!;
      assert.equal(BigInt(read), value);
      assert.equal(typeof read, Number.isSafeInteger(Number(value)) ? "number" : "bigint");
    }),
  );
});

test("sums are exact, and undefined beyond 64 bits", () => {
  fc.assert(
    fc.property(int64, int64, (a, b) => {
      const sum = addInt64(parse(String(a))!, parse(String(b))!);
      const wide = a + b;
      if (BigInt.asIntN(64, wide) !== wide) assert.equal(sum, undefined);
      else assert.equal(BigInt(sum!), wide);
    }),
  );
});

test("the sign is changed, except of the smallest number", () => {
  assert.equal(negateInt64(5), -5);
  assert.equal(negateInt64(-5), 5);
  assert.ok(Object.is(negateInt64(0), 0));
  assert.equal(negateInt64(9_223_372_036_854_775_807n), -9_223_372_036_854_775_807n);
  assert.equal(negateInt64(-9_223_372_036_854_775_808n), undefined);
});
