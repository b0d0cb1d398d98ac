import assert from "node:assert/strict";
import { test } from "node:test";
import { median, percentile, ratios, spreadOf } from "./statistics.ts";

test("the median of an odd number is the middle one, of an even number the mean of the two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 2, 4, 100]), 7);
  assert.equal(median([3]), 3);
});

test("percentiles lie between their neighbours in proportion", () => {
  const values = [50, 10, 40, 20, 30];
  assert.equal(percentile(values, 0), 10);
  assert.equal(percentile(values, 25), 20);
  assert.equal(percentile(values, 90), 46);
  assert.equal(percentile(values, 100), 50);
  assert.deepEqual(values, [50, 10, 40, 20, 30], "the values keep their order");
});

test("numbers are sorted as numbers", () => {
  assert.deepEqual(spreadOf([9, 100, 20]), { median: 20, min: 9, max: 100 });
});

test("a percentile of nothing, or beyond 100, is a mistake", () => {
  assert.throws(() => median([]), /of nothing/);
  assert.throws(() => percentile([1], 101), /within 0 and 100/);
});

test("ratios are taken pair by pair, and every run has its pair", () => {
  assert.deepEqual(ratios([10, 30], [20, 10]), [0.5, 3]);
  assert.throws(() => ratios([1, 2], [1]), /has its run/);
});
