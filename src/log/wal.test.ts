import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { allEntries, directory, entry, HandClock, scanned, TestLog } from "../../test/log-harness.ts";
import { entriesOf, hardPayloads, sparse } from "../../test/log-shapes.ts";
import { limits } from "../base/limits.ts";
import { DiskError } from "../platform/disk.ts";
import type { LogEntry } from "./entry.ts";

/** Entries with records of 256 bytes, from one index to another. */
function row(from: number, to: number, term = 1): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    entry(from + i, term, Buffer.alloc(150, `${from + i} `)),
  );
}

/** Counts calls of the disk that touch segments. */
function callsOf(disk: SimDisk): Map<string, number> {
  const counts = new Map<string, number>();
  disk.onCall = (_, call, path) => {
    if (path.endsWith(".log")) counts.set(call, (counts.get(call) ?? 0) + 1);
  };
  return counts;
}

function segmentsOf(disk: SimDisk): string[] {
  return [...disk.snapshotFiles().keys()].filter((path) => path.endsWith(".log")).sort();
}

test("what was appended is read back, at once and by the next process", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk);
  const entries = [...entriesOf(hardPayloads), ...row(13, 60)];
  log.append(...entries);
  assert.deepEqual(await allEntries(log.wal), entries, "before it is on the disk");
  await log.settled();
  assert.deepEqual(await allEntries(log.wal), entries);
  await log.wal.close();
  const again = await TestLog.open(disk);
  assert.deepEqual([again.wal.firstIndex, again.wal.lastIndex, again.wal.stableIndex], [1, 60, 60]);
  for (const bytesMax of [1, 300, 5000, 1_000_000])
    assert.deepEqual(await allEntries(again.wal, bytesMax), entries);
  await again.wal.close();
});

test("what is appended while a write is on its way goes with one write behind it", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 65_536 });
  const calls = callsOf(disk);
  log.append(...row(1, 50));
  assert.equal(calls.get("write"), 1, "the first goes at once");
  await log.settled();
  assert.equal(calls.get("write"), 2);
  assert.deepEqual(log.stable, [1, 50]);
  assert.equal(calls.get("sync"), undefined, "a synchronous file needs none");
});

test("nothing is stable before its write returned", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 65_536 });
  const lost: (readonly [stableIndex: number, after: SimDisk])[] = [];
  const look = (): void => {
    lost.push([log.wal.stableIndex, disk.afterCrash("all-lost")]);
  };
  disk.onCall = look;
  for (const each of row(1, 5)) {
    log.append(each);
    await log.settled();
    look();
  }
  for (const [stableIndex, after] of lost) {
    const { entries } = await scanned(after);
    assert.ok(entries.length >= stableIndex);
    assert.deepEqual(entries, row(1, entries.length));
  }
  assert.deepEqual([...new Set(lost.map(([stableIndex]) => stableIndex))], [0, 1, 2, 3, 4, 5]);
});

test("with fsync interval a write is stable at once, and synced within a second", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { fsync: "interval", segmentBytes: 65_536 });
  const calls = callsOf(disk);
  log.append(...row(1, 3));
  await log.settled();
  assert.equal(log.wal.durableIndex, 0);
  assert.deepEqual((await scanned(disk.afterCrash("all-lost"))).entries, []);
  log.clock.move(limits.logSyncMs - 1);
  assert.equal(calls.get("sync"), undefined);
  log.clock.move(1);
  assert.equal(calls.get("sync"), 1);
  log.append(...row(4, 5));
  await log.settled();
  assert.equal(log.wal.durableIndex, 3, "a sync is not for what was written while it was on its way");
  assert.deepEqual((await scanned(disk.afterCrash("all-lost"))).entries, row(1, 3));
  log.clock.move(limits.logSyncMs);
  log.clock.move(limits.logSyncMs);
  assert.equal(calls.get("sync"), 2, "there is no timer while all is synced");
  await log.wal.close();
});

