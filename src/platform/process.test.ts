import assert from "node:assert/strict";
import { test } from "node:test";
import { systemProcess } from "./process.ts";

function block(ms: number): void {
  const startMs = performance.now();
  while (performance.now() - startMs < ms);
}

function turns(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 15));
}

test("a loop watch sees how long the event loop was held, until it is reset or stopped", async () => {
  const watch = systemProcess.watchLoop();
  try {
    await turns(2);
    block(80);
    while (watch.delayMsMax < 60) await turns(1);
    assert.ok(watch.delayMsMax < 10_000, String(watch.delayMsMax));
    watch.reset();
    assert.ok(watch.delayMsMax < 60, String(watch.delayMsMax));
  } finally {
    watch.stop();
  }
  block(80);
  await turns(2);
  assert.ok(watch.delayMsMax < 60);
});

test("the process tells its memory and its time, which only grows", () => {
  const { user } = systemProcess.cpuSeconds();
  block(30);
  assert.ok(systemProcess.cpuSeconds().user + systemProcess.cpuSeconds().system > user);
  assert.ok(systemProcess.residentBytes() > 10_000_000);
  assert.ok(systemProcess.residentBytes() < systemProcess.systemBytes);
  assert.equal(systemProcess.id, process.pid);
});
