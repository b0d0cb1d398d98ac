import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addLongDouble,
  formatLongDouble,
  type LongDouble,
  mayBeLongNumber,
  parseLongDouble,
} from "./long-double.ts";

function parse(text: string): LongDouble | undefined {
  const bytes = Buffer.from(`1${text}1`, "latin1");
  return parseLongDouble(bytes, 1, 1 + text.length);
}

function sum(a: string, b: string): string {
  const x = parse(a);
  const y = parse(b);
  if (x === undefined || y === undefined) return "no number";
  const total = addLongDouble(x, y);
  return total === undefined ? "infinite" : formatLongDouble(total);
}

/** Two numbers and what INCRBYFLOAT of Redis 7.0.15 on x86-64 made of them. */
const sums: readonly (readonly [string, string, string])[] = [
  ["10.50", "0.1", "10.6"],
  ["5.0e3", "2.0e2", "5200"],
  ["0.1", "0.2", "0.3"],
  ["1", "-1", "0"],
  ["-0.5", "0.25", "-0.25"],
  ["-0", "0", "0"],
  ["-1e-30", "0", "0"],
  ["5.", "-.5", "4.5"],
  ["9007199254740993", "1", "9007199254740994"],
  ["18446744073709551615", "1", "18446744073709551616"],
  ["18446744073709551616", "1", "18446744073709551616"],
  ["1e19", "0.1", "10000000000000000000"],
  ["0.30000000000000000001", "0", "0.3"],
  ["123456789012345678.125", "0.5", "123456789012345678.625"],
  ["1e-17", "0", "0.00000000000000001"],
  ["5e-18", "0", "0"],
  ["15e-18", "0", "0.00000000000000002"],
  ["0.000000000000000005000000000000000001", "0", "0.00000000000000001"],
  ["0x1p3", "0", "8"],
  ["0X.8", "+.5", "1"],
  ["0xffffffffffffffffp1", "1", "36893488147419103232"],
  ["0e99999", "1", "1"],
  ["1e-4950", "1", "1"],
  ["1e4932", "-1e4932", "0"],
];

test("sums are those of an x86 processor, printed as Redis prints them", () => {
  for (const [a, b, total] of sums) assert.equal(sum(a, b), total, `${a} + ${b}`);
});

test("what strtold does not read to its end, or Redis does not take, is no number", () => {
  const wrong = [
    "",
    " 1",
    "1 ",
    "\t1",
    "1\0",
    ".",
    "-",
    "+-1",
    "1e",
    "1e+",
    "0x",
    "0x.p1",
    "0x1p",
    "1_0",
    "1,5",
  ];
  wrong.push(
    "nan",
    "-NAN",
    "infinit",
    "1e4933",
    "1.189731495357231766e4932",
    "0x1p16384",
    "1.8e-4951",
    "0x1p-16447",
  );
  wrong.push(
    "1e999999999999999999999",
    "-1e-999999999999999999999",
    "1".repeat(5120),
    `1e${"9".repeat(5000)}`,
  );
  for (const text of wrong) assert.equal(parse(text), undefined, text.slice(0, 40));
});

test("the largest and the smallest numbers are read", () => {
  assert.equal(sum("1.189731495357231765e4932", "-1.189731495357231765e4932"), "0");
  assert.deepEqual(parse("3.6451995318824746025e-4951"), { mantissa: 1n, exponent: -16_445 });
  assert.equal(parse("1".repeat(4932))?.exponent, 16_317);
  assert.ok(parse(`0.${"0".repeat(5000)}1e5001`) !== undefined);
});

test("an infinite sum is told apart", () => {
  assert.equal(sum("inf", "1"), "infinite");
  assert.equal(sum("1", "-Infinity"), "infinite");
  assert.equal(sum("inf", "-inf"), "infinite");
  assert.equal(sum("1e4932", "9e4932"), "no number");
  assert.equal(sum("9e4931", "1.1e4932"), "infinite");
});

test("whole numbers below 2^64 are exact", () => {
  const whole = fc.bigInt(-(2n ** 63n), 2n ** 63n);
  fc.assert(fc.property(whole, whole, (a, b) => assert.equal(sum(String(a), String(b)), String(a + b))));
});

test("a double is read as it is", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (value) => {
      const { mantissa, exponent } = parse(`-0x${value.toString(16)}`)!;
      assert.equal(Number(mantissa) * 2 ** exponent, -value);
    }),
  );
});

test("sums of numbers that are not said to be long are short", () => {
  const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`));
  const exponent = fc.option(
    fc.constantFrom("e", "E").chain((e) => fc.integer({ min: -60, max: 60 }).map((n) => e + n)),
  );
  const text = fc
    .tuple(fc.constantFrom("", "-", "+"), digits(60), fc.constantFrom("", "."), digits(60), exponent)
    .map(
      ([sign, whole, point, fraction, power]) => sign + whole + point + (point && fraction) + (power ?? ""),
    );
  fc.assert(
    fc.property(text, text, (a, b) => {
      if (mayBeLongNumber(a) || mayBeLongNumber(b)) return;
      assert.ok(sum(a, b).length < 200, `${a} + ${b}`);
    }),
  );
});

test("numbers are said to be long for what they are, and texts for nothing", () => {
  for (const text of ["1e4900", "-1E-4900", "+.5e+0041", "0x1p16000", "0X.8P-41", "1".repeat(129)]) {
    assert.ok(mayBeLongNumber(text), text);
  }
  for (const text of [
    "",
    "nan",
    "inf",
    "1e40",
    "0x8p40",
    "12.5",
    "e99",
    "step99",
    "x".repeat(8_000),
    "1".repeat(5_120),
  ]) {
    assert.ok(!mayBeLongNumber(text), text);
  }
});