test("with fsync interval a sync that takes longer than its second is followed by the next, though nothing is written", async () => {
  const clock = new HandClock();
  const disk = new SimDisk({ turns: clock });
  const log = await TestLog.open(disk, { fsync: "interval", clock, segmentBytes: 65_536 });
  const slowMs = 3 * limits.logSyncMs;
  disk.inject({ call: "sync", path: ".log", delayMs: slowMs });
  log.append(...row(1, 1));
  await log.settled();
  clock.move(limits.logSyncMs);
  log.append(...row(2, 2));
  await log.settled();
  clock.move(limits.logSyncMs);
  clock.move(slowMs);
  assert.equal(log.wal.durableIndex, 1);
  clock.move(limits.logSyncMs);
  await new Promise(setImmediate);
  assert.equal(log.wal.durableIndex, 2);
  await log.wal.close();
});

test("an entry takes the place of those from its index on", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk);
  log.append(...row(1, 20));
  await log.settled();
  log.append(...row(11, 12, 2));
  assert.deepEqual([log.wal.lastIndex, log.wal.lastTerm, log.wal.stableIndex], [12, 2, 10]);
  log.append(...row(3, 5, 3));
  assert.equal(log.wal.stableIndex, 2);
  const expected = [...row(1, 2), ...row(3, 5, 3)];
  assert.deepEqual(await allEntries(log.wal), expected);
  await log.settled();
  assert.deepEqual([log.wal.termOf(2), log.wal.termOf(3), log.wal.termOf(6)], [1, 3, undefined]);
  await log.wal.close();
  const again = await TestLog.open(disk);
  assert.deepEqual(await allEntries(again.wal), expected);
});

test("a segment that is full is followed by the next, without appends waiting", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  log.append(...row(1, 100));
  assert.equal(log.wal.lastIndex, 100);
  await log.settled();
  assert.equal(segmentsOf(disk).length, 13);
  const found = await scanned(disk);
  assert.deepEqual(
    found.segments.map(({ firstSequence }) => firstSequence),
    Array.from({ length: 13 }, (_, i) => 1 + 8 * i),
  );
  assert.deepEqual(found.entries, row(1, 100));
});

test("each segment is twice as long as the one before, up to the longest", async () => {
  const disk = new SimDisk();
  const segmentBytes = 2 * limits.logSegmentBytesMin;
  const log = await TestLog.open(disk, { segmentBytes });
  const large = Buffer.alloc(limits.logSegmentBytesMin / 2, "large");
  for (let index = 1; index <= 7; index++) log.append(entry(index, 1, large));
  await log.settled();
  const lengths = segmentsOf(disk).map((path) => disk.snapshotFiles().get(path)!.length);
  assert.deepEqual(
    lengths,
    [1, 2, 2].map((times) => times * limits.logSegmentBytesMin),
  );
});

test("a record that is larger than a segment gets one that is long enough", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 2048 });
  const entries = [
    ...row(1, 2),
    entry(3, 1, Buffer.alloc(10_000, "x")),
    entry(4, 1, sparse(9000)),
    ...row(5, 6),
  ];
  log.append(...entries);
  await log.settled();
  assert.deepEqual(await allEntries(log.wal), entries);
  const lengths = segmentsOf(disk).map((path) => disk.snapshotFiles().get(path)!.length);
  assert.deepEqual(lengths, [2048, 1024 + 10_112, 1024 + 9088, 2048]);
  await log.wal.close();
  assert.deepEqual((await scanned(disk)).entries, entries);
});

test("the first entry may be too large for the first segment", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 2048 });
  const entries = [entry(1, 1, Buffer.alloc(10_000, "x")), ...row(2, 3)];
  log.append(...entries);
  await log.settled();
  assert.deepEqual((await scanned(disk)).entries, entries);
  assert.equal(segmentsOf(disk).length, 2, "an empty segment gives way to the longer one");
});

test("a failed write is told once, and nothing is written any more", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk);
  log.append(...row(1, 4));
  await log.settled();
  disk.inject({ call: "write", path: ".log", code: "EIO", afterBytes: 100 });
  log.append(...row(5, 8));
  await log.settled();
  assert.deepEqual(
    log.failures.map(({ code, call, path }) => [code, call, path]),
    [["EIO", "write", `${directory}/wal/0000000000000001.log`]],
  );
  const calls = callsOf(disk);
  log.append(...row(9, 12));
  log.wal.reset({ term: 9, index: 90 });
  await log.wal.compact(3);
  log.wal.retrySpare();
  assert.equal(calls.size, 0);
  assert.equal(log.wal.stableIndex, 4);
  assert.deepEqual((await allEntries(log.wal)).slice(0, 4), row(1, 4));
  await log.wal.close();
  assert.equal(log.failures.length, 1);
  assert.deepEqual(log.stable, [1, 4]);
  const again = await TestLog.open(disk.fork());
  assert.deepEqual(await allEntries(again.wal), row(1, 4));
});

