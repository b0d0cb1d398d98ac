import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoopWatch, systemProcess } from "./process.ts";

function block(ms: number): void {
  const startMs = performance.now();
  while (performance.now() - startMs < ms);
}

/** Blocks the loop until the watch has seen it. */
async function blockSeenBy(watch: LoopWatch): Promise<void> {
  while (watch.delayMsMax < 60) {
    block(80);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

test("a loop watch sees how long the event loop was held, until it is reset or stopped", async () => {
  const watch = systemProcess.watchLoop();
  const other = systemProcess.watchLoop();
  try {
    await blockSeenBy(watch);
    watch.reset();
    assert.equal(watch.delayMsMax, 0);
    watch.stop();
    other.reset();
    await blockSeenBy(other);
    assert.equal(watch.delayMsMax, 0);
  } finally {
    watch.stop();
    other.stop();
  }
});

test("the process tells its memory and its time, which only grows", () => {
  const { user } = systemProcess.cpuSeconds();
  block(30);
  assert.ok(systemProcess.cpuSeconds().user + systemProcess.cpuSeconds().system > user);
  assert.ok(systemProcess.residentBytes() > 10_000_000);
  assert.ok(systemProcess.residentBytes() < systemProcess.systemBytes);
  assert.equal(systemProcess.id, process.pid);
});
