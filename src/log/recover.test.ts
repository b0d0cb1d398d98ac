import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { allEntries, entry, fixedRandom, scanned, TestLog } from "../../test/log-harness.ts";
import { sparse } from "../../test/log-shapes.ts";
import { KvorumError } from "../base/errors.ts";
import type { LogEntry } from "./entry.ts";
import { recordBytes, writeHeader } from "./record.ts";
import { cutTail } from "./recover.ts";
import { decodeSegmentHeader, encodeSegmentHeader, segmentHeaderBytes } from "./segment-header.ts";
import type { WalOptions } from "./wal.ts";

type Files = Map<string, Buffer>;

/** Entries with records of 256 bytes, eight to a segment, each durable before the next. */
async function filesOf(count: number, options: Partial<WalOptions> = {}): Promise<Files> {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072, ...options });
  for (let index = 1; index <= count; index++) {
    log.append(entry(index, 1, Buffer.alloc(150, `${index} `)));
    await log.settled();
  }
  await log.wal.close();
  return disk.snapshotFiles();
}

/** The paths of the segments, the oldest first. */
function segmentsOf(files: Files): string[] {
  return [...files.keys()].filter((path) => path.endsWith(".log")).sort();
}

/** A start on these files is refused with one line, and changes nothing. */
async function refused(files: Files, line: RegExp, options: Partial<WalOptions> = {}): Promise<void> {
  const disk = SimDisk.fromFiles(files);
  await assert.rejects(TestLog.open(disk, options), (error) => {
    assert.ok(error instanceof KvorumError);
    assert.match(error.message, line);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
  assert.deepEqual(disk.snapshotFiles(), files);
}

/** Changes bytes of a file. */
function spoiled(files: Files, path: string, offset: number, bytes: Buffer): Files {
  const copy = Buffer.from(files.get(path)!);
  bytes.copy(copy, offset);
  return new Map(files).set(path, copy);
}

const [first, second, third] = [1, 9, 17].map((n) => `/data/wal/${n.toString(16).padStart(16, "0")}.log`) as [
  string,
  string,
  string,
];

test("a damaged record is refused, wherever it stands, by file, offset, record and index", async () => {
  const files = await filesOf(20);
  assert.deepEqual(segmentsOf(files), [first, second, third]);
  const byte = Buffer.from([1]);
  await refused(
    spoiled(files, second, 1024 + 256 * 2 + 70, byte),
    /^the log is corrupt: \/data\/wal\/0{15}9\.log, offset 1536, record 11, index 11: its payload has a wrong checksum\. Nothing was changed\. "kvorum check \/data"/,
  );
  await refused(
    spoiled(files, third, 1024 + 256 * 3 + 20, byte),
    /offset 1792, record 20, index 20: its header has a wrong checksum/,
  );
  await refused(
    spoiled(files, first, 1024 + 64 + 150, byte),
    /offset 1024, record 1, index 1: its last byte is wrong/,
  );
});

test("a record that is gone before others is refused", async () => {
  const files = await filesOf(20);
  const gone = Buffer.alloc(256);
  await refused(
    spoiled(files, second, 1024 + 256, gone),
    /0{15}9\.log, offset 1280, record 10, index 10: it is not there, though \/data\/wal\/0{14}11\.log begins with record 17/,
  );
  await refused(
    spoiled(files, third, 1024 + 256, gone),
    /offset 1280, record 18, index 18: it is unfinished, though record 19 at offset 1536 was written after it was on the disk/,
  );
});

test("a segment that is missing is refused: the first, one between, and the last", async () => {
  const files = await filesOf(20);
  const without = (path: string): Files => new Map([...files].filter(([name]) => name !== path));
  await refused(
    without(first),
    /^entries 1 to 8 are missing: no snapshot covers them and \/data\/wal begins with entry 9/,
  );
  await refused(
    without(second),
    /0{14}11\.log, offset 0, record 17, index 9: it was not written behind \/data\/wal\/0{15}1\.log: a segment is missing/,
  );
  await refused(
    without(third),
    /0{14}11\.log, offset 0, record 17, index 17: the segment is missing, which was begun behind \/data\/wal\/0{15}9\.log/,
  );
});

test("a log that is gone is refused where there must be one", async () => {
  await refused(
    new Map([["/data/hard-state", Buffer.alloc(1)]]).set("/data/wal/spare", Buffer.alloc(9)),
    /^the log is gone: there is no segment in \/data\/wal/,
    {
      hardState: { term: 1, vote: "n1", commit: 0 },
    },
  );
});

test("a snapshot that covers what is missing at the front lets the log begin there", async () => {
  const files = await filesOf(20);
  files.delete(first);
  for (const index of [8, 9, 20]) {
    const log = await TestLog.open(SimDisk.fromFiles(files), { base: { term: 1, index } });
    assert.deepEqual([log.wal.firstIndex, log.wal.lastIndex], [9, 20]);
    assert.equal(log.wal.termOf(index), 1);
    assert.equal(log.wal.termOf(8), index === 8 ? 1 : undefined);
  }
  await refused(files, /^entries 8 to 8 are missing/, { base: { term: 1, index: 7 } });
});

test("segments under each other's names are refused", async () => {
  const files = await filesOf(20);
  const swapped = new Map(files).set(first, files.get(second)!).set(second, files.get(first)!);
  await refused(
    swapped,
    /0{15}1\.log, offset 0, record 1.*: by its name it begins with record 1, by its header with 9/,
  );
  await refused(
    new Map(files).set("/data/wal/0000000000000005.log", files.get(first)!),
    /0{15}5\.log, offset 0, record 5, index 9: by its name it begins with record 5, by its header with 1/,
  );
});

test("a segment of another log of the same cluster is refused", async () => {
  const files = await filesOf(20);
  const others = await filesOf(20, { random: fixedRandom(99) });
  assert.deepEqual(segmentsOf(others), segmentsOf(files));
  for (const path of [first, second]) {
    const mixed = new Map(files).set(path, others.get(path)!);
    await refused(mixed, /was not written behind .*: a segment is missing, or of another log/);
  }
});

test("a segment of another cluster is refused", async () => {
  await refused(
    await filesOf(3),
    /^the log is not this node's: .*offset 0, record 1, index 1: it belongs to another cluster, 00112233445566778899aabbccddeeff$/,
    {
      clusterId: Buffer.alloc(16, 1),
    },
  );
});

test("a header of a newer format is refused as such", async () => {
  const files = await filesOf(3);
  const sector = files.get(first)!.subarray(0, 512);
  const header = decodeSegmentHeader(sector);
  const newer = encodeSegmentHeader(header, 2);
  await refused(
    spoiled(files, first, 0, newer),
    /^the log is not this node's: .*offset 0, record 1, index 1: a newer kvorum wrote it \(format 2, and this one knows 1\): start that one$/,
  );
});

test("a header that is half written or blank is refused", async () => {
  const files = await filesOf(20);
  for (const length of [1, 17, 511]) {
    const half = Buffer.alloc(length);
    await refused(
      spoiled(files, second, 512 - length, half),
      /0{15}9\.log, offset 0, record 9, index 9: the segment's header has a wrong checksum/,
    );
  }
  await refused(
    new Map(files).set(third, Buffer.alloc(0)),
    /0{14}11\.log, offset 0, record 17, index 17: the segment's header/,
  );
});

test("a file that became shorter or longer is refused", async () => {
  const files = await filesOf(20);
  const bytes = files.get(third)!;
  await refused(
    new Map(files).set(third, bytes.subarray(0, 3000)),
    /0{14}11\.log, offset 3000, .*the file has 3000 bytes instead of 3072/,
  );
  await refused(
    new Map(files).set(third, Buffer.concat([bytes, Buffer.alloc(64)])),
    /has 3136 bytes instead of 3072/,
  );
});

/** A whole record, as another writer could have written it. */
function record(each: LogEntry, sequence: number, files: Files, path: string, durable = 0): Buffer {
  const bytes = Buffer.alloc(recordBytes(each.payload.length));
  const { salt } = decodeSegmentHeader(files.get(path)!.subarray(0, 512));
  writeHeader(bytes, 0, each, { bytes: each.payload, mask: 0 }, sequence, durable, salt);
  each.payload.copy(bytes, 64);
  bytes[64 + each.payload.length] = 0xa7;
  return bytes;
}

test("a record out of sequence, of an unknown kind, or that leaves a gap is refused", async () => {
  const files = await filesOf(2);
  const end = segmentHeaderBytes + 2 * 256;
  const add = (each: LogEntry, sequence: number): Files =>
    spoiled(files, first, end, record(each, sequence, files, first));
  const log = await TestLog.open(SimDisk.fromFiles(add(entry(3), 3)));
  assert.equal(log.wal.lastIndex, 3, "a good one is taken");
  await refused(add(entry(3), 4), /offset 1536, record 3, index 3: record 4 stands in its place/);
  await refused(add(entry(4), 3), /record 3, index 4: entry 4 follows entry 2/);
  await refused(add(entry(3, 0), 3), /record 3, index 3: term 0 follows term 1/);
  await refused(
    add({ ...entry(3), kind: 9 as LogEntry["kind"] }, 3),
    /record 3, index 3: kind 9 is unknown: a newer kvorum wrote it/,
  );
});

test("a log that does not begin with its first entry is refused", async () => {
  const files = await filesOf(1);
  const late = spoiled(files, first, segmentHeaderBytes, record(entry(2), 1, files, first));
  await refused(late, /offset 1024, record 1, index 2: entry 2 follows entry 0/);
});

test("a record that says it is longer than its file is refused", async () => {
  const files = await filesOf(2);
  const bytes = record(entry(3, 1, sparse(5000)), 3, files, first).subarray(0, 1000);
  await refused(
    spoiled(files, first, segmentHeaderBytes + 512, bytes),
    /record 3, index 3: it ends behind the end of its file/,
  );
});

test("payloads that look like records prove nothing about an unfinished write", async () => {
  const files = await filesOf(2);
  // Somebody stores a copy of a segment, with records that claim what they like.
  const others = await filesOf(2, { random: fixedRandom(5) });
  const fake = record(entry(9), 9, others, first, 8);
  const payload = Buffer.concat(Array.from({ length: 8 }, () => fake));
  const torn = record(entry(3, 1, payload), 3, files, first);
  torn.fill(0, 0, 64);
  const disk = SimDisk.fromFiles(spoiled(files, first, segmentHeaderBytes + 512, torn));
  const log = await TestLog.open(disk);
  assert.equal(log.wal.lastIndex, 2);
  await refused(
    spoiled(files, first, segmentHeaderBytes + 512 + 640, record(entry(9), 9, files, first, 8)),
    /record 3, index 3: it is unfinished, though record 9/,
  );
});

test("an unfinished write is cut with a line that says where, and the rest is as before", async () => {
  const files = await filesOf(2);
  const torn = record(entry(3), 3, files, first).subarray(0, 70);
  const lines: string[] = [];
  const logger = { error() {}, debug() {}, info: (line: string) => lines.push(line) };
  const disk = SimDisk.fromFiles(spoiled(files, first, segmentHeaderBytes + 512, torn));
  assert.deepEqual((await scanned(disk)).torn, {
    file: first,
    offset: 1536,
    endOffset: 1606,
    sequence: 3,
    index: 3,
  });
  const log = await TestLog.open(disk, { logger });
  assert.deepEqual(lines, [`log: ${first}, offset 1536, index 3: an unfinished write of 70 bytes: cut`]);
  await log.wal.close();
  assert.deepEqual(disk.snapshotFiles().get(first), files.get(first));
});

test("a cut is on the disk when it is done", async () => {
  const files = await filesOf(2);
  const torn = record(entry(3), 3, files, first).subarray(0, 70);
  const disk = SimDisk.fromFiles(spoiled(files, first, segmentHeaderBytes + 512, torn));
  await cutTail(disk, (await scanned(disk)).torn!);
  assert.deepEqual(disk.crash("all-lost").snapshotFiles(), files);
});

test("a segment that was begun by a process that died is missed when it is taken away", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  for (let index = 1; index <= 8; index++) log.append(entry(index, 1, Buffer.alloc(150, "x")));
  await log.settled();
  let left: SimDisk | undefined;
  // The new segment is in place, and the one before does not know of it yet.
  disk.onCall = (_, call, path) => {
    if (call === "write" && path === first) left ??= disk.afterCrash("all-lost");
  };
  log.append(entry(9));
  await log.settled();
  const next = await TestLog.open(left!, { segmentBytes: 3072 });
  next.append(entry(9));
  await next.wal.close();
  const files = left!.snapshotFiles();
  assert.ok(files.delete(second));
  await refused(files, /0{15}9\.log, offset 0, record 9, index 9: the segment is missing/);
});

test("a log of which only a segment without records is left is refused, whatever a snapshot covers", async () => {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { segmentBytes: 3072 });
  for (let index = 1; index <= 8; index++) log.append(entry(index, 1, Buffer.alloc(150, "x")));
  await log.settled();
  let left: SimDisk | undefined;
  disk.onCall = (_, call, path) => {
    if (call === "open" && path === second) left ??= disk.afterCrash("all-kept");
  };
  log.append(entry(9));
  await log.settled();
  const files = left!.snapshotFiles();
  assert.ok(files.delete(first) && files.has(second));
  for (const index of [0, 5])
    await refused(files, /^entries are missing: .*0{15}9\.log begins with record 9, and no record is there/, {
      base: { term: index === 0 ? 0 : 1, index },
    });
  const again = await TestLog.open(left!, { segmentBytes: 3072, base: { term: 1, index: 8 } });
  await again.wal.compact(8);
  assert.ok(left!.snapshotFiles().has(first), "compaction leaves the last record");
  await again.wal.close();
});

test("progress is told in bytes, up to all of them", async () => {
  const files = await filesOf(20);
  const steps: number[][] = [];
  await TestLog.open(SimDisk.fromFiles(files), { onProgress: (done, total) => steps.push([done, total]) });
  assert.deepEqual(steps.at(-1), [3 * 3072, 3 * 3072]);
  for (const [i, [done]] of steps.entries())
    assert.ok(i === 0 || steps[i - 1]![0]! <= done!, "progress does not go back");
});

test("other files beside the segments are let alone", async () => {
  const files = await filesOf(2);
  files
    .set("/data/wal/notes.txt", Buffer.from("mine"))
    .set("/data/wal/0000000000000001.log.bak", Buffer.alloc(9));
  const disk = SimDisk.fromFiles(files);
  const log = await TestLog.open(disk);
  assert.equal((await allEntries(log.wal)).length, 2);
  assert.equal(disk.snapshotFiles().get("/data/wal/notes.txt")!.toString(), "mine");
});