test("after a failed write no next segment is made ready", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 2 * limits.logSegmentBytesMin });
  disk.inject({ call: "write", path: ".log", code: "EIO" });
  let writes = 0;
  disk.onCall = (_, call, path) => {
    if (call === "write" && path.endsWith("spare") && log.failures.length > 0) writes++;
  };
  log.append(entry(1));
  await log.settled();
  // Turns enough for many writes.
  for (let turn = 0; turn < 50; turn++) await disk.list(directory);
  assert.equal(writes, 0);
});

test("a failed sync is told once, and nothing is written any more", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { fsync: "interval" });
  log.append(...row(1, 4));
  await log.settled();
  disk.inject({ call: "sync", path: ".log", code: "EIO" });
  log.clock.move(limits.logSyncMs);
  await log.until(() => log.failures.length > 0);
  assert.equal(log.failures[0]!.call, "sync");
  const calls = disk.calls;
  log.append(...row(5, 8));
  log.clock.move(limits.logSyncMs);
  assert.equal(disk.calls, calls);
  await log.wal.close();
  assert.equal(log.failures.length, 1);
});

test("a failure while the next segment is made or begun is final too", async () => {
  for (const fault of [
    { call: "write", path: "spare" },
    { call: "sync", path: "spare" },
    { call: "rename", path: "spare" },
    { call: "syncDirectory", path: "wal" },
    { call: "write", path: "1.log", nth: 4 },
    { call: "open", path: "9.log" },
  ] as const) {
    const disk = new SimDisk();
    const log = await TestLog.open(disk, { segmentBytes: 3072 });
    log.append(...row(1, 4));
    await log.settled();
    disk.inject({ ...fault, code: "EIO" });
    log.append(...row(5, 40));
    await log.settled();
    assert.deepEqual(
      log.failures.map(({ call }) => call),
      [fault.call],
    );
    const { stableIndex } = log.wal;
    assert.ok(stableIndex >= 4);
    await log.wal.close();
    const again = await TestLog.open(disk);
    assert.ok(again.wal.lastIndex >= stableIndex, `${fault.call} ${fault.path}`);
  }
});

test("a full disk is told before anything is lost, and passes when there is room again", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  disk.capacityBytes = 5000;
  log.append(...row(1, 5));
  await log.until(() => log.space.length > 0);
  await log.settled();
  assert.deepEqual(log.space, [false]);
  assert.ok(!disk.snapshotFiles().has(`${directory}/wal/spare`), "a part of a spare file takes no room");
  log.append(...row(6, 20));
  await log.settled(8);
  assert.equal(log.wal.stableIndex, 8, "the segment is filled to its end");
  log.wal.retrySpare();
  await log.until(() => log.space.length > 1);
  assert.deepEqual(log.space, [false, false]);
  disk.capacityBytes = 100_000;
  log.wal.retrySpare();
  await log.settled();
  assert.deepEqual([log.space, log.failures], [[false, false, true], []]);
  assert.deepEqual((await scanned(disk)).entries, row(1, 20));
});

test("room for one large record is asked for before it is written", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  disk.capacityBytes = 10_000;
  log.append(...row(1, 5), entry(6, 1, Buffer.alloc(20_000, "x")), ...row(7, 8));
  await log.until(() => log.space.length > 0);
  assert.deepEqual([log.wal.stableIndex, log.failures], [5, []]);
  disk.capacityBytes = 100_000;
  log.wal.retrySpare();
  await log.settled();
  assert.equal(log.wal.stableIndex, 8);
});

test("a log that waits for room can be closed, and has what fitted", async () => {
  for (const fsync of ["always", "interval"] as const) {
    const disk = new SimDisk();
    const log = await TestLog.open(disk, { segmentBytes: 3072, fsync });
    disk.capacityBytes = 4000;
    log.append(...row(1, 20));
    await log.until(() => log.space.length > 0);
    await log.wal.close();
    assert.deepEqual((await scanned(disk.afterCrash("all-lost"))).entries, row(1, 8));
  }
});

