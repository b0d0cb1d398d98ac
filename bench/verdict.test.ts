import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "./results.ts";
import { judge } from "./verdict.ts";

const throughput: Figure = {
  name: "SET throughput",
  unit: "op/s",
  better: "higher",
  ours: [90, 95, 200],
  peer: [100, 100, 100],
  goal: { on: "ratio", limit: 0.95, moonshot: 1 },
};
const memory: Figure = {
  name: "1 M keys",
  unit: "B/key",
  better: "lower",
  ours: [126],
  peer: [],
  goal: { on: "value", limit: 120 },
};

test("a goal on the ratio is held against the median of the pairs' ratios", () => {
  const verdict = judge("row", throughput);
  assert.deepEqual(verdict.ratio, { median: 0.95, min: 0.9, max: 2 });
  assert.equal(verdict.outcome, "reached");
});

test("where there must be none, one is missed", () => {
  const lost: Figure = {
    ...({ name: "lost", unit: "writes", better: "lower", peer: [] } as const),
    ours: [0],
    goal: { on: "value", limit: 0 },
  };
  assert.equal(judge("row", lost).outcome, "reached");
  assert.equal(judge("row", { ...lost, ours: [1] }).outcome, "missed");
});

test("the moonshot counts where it is reached", () => {
  assert.equal(judge("row", { ...throughput, ours: [100, 101, 99] }).outcome, "moonshot");
});

test("what falls short says by how much of the goal", () => {
  const verdict = judge("row", { ...throughput, ours: [76, 76, 76] });
  assert.equal(verdict.outcome, "missed");
  assert.ok(Math.abs(verdict.shortBy - 0.2) < 1e-9, String(verdict.shortBy));
});

test("where less is better, more than the limit is missed", () => {
  const verdict = judge("row", memory);
  assert.equal(verdict.outcome, "missed");
  assert.ok(Math.abs(verdict.shortBy - 0.05) < 1e-9, String(verdict.shortBy));
  assert.equal(judge("row", { ...memory, ours: [119] }).outcome, "reached");
});

test("a limit that is met exactly is reached, whatever the division rounds to", () => {
  const cpu = { ...throughput, better: "lower", goal: { on: "ratio", limit: 0.9 } } as const;
  assert.equal(judge("row", { ...cpu, ours: [1.26], peer: [1.4] }).outcome, "reached");
});

test("a figure without a goal is not judged, and one beside a missing peer cannot be", () => {
  const { goal, ...free } = throughput;
  assert.equal(judge("row", free).outcome, "no goal");
  assert.throws(() => judge("row", { ...throughput, peer: [] }), /peer that was not measured/);
  assert.ok(goal);
});
