import assert from "node:assert/strict";
import { test } from "node:test";
import { words } from "./words.ts";

test("counts are short, and never become four digits by rounding", () => {
  const shown = [0, 512, 9_999, 10_000, 12_345, 123_456, 999_499, 999_500, 20_000_000].map(words.count);
  assert.deepEqual(shown, ["0", "512", "9999", "10 k", "12.3 k", "123 k", "999 k", "1 M", "20 M"]);
});

test("measured values show three digits", () => {
  assert.equal(words.value(692_963, "op/s"), "693 k op/s");
  assert.equal(words.value(1.4, "µs/op"), "1.40 µs/op");
  assert.equal(words.value(0.12049, "ms"), "0.120 ms");
  assert.equal(words.value(117.4, "B/key"), "117 B/key");
  assert.equal(words.value(1.856, "x"), "1.86x");
});

test("goals say their side", () => {
  assert.equal(words.goal({ on: "ratio", limit: 0.95 }, { better: "higher", unit: "op/s" }), "≥ 0.95x");
  assert.equal(words.goal({ on: "value", limit: 120 }, { better: "lower", unit: "B/key" }), "≤ 120 B/key");
  assert.equal(words.goal({ on: "value", limit: 2 }, { better: "lower", unit: "x" }), "≤ 2.00x");
});
