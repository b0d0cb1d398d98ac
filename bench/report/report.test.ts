import assert from "node:assert/strict";
import { test } from "node:test";
import type { Results, RowResult } from "../results.ts";
import { page } from "./page.ts";
import { summary, table } from "./terminal.ts";

const row: RowResult = {
  name: "memory-p1",
  work: "SET & GET <of> 64 B",
  peer: "Redis",
  commands: ["taskset -c 1 redis-benchmark -p PORT"],
  seconds: 9,
  disturbance: { othersCores: 0, stolenCores: 0 },
  figures: [
    {
      name: "SET throughput",
      unit: "op/s",
      better: "higher",
      ours: [90_000, 91_000],
      peer: [100_000, 100_000],
      goal: { on: "ratio", limit: 0.95 },
    },
    { name: "SET p50", unit: "ms", better: "lower", ours: [0.2, 0.2], peer: [0.3, 0.3] },
    {
      name: "delay",
      unit: "ms",
      better: "lower",
      ours: [3, 4],
      peer: [],
      goal: { on: "value", limit: 20 },
    },
  ],
  charts: [
    {
      kind: "bars",
      title: "Throughput </script><b>",
      unit: "op/s",
      groups: [{ label: "SET", ours: [90_000, 91_000], peer: [100_000, 100_000] }],
    },
  ],
  remarks: ["A remark."],
};

const results: Results = {
  machine: {
    cores: 2,
    memoryGiB: 24,
    processor: "AMD EPYC",
    isVirtual: true,
    kernel: "Linux 6.1",
    versions: { kvorum: "0.1.0", "Node.js": "20.20.2", Redis: "7.0.15" },
  },
  isQuick: false,
  startedAt: "2000-01-02T03:04:05.678Z",
  rows: [row],
};

const missed = "memory-p1 SET throughput: 0.91x (0.90–0.91), goal ≥ 0.95x: 4.7 % short";

test("the table has a line for each figure, with its ratio, its goal and the outcome", () => {
  const lines = table(results).split("\n");
  const line = (name: string): string => lines.find((each) => each.includes(name)) ?? "";
  assert.match(
    line("SET throughput"),
    /memory-p1 .* 90\.5 k op\/s +100 k op\/s +0\.91x \(0\.90–0\.91\) +≥ 0\.95x .*missed/,
  );
  assert.match(line("SET p50"), / 0\.200 ms +0\.300 ms +0\.67x/);
  assert.match(line("delay"), / 3\.50 ms .* ≤ 20 ms .*reached/);
});

test("the summary counts the goals and names each that was missed, with the distance", () => {
  assert.equal(summary(results), `\n1 of 2 goals reached\n  ${missed}`);
});

test("a disturbed row and a quick run are named as such", () => {
  const disturbance = { othersCores: 0.4, stolenCores: 0.01 };
  const text = summary({ ...results, isQuick: true, rows: [{ ...row, disturbance }] });
  assert.match(text, /A quick run/);
  assert.match(
    text,
    /memory-p1: Disturbed: meanwhile other programs used 0\.40 cores, and the host took 0\.01/,
  );
});

test("the page says the same, with the machine and the commands", () => {
  const text = page(results);
  for (const part of ["1 of 2 goals reached", missed, "A remark.", "redis-benchmark -p PORT", "AMD EPYC"]) {
    assert.ok(text.includes(part), part);
  }
});

test("what is measured cannot break out of its place on the page", () => {
  const text = page(results);
  assert.ok(text.includes("SET &#38; GET &#60;of&#62; 64 B"));
  const json = /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(text)?.[1] ?? "";
  assert.deepEqual(JSON.parse(json), row.charts);
});

test("the page needs no other file and no network", () => {
  const text = page(results);
  assert.doesNotMatch(text, /<link|<img|\ssrc=|@import|url\(/);
  assert.ok(text.includes("uPlot"), "the chart library lies in it");
  const links = [...text.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
  assert.deepEqual(links, ["#memory-p1"]);
});
