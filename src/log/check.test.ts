import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { clusterId, entry, fixedRandom, TestLog } from "../../test/log-harness.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { systemClock } from "../platform/clock.ts";
import { crc32 } from "../platform/crc32.ts";
import { silentLogger } from "../platform/logger.ts";
import { checkDirectory, type DirectoryReport, type FileReport } from "./check.ts";
import { DataDirectory } from "./data-directory.ts";
import { saveHardState } from "./hard-state.ts";
import { readIdentity, saveIdentity } from "./identity.ts";
import { PeerBoots } from "./peer-boots.ts";
import { cutTail } from "./recover.ts";
import { snapshotFormat } from "./snapshot-file.ts";
import { SnapshotStore } from "./snapshots.ts";

type Files = Map<string, Buffer>;

/** A data directory with three segments, as files that a test may spoil. */
async function healthy(): Promise<Files> {
  const disk = new SimDisk();
  await disk.makeDirectory("/data");
  const identity = { clusterId: clusterId.toString("hex"), nodeId: "n1", incarnation: "0123456789abcdef" };
  await saveIdentity(disk, "/data", { ...identity, boot: 2, hashKey: [1, 2] });
  await saveHardState(disk, "/data", { term: 3, vote: "n1", commit: 0 });
  const log = await TestLog.open(disk, { segmentBytes: 3392 });
  for (let index = 1; index <= 9; index++) {
    log.wal.append(entry(index, 3, Buffer.alloc(700, index)));
    await log.settled();
  }
  await log.wal.close();
  return disk.snapshotFiles();
}

function check(files: Files): Promise<DirectoryReport> {
  return checkDirectory({ disk: SimDisk.fromFiles(files), directory: "/data" });
}

/** "wal/….log corrupt offset 1024 index 1: reason" */
function line({ file, state, offset, index, text }: FileReport): string {
  const place = [
    offset === undefined ? "" : ` offset ${offset}`,
    index === undefined ? "" : ` index ${index}`,
  ];
  return `${file} ${state}${place.join("")}: ${text}`;
}

async function linesFor(files: Files): Promise<string[]> {
  return (await check(files)).files.map(line);
}

const first = "/data/wal/0000000000000001.log";
const second = "/data/wal/0000000000000004.log";
const third = "/data/wal/0000000000000007.log";

/** Where the k-th record of a segment begins. */
function recordAt(k: number): number {
  return 1024 + k * 768;
}

const names = [
  "identity.json whole: node n1 of cluster 00112233445566778899aabbccddeeff, start 2",
  "hard-state whole: term 3, vote for n1",
];
const [one, two, three] = [
  "wal/0000000000000001.log whole: entries 1 to 3, 2304 bytes",
  "wal/0000000000000004.log whole: entries 4 to 6, 2304 bytes",
  "wal/0000000000000007.log whole: entries 7 to 9, 2304 bytes",
];
const spare = "wal/spare unused: room for the next segment";

test("of a whole directory each file is said to be whole, and nothing is changed", async () => {
  const disk = SimDisk.fromFiles(await healthy());
  const before = disk.snapshotFiles();
  let calls = "";
  disk.onCall = (_number, call) => {
    if (!/^(?:list|open|read|size|close|syncDirectory)$/.test(call)) calls += ` ${call}`;
  };
  const report = await checkDirectory({ disk, directory: "/data" });
  assert.deepEqual(report.files.map(line), [...names, one, two, three, spare]);
  assert.equal(report.state, "whole");
  assert.equal(calls, "", "only reading calls");
  assert.deepEqual(disk.snapshotFiles(), before);
});

test("a torn tail is no corruption: it is named, and cutting it leaves a whole log", async () => {
  const files = await healthy();
  files.get(third)!.fill(0, recordAt(2) + 400, recordAt(3));
  const disk = SimDisk.fromFiles(files);
  const report = await checkDirectory({ disk, directory: "/data" });
  const torn = `wal/0000000000000007.log torn offset ${recordAt(2)} index 9: `;
  assert.deepEqual(report.files.map(line).slice(2), [
    one,
    two,
    `${torn}entries 7 to 8, 1536 bytes, then an unfinished write of 400 bytes`,
    spare,
  ]);
  assert.equal(report.state, "torn");
  await cutTail(disk, report.log.torn!);
  assert.equal((await checkDirectory({ disk, directory: "/data" })).state, "whole");
});