test("a log for which there is no room at all is refused", async () => {
  const disk = new SimDisk();
  disk.capacityBytes = 1000;
  await assert.rejects(TestLog.open(disk), (error) => error instanceof DiskError && error.code === "ENOSPC");
  disk.capacityBytes = 10_000;
  const log = await TestLog.open(disk);
  log.append(...row(1, 1));
  await log.settled();
});

test("compaction drops whole segments, from memory and from the disk", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  log.append(...row(1, 30));
  await log.settled();
  assert.equal(log.wal.bytes, 30 * 256);
  await log.wal.compact(7);
  assert.deepEqual([log.wal.firstIndex, segmentsOf(disk).length], [1, 4]);
  await log.wal.compact(20);
  assert.deepEqual([log.wal.firstIndex, segmentsOf(disk).length], [17, 2]);
  assert.equal(log.wal.bytes, 14 * 256);
  assert.deepEqual([log.wal.termOf(15), log.wal.termOf(16), log.wal.termOf(17)], [undefined, 1, 1]);
  assert.deepEqual(await log.wal.read(16, 1000), []);
  assert.deepEqual(await allEntries(log.wal), row(17, 30));
  await log.wal.compact(30);
  assert.deepEqual([log.wal.firstIndex, segmentsOf(disk).length], [25, 1], "the last segment stays");
  await log.wal.close();
  const again = await TestLog.open(disk, { base: { term: 1, index: 30 }, segmentBytes: 3072 });
  assert.deepEqual(await allEntries(again.wal), row(25, 30));
  assert.equal(again.wal.bytes, 6 * 256);
});

test("compaction waits for what takes the place of what it drops", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072, fsync: "interval" });
  log.append(...row(1, 12));
  await log.settled();
  // From here on the first segment holds nothing that is needed but entries 1 to 4.
  log.append(...row(5, 6, 2));
  await log.wal.compact(4);
  assert.equal(log.wal.firstIndex, 5);
  const after = await TestLog.open(disk.crash("all-lost"), {
    base: { term: 1, index: 4 },
    segmentBytes: 3072,
  });
  assert.deepEqual(await allEntries(after.wal), row(5, 6, 2));
});

test("a segment that could not be removed is removed by the next compaction", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  log.append(...row(1, 30));
  await log.settled();
  disk.inject({ call: "remove", path: ".log", code: "EIO" });
  await assert.rejects(log.wal.compact(30), DiskError);
  assert.equal(segmentsOf(disk).length, 4);
  await TestLog.open(disk.fork(), { base: { term: 1, index: 30 } });
  log.append(...row(31, 32));
  await log.wal.compact(30);
  assert.equal(segmentsOf(disk).length, 1);
  assert.deepEqual(await allEntries(log.wal), row(25, 32));
});

test("a reset begins the log anew behind a snapshot", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  log.append(...row(1, 12));
  await log.settled();
  log.wal.reset({ term: 4, index: 100 });
  const { wal } = log;
  assert.deepEqual([wal.firstIndex, wal.lastIndex, wal.lastTerm, wal.stableIndex], [101, 100, 4, 100]);
  assert.deepEqual([wal.termOf(100), wal.termOf(12)], [4, undefined]);
  assert.deepEqual(await wal.read(12, 1000), []);
  log.append(...row(101, 103, 5));
  await log.settled();
  await wal.compact(100);
  assert.equal(segmentsOf(disk).length, 1);
  await wal.close();
  const again = await TestLog.open(disk, { base: { term: 4, index: 100 }, segmentBytes: 3072 });
  assert.deepEqual(await allEntries(again.wal), row(101, 103, 5));
  assert.equal(again.wal.termOf(100), 4);
});

test("a log that a snapshot is ahead of, or contradicts, begins anew behind it", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk);
  log.append(...row(1, 12));
  await log.wal.close();
  for (const base of [
    { term: 1, index: 13 },
    { term: 2, index: 12 },
    { term: 2, index: 3 },
  ]) {
    const next = disk.fork();
    const again = await TestLog.open(next, { base });
    assert.deepEqual([again.wal.firstIndex, again.wal.lastIndex], [base.index + 1, base.index]);
    assert.equal(again.wal.lastTerm, base.term);
    again.append(...row(base.index + 1, base.index + 2, 7));
    await again.wal.close();
    const third = await TestLog.open(next, { base });
    assert.deepEqual(await allEntries(third.wal), row(base.index + 1, base.index + 2, 7));
  }
});

