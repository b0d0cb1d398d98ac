import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { allEntries, assertEntries, entry, scanned, TestLog } from "../../test/log-harness.ts";
import { entriesOf, sparse } from "../../test/log-shapes.ts";
import type { LogEntry } from "./entry.ts";

/** A payload that is only the mark of a record's end. */
const mark = Buffer.from([0xa7]);

/** A log that was closed: its disk, and what it must hold. */
interface Closed {
  readonly disk: SimDisk;
  readonly entries: readonly LogEntry[];
}

async function closed(log: TestLog, disk: SimDisk): Promise<Closed> {
  await log.settled();
  const entries = await allEntries(log.wal);
  await log.wal.close();
  return { disk, entries };
}

/** Every entry by a write of its own, so that each calls the one before it durable. */
async function appendEach(log: TestLog, entries: readonly LogEntry[]): Promise<void> {
  for (const each of entries) {
    log.append(each);
    await log.settled();
  }
}

/** Calls `look` for every bit of a file, flipped. */
async function forEachFlip(
  disk: SimDisk,
  path: string,
  look: (bit: number) => Promise<void>,
): Promise<number> {
  const bits = disk.snapshotFiles().get(path)!.length * 8;
  for (let bit = 0; bit < bits; bit++) {
    disk.flipBit(path, bit);
    await look(bit);
    disk.flipBit(path, bit);
  }
  return bits;
}

function segmentsOf(disk: SimDisk): string[] {
  return [...disk.snapshotFiles().keys()].filter((path) => path.endsWith(".log")).sort();
}

/** Flips every bit of every segment. Returns how many were refused. */
async function checkFlips({ disk, entries }: Closed): Promise<number> {
  let refused = 0;
  for (const path of segmentsOf(disk)) {
    await forEachFlip(disk, path, async (bit) => {
      const found = await scanned(disk);
      const what = `bit ${bit} of ${path}`;
      if (found.fault === undefined) return assertEntries(found.entries, entries, what);
      refused++;
      assert.equal(found.fault.file, path, what);
    });
  }
  return refused;
}

/** The bytes that a flip must spoil: headers, payloads and last bytes. Padding and free space may change. */
function sensitiveBits(entries: readonly LogEntry[]): number {
  return entries.reduce((bits, { payload }) => bits + (64 + payload.length + 1) * 8, 512 * 8);
}

test("a flip of any bit of a segment is refused, or changes nothing", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 4096 });
  await appendEach(
    log,
    entriesOf([sparse(0), sparse(448), sparse(600, [300, 1]), mark, sparse(1000), sparse(3)]),
  );
  const made = await closed(log, disk);
  assert.equal(segmentsOf(disk).length, 1);
  assert.equal(await checkFlips(made), sensitiveBits(made.entries));
});

test("so it is with several segments, with entries that took the place of others, and after a reset", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 1600 });
  await appendEach(log, entriesOf([sparse(0), mark, sparse(63), sparse(60)]));
  await appendEach(log, entriesOf([sparse(9, [3, 1])], 3, 2));
  log.wal.reset({ term: 2, index: 20 });
  await appendEach(log, entriesOf([sparse(300), sparse(2)], 21, 3));
  const made = await closed(log, disk);
  assert.equal(segmentsOf(disk).length, 3);
  assert.ok((await checkFlips(made)) > 0);
});

test("so it is where all was written at once, and synced later", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 2560, fsync: "interval" });
  log.append(...entriesOf([sparse(0), sparse(960, [3, 1]), sparse(10)]));
  const made = await closed(log, disk);
  assert.equal(await checkFlips(made), sensitiveBits(made.entries));
});

test("a flip beside a torn tail is refused, or all that was acknowledged is there", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  const entries = entriesOf([sparse(5), sparse(20, [3, 1])]);
  await appendEach(log, entries);
  const torn = await tornOff(disk, log, entriesOf([sparse(30), sparse(1100, [1000, 64]), sparse(1)], 3), 700);
  assert.equal((await scanned(torn)).state, "torn");
  const path = segmentsOf(torn)[0]!;
  await forEachFlip(torn, path, async (bit) => {
    const found = await scanned(torn);
    if (found.fault !== undefined) return;
    assertEntries(found.entries.slice(0, 2), entries, `bit ${bit}`);
  });
});

/** What is found after a write that broke off behind so many bytes. */
async function tornOff(
  disk: SimDisk,
  log: TestLog,
  entries: readonly LogEntry[],
  bytes: number,
): Promise<SimDisk> {
  let after: SimDisk | undefined;
  // The first write takes the first entry alone; the second one all others.
  log.append(entry(entries[0]!.index, 1, entries[0]!.payload));
  await log.settled();
  disk.onCall = (_, call) => {
    if (call === "write") after ??= disk.afterCrash("torn", { tornAt: bytes });
  };
  log.append(...entries.slice(1));
  await log.settled();
  await log.wal.close();
  return after!;
}
