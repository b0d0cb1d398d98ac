import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryOf, parseStatus } from "./memory.ts";

const linux = { skip: process.platform === "linux" ? false : "needs /proc" };

test("resident memory and its peak are read in bytes", () => {
  const status = "Name:\tnode\nVmPeak:\t  999 kB\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nRssAnon:\t 5 kB\n";
  assert.deepEqual(parseStatus(status), { residentBytes: 1_048_576, peakBytes: 2_097_152 });
  assert.throws(() => parseStatus("Name:\tkthreadd\n"), /no VmRSS/);
});

test("memory that is touched becomes resident", linux, () => {
  const before = memoryOf(process.pid).residentBytes;
  const bytes = Buffer.alloc(64 * 1024 * 1024, 1);
  const { residentBytes, peakBytes } = memoryOf(process.pid);
  assert.ok(residentBytes - before > 0.9 * bytes.length, String(residentBytes - before));
  assert.ok(peakBytes >= residentBytes);
});
