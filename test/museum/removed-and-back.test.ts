import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { allEntries, entry, TestLog } from "../log-harness.ts";

/**
 * Compaction removes a segment, and syncs the directory before the next one goes, so that no crash leaves a gap. Where that sync
 * failed, the next compaction did both again: there was nothing to remove any more, and the second sync, which was not
 * about the first removal, succeeded. So more segments went, and a stop of the machine brought the first one back, in
 * front of a gap: the node did not start again. Found by the simulator when its disks could be slow at everything (seed 35
 * of that day).
 */
test("no segment goes after one whose removal could not be synced", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  for (let index = 1; index <= 30; index++) log.append(entry(index, 1, "x".repeat(300)));
  await log.settled();
  disk.inject({ call: "syncDirectory", path: "wal", code: "EIO" });
  await log.wal.compact(12).catch(() => {});
  for (let index = 31; index <= 60; index++) log.append(entry(index, 1, "x".repeat(300)));
  await log.settled();
  await log.wal.compact(50).catch(() => {});
  const { stableIndex } = log.wal;
  for (const kind of crashKinds) {
    // What was removed, and may be there again, is covered by a snapshot either way.
    const again = await TestLog.open(disk.afterCrash(kind), { base: { term: 1, index: 12 } });
    const entries = await allEntries(again.wal);
    assert.ok(entries.at(-1)!.index >= stableIndex, kind);
  }
  assert.equal(log.failures.length, 1);
});
