import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { cpuMicros, endedChildrenMicros, parseStat } from "./cpu.ts";

const linux = { skip: process.platform === "linux" ? false : "needs /proc" };
const burn = "while (process.cpuUsage().user < 200_000);";

test("times are found behind a name that looks like fields", () => {
  const stat = "42 (a) b (c 1 2) S 1 42 42 0 -1 4194304 9 9 0 0 120 34 5 6 20 0 11 0 100 200 300";
  assert.deepEqual(parseStat(stat), { own: 154, endedChildren: 11 });
});

test("a process' time counts, its ended children's too", linux, () => {
  const before = cpuMicros([process.pid]);
  const childrenBefore = endedChildrenMicros();
  spawnSync(process.execPath, ["-e", burn]);
  // The child burned 200 ms at least; the kernel counts in ticks of 10 ms.
  assert.ok(endedChildrenMicros() - childrenBefore >= 180_000);
  assert.ok(cpuMicros([process.pid]) - before >= 180_000);
});

test("a process that is gone is an error: its figures would be wrong", linux, () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  assert.throws(() => cpuMicros([pid]), { code: "ENOENT" });
});