test("damage is reported with file, offset and index, and what is behind it is still looked at", async () => {
  const files = await healthy();
  files.get(first)![recordAt(1) + 100]! ^= 1;
  files.get(second)![recordAt(2) + 5]! ^= 128;
  assert.deepEqual((await linesFor(files)).slice(2), [
    `wal/0000000000000001.log corrupt offset ${recordAt(1)} index 2: its payload has a wrong checksum`,
    `wal/0000000000000004.log corrupt offset ${recordAt(2)} index 6: its header has a wrong checksum`,
    three,
    spare,
  ]);
  assert.equal((await check(files)).state, "corrupt");
});

test("a missing segment is damage, in the middle, at the end and altogether", async () => {
  const files = await healthy();
  const withoutSecond = new Map(files);
  withoutSecond.delete(second);
  assert.deepEqual((await linesFor(withoutSecond)).slice(2, 4), [
    one,
    `wal/0000000000000007.log corrupt offset 0 index 4: it was not written behind ${first}: a segment is missing, or of another log`,
  ]);
  const withoutThird = new Map(files);
  withoutThird.delete(third);
  assert.match(
    (await linesFor(withoutThird))[4]!,
    /^wal\/0000000000000007.log corrupt .*the segment is missing/,
  );
  const withoutFirst = new Map(files);
  withoutFirst.delete(first);
  assert.ok(
    (await linesFor(withoutFirst)).includes(
      "wal corrupt: entries 1 to 3 are missing: no snapshot covers them",
    ),
  );
  for (const path of [first, second, third]) files.delete(path);
  assert.ok((await linesFor(files)).includes("wal corrupt: the log is gone: there is no segment"));
});

test("files of a newer kvorum are told from damaged ones", async () => {
  const files = await healthy();
  const segment = files.get(second)!;
  segment.writeUInt32LE(2, 8);
  segment.writeUInt32LE(crc32(segment, 0, 508), 508);
  const report = await check(files);
  assert.equal(report.state, "newer");
  assert.match(line(report.files[3]!), /^wal\/0000000000000004.log newer .*format 2, and this one knows 1/);
  assert.equal(line(report.files[4]!), three);
});

test("a segment of another cluster is foreign, and other people's files are unused", async () => {
  const files = await healthy();
  const segment = files.get(third)!;
  segment.fill(0xee, 24, 40);
  segment.writeUInt32LE(crc32(segment, 0, 508), 508);
  files.set("/data/notes.txt", Buffer.from("mine"));
  const lines = await linesFor(files);
  assert.match(
    lines[4]!,
    /^wal\/0000000000000007.log foreign offset 0 index 7: it belongs to another cluster/,
  );
  assert.ok(lines.includes("notes.txt unused: none of kvorum's"));
});

test("term and vote must be as new as the log", async () => {
  const files = await healthy();
  files.delete("/data/hard-state");
  assert.equal(
    (await linesFor(files))[1],
    "hard-state corrupt: it is missing, though the log has an entry of term 3",
  );
  files.delete("/data/identity.json");
  assert.equal(
    (await linesFor(files))[0],
    "identity.json corrupt: it is missing: whose files these are is not known",
  );
});

test("a directory that is none, or nobody's, is refused", async () => {
  const message = /there is no directory \/data/;
  await assert.rejects(check(new Map()), { name: "KvorumError", message });
  const foreign = new Map([["/data/photo.jpg", Buffer.from("x")]]);
  await assert.rejects(check(foreign), { message: /\/data is no data directory/ });
});

/** The same with two empty snapshots. */
async function withSnapshots(...indexes: readonly number[]): Promise<Files> {
  const disk = SimDisk.fromFiles(await healthy());
  const store = await SnapshotStore.open(disk, "/data/snapshots", systemClock, silentLogger);
  for (const index of indexes) {
    const keys = new Array<number>(limits.databases).fill(0);
    const ids = { clusterId: clusterId.toString("hex"), hashKey: [1, 2] as const };
    const meta = {
      ...ids,
      format: snapshotFormat,
      index,
      term: 3,
      revision: 7,
      timeMs: 1,
      keys,
      sessions: 0,
      engineVersion: 1,
      createdWallMs: 0,
    };
    await (await store.create(meta)).finish();
  }
  return disk.snapshotFiles();
}

const sixth = "/data/snapshots/0000000000000006.snapshot";

test("snapshots are read whole, and what the manifest does not name is unused", async () => {
  const files = await withSnapshots(3, 6);
  files.set("/data/snapshots/0000000000000001.snapshot", Buffer.from("old"));
  files.set("/data/snapshots/new.partial", Buffer.from("half"));
  assert.deepEqual((await linesFor(files)).slice(5), [
    "snapshots/manifest.json whole: names 2",
    "snapshots/0000000000000006.snapshot whole: up to entry 6: 0 keys, revision 7, taken 1970-01-01T00:00:00.000Z",
    "snapshots/0000000000000003.snapshot whole: up to entry 3: 0 keys, revision 7, taken 1970-01-01T00:00:00.000Z",
    "snapshots/0000000000000001.snapshot unused: the manifest does not name it",
    "snapshots/new.partial unused: a snapshot that was not finished",
    spare,
  ]);
});