test("a new log may begin behind a snapshot", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { base: { term: 3, index: 70 } });
  assert.deepEqual(
    [log.wal.firstIndex, log.wal.lastIndex, log.wal.lastTerm, log.wal.stableIndex],
    [71, 70, 3, 70],
  );
  log.append(...row(71, 72, 3));
  await log.wal.close();
  const again = await TestLog.open(disk, { base: { term: 3, index: 70 } });
  assert.deepEqual(await allEntries(again.wal), row(71, 72, 3));
});

test("a read gives no entry that was truncated or dropped while it was on its way", async () => {
  const disk = new SimDisk();
  const writer = await TestLog.open(disk, { segmentBytes: 3072 });
  writer.append(...row(1, 30));
  await writer.wal.close();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  const reading = log.wal.read(10, 100_000);
  log.append(...row(12, 13, 2));
  assert.deepEqual(await reading, row(10, 11));
  const overtaken = log.wal.read(10, 100_000);
  log.append(...row(9, 11, 3));
  assert.deepEqual(await overtaken, row(10, 11, 3));
  await log.settled();
  for (let turns = 0; turns < 12; turns++) {
    const next = disk.fork();
    const other = await TestLog.open(next, { segmentBytes: 3072 });
    const compacting = other.wal.compact(11);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    const entries = await other.wal.read(1, 100_000);
    assert.ok(entries.length === 0 || entries[0]!.index === 1);
    await compacting;
  }
});

test("a read of what the disk has spoiled since the start is refused", async () => {
  const disk = new SimDisk();
  const writer = await TestLog.open(disk);
  writer.append(...row(1, 5));
  await writer.wal.close();
  const log = await TestLog.open(disk);
  disk.flipBit(`${directory}/wal/0000000000000001.log`, (1024 + 256 * 2 + 70) * 8);
  assert.deepEqual(await log.wal.read(1, 500), row(1, 1));
  await assert.rejects(
    log.wal.read(3, 1000),
    /offset 1536, record 3, index 3: its payload has a wrong checksum/,
  );
  assert.deepEqual(await log.wal.read(4, 100_000), row(4, 5));
});

test("old entries leave the memory and are read from the disk, new ones are not", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: limits.logSegmentBytesMax });
  const large = (index: number): LogEntry => entry(index, 1, Buffer.alloc(4_000_000, index));
  for (let index = 1; index <= 12; index++) log.append(large(index));
  await log.settled();
  const calls = callsOf(disk);
  assert.deepEqual(await log.wal.read(8, 8_500_000), [large(8), large(9)]);
  assert.equal(calls.get("read"), undefined);
  assert.deepEqual(await log.wal.read(3, 1), [large(3)]);
  assert.ok(calls.get("read")! > 0);
});

test("a log is full while more waits than should", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk);
  const payload = Buffer.alloc(limits.logPayloadBytesMax, "x");
  log.append({ ...entry(1), payload });
  assert.equal(log.wal.isFull, false);
  log.append({ ...entry(2), payload });
  assert.equal(log.wal.isFull, true);
  assert.equal(
    (await log.wal.read(1, 1))[0]!.payload,
    payload,
    "what waits is in memory, however much it is",
  );
  await log.settled(1);
  assert.equal(log.wal.isFull, false);
  disk.crash("process");
});

test("a closed log takes nothing, and has written all that it took", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072, fsync: "interval" });
  log.append(...row(1, 30));
  const closing = log.wal.close();
  log.append(...row(31, 32));
  await closing;
  assert.deepEqual((await scanned(disk.crash("all-lost"))).entries, row(1, 30));
});

test("an entry that leaves a gap, or goes back in terms, is a bug of the caller", async () => {
  const log = await TestLog.open(new SimDisk());
  log.append(...row(1, 3, 2));
  assert.throws(() => log.append(entry(5, 2)), /without a gap/);
  assert.throws(() => log.append(entry(4, 1)), /term 1 follows term 2/);
  log.wal.reset({ term: 2, index: 9 });
  assert.throws(() => log.append(entry(9, 2)), /snapshot covers/);
});
