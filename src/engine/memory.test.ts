import assert from "node:assert/strict";
import { test } from "node:test";
import { SegmentPool } from "./index-table.ts";
import { Keyspace } from "./keyspace.ts";
import { PagePool } from "./pages.ts";

// In a file, and so in a process, of its own: memory that other tests gave back would be counted.
test("what is accounted agrees with the memory of the process within 15 % at a million keys", () => {
  const keyspace = new Keyspace({
    pages: new PagePool(),
    segments: new SegmentPool(),
    hashKey: [1, 2],
    moment: { now: 0, estimate: 0, metOverdue: false, revision: 1 },
  });
  const key = Buffer.alloc(16, "k");
  const value = Buffer.alloc(64, "v");
  // A first round settles the heap of the runtime.
  const fill = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      key.writeUInt32BE(i, 4);
      keyspace.put(key, 0, 16, value, 0, 64, 0);
    }
  };
  fill(0, 20_000);
  const rssBefore = process.memoryUsage.rss();
  const accountedBefore = keyspace.residentBytes;
  fill(20_000, 1_000_000);
  const rss = process.memoryUsage.rss() - rssBefore;
  const accounted = keyspace.residentBytes - accountedBefore;
  assert.ok(Math.abs(rss / accounted - 1) < 0.15, `${accounted} accounted, ${rss} resident`);
  assert.ok(accounted / 980_000 < 120, `${accounted / 980_000} bytes a key`);
});