test("a snapshot that is damaged, gone or another cluster's is told, and what it leaves uncovered", async () => {
  const files = await withSnapshots(3, 6);
  files.delete("/data/snapshots/0000000000000003.snapshot");
  files.get(sixth)![files.get(sixth)!.length - 30]! ^= 8;
  // The log begins with entry 4: without a snapshot, three entries are nowhere.
  files.delete(first);
  assert.deepEqual((await linesFor(files)).slice(4, 8), [
    "wal corrupt: entries 1 to 3 are missing: no snapshot covers them",
    "snapshots/manifest.json whole: names 2",
    `snapshots/0000000000000006.snapshot corrupt: snapshot ${sixth} is damaged at byte 0: its checksum is wrong`,
    "snapshots/0000000000000003.snapshot corrupt: it is missing",
  ]);
  const covered = await withSnapshots(3);
  covered.delete(first);
  assert.equal((await check(covered)).state, "whole");
  const disk = SimDisk.fromFiles(await withSnapshots(6));
  const identity = (await readIdentity(disk, "/data"))!;
  await saveIdentity(disk, "/data", { ...identity, clusterId: "ab".repeat(16) });
  const foreign = (await linesFor(disk.snapshotFiles())).filter((text) => / foreign/.test(text));
  assert.deepEqual(foreign, [
    `wal/0000000000000001.log foreign offset 0 index 1: it belongs to another cluster, ${clusterId.toString("hex")}`,
    `wal/0000000000000004.log foreign offset 0: it belongs to another cluster, ${clusterId.toString("hex")}`,
    `wal/0000000000000007.log foreign offset 0: it belongs to another cluster, ${clusterId.toString("hex")}`,
    `snapshots/0000000000000006.snapshot foreign: it belongs to another cluster, ${clusterId.toString("hex")}`,
  ]);
});

test("an unfinished restore is told", async () => {
  const disk = SimDisk.fromFiles(await healthy());
  const identity = (await readIdentity(disk, "/data"))!;
  await saveIdentity(disk, "/data", { ...identity, isRestoring: true });
  assert.equal(
    (await linesFor(disk.snapshotFiles()))[0],
    "identity.json corrupt: an unfinished restore: run kvorum restore again",
  );
});

/** Whether a node starts with these files. */
async function starts(files: Files): Promise<boolean> {
  const parts = {
    directory: "/data",
    nodeId: "n1",
    clock: systemClock,
    random: fixedRandom(),
    logger: silentLogger,
  };
  try {
    const directory = await DataDirectory.open({ ...parts, disk: SimDisk.fromFiles(files) });
    const log = await directory.openLog({
      fsync: "always",
      base: { term: 0, index: 0 },
      onStable() {},
      onFailed() {},
    });
    await log.close();
    await directory.hardState();
    return true;
  } catch (error) {
    if (!(error instanceof KvorumError)) throw error;
    return false;
  }
}

test("whatever bit is flipped, the check refuses where a start does, and nowhere else", async () => {
  const files = await healthy();
  const random = new Prng(7);
  const seen = { whole: 0, torn: 0, corrupt: 0, newer: 0, foreign: 0 };
  for (let run = 0; run < 400; run++) {
    const path = random.pick(["/data/identity.json", "/data/hard-state", first, second, third]);
    const bytes = Buffer.from(files.get(path)!);
    // Where the bytes are that mean something.
    const at = random.below(path.endsWith(".log") ? recordAt(3) + 64 : bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    const spoiled = new Map(files).set(path, bytes);
    const { state } = await check(spoiled);
    seen[state]++;
    const where = `bit flipped in ${path} at ${at}: the check says ${state}`;
    assert.equal(await starts(spoiled), state === "whole" || state === "torn", where);
  }
  assert.ok(seen.whole > 0 && seen.corrupt > 0, JSON.stringify(seen));
});

test("what is known of other members is whole or not", async () => {
  const files = await healthy();
  files.set("/data/peers.json", Buffer.from("{}"));
  assert.ok((await linesFor(files)).some((text) => text.startsWith("peers.json corrupt: ")));
  const disk = SimDisk.fromFiles(await healthy());
  const boots = await PeerBoots.open(disk, "/data");
  await boots.judge({ id: "n2", incarnation: "0011223344556677", boot: 3, run: "00" });
  assert.ok((await linesFor(disk.snapshotFiles())).includes("peers.json whole: knows 1 other nodes"));
});
