import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { SimDisk } from "../sim/disk.ts";
import { entryKinds, type LogEntry } from "../src/log/entry.ts";
import { readHardState, saveHardState } from "../src/log/hard-state.ts";
import { readIdentity, saveIdentity } from "../src/log/identity.ts";
import { type SnapshotMeta, snapshotFormat } from "../src/log/snapshot-file.ts";
import { SnapshotStore } from "../src/log/snapshots.ts";
import { systemClock } from "../src/platform/clock.ts";
import { silentLogger } from "../src/platform/logger.ts";
import { allEntries, clusterId, directory, entry, scanned, TestLog } from "./log-harness.ts";
import { sparse } from "./log-shapes.ts";

/**
 * Data directories as each version of the format wrote them: every later version must read them. A new format gets
 * a folder of its own, made by
 *
 *     KVORUM_WRITE_GOLDEN=1 npm test -- golden
 *
 * The folders of older formats are never written again.
 */
const root = join(import.meta.dirname, "../../test/golden");
const newest = "format-2";

const identity = {
  clusterId: clusterId.toString("hex"),
  nodeId: "n1",
  incarnation: "0123456789abcdef",
  boot: 3,
  hashKey: [7, -8],
} as const;
const hardState = { term: 4, vote: "n2", commit: 24 };
const base = { term: 3, index: 20 };

const meta: SnapshotMeta = {
  format: snapshotFormat,
  clusterId: identity.clusterId,
  ...base,
  revision: 17,
  timeMs: 1_700_000_000_000,
  hashKey: identity.hashKey,
  keys: [2, 0, 1],
  sessions: 0,
  engineVersion: 1,
  createdWallMs: 1_700_000_000_500,
};
const chunks = ["chunk one", "chunk two"];

/** What is live in the log, which has segments, kinds, masks, truncation and a base. */
function goldenEntries(): LogEntry[] {
  return [
    entry(21, 3, "", entryKinds.noop),
    entry(22, 3, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"),
    entry(23, 4, sparse(1100, [600, 7]), entryKinds.commands),
    entry(24, 4, "configuration", entryKinds.configuration),
    entry(25, 4, "time", entryKinds.time),
    entry(26, 4, "session", entryKinds.session),
    entry(27, 4, "engine version", entryKinds.engineVersion),
    entry(28, 4, "system", entryKinds.system),
  ];
}

async function write(): Promise<Map<string, Buffer>> {
  const disk = new SimDisk();
  await disk.makeDirectory(directory);
  await saveIdentity(disk, directory, identity);
  await saveHardState(disk, directory, hardState);
  const snapshot = await (await openSnapshots(disk)).create(meta);
  for (const chunk of chunks) await snapshot.write([Buffer.from(chunk)]);
  await snapshot.finish();
  const log = await TestLog.open(disk, { segmentBytes: 2560 });
  log.append(entry(1, 1), entry(2, 1), entry(3, 1));
  log.wal.reset(base);
  const [noop, set, ...others] = goldenEntries();
  log.append(noop!, set!, entry(23, 3, "never committed"), ...others);
  await log.settled();
  await log.wal.close();
  const files = disk.snapshotFiles();
  files.delete(`${directory}/wal/spare`);
  return files;
}

function openSnapshots(disk: SimDisk): Promise<SnapshotStore> {
  return SnapshotStore.open(disk, `${directory}/snapshots`, systemClock, silentLogger);
}

function readFolder(format: string): Map<string, Buffer> {
  const folder = join(root, format);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = names.map((each) => join(each.parentPath, each.name));
  return new Map(paths.map((path) => [path.replace(folder, directory), readFileSync(path)]));
}

if (process.env.KVORUM_WRITE_GOLDEN === "1") {
  for (const [path, bytes] of await write()) {
    const target = path.replace(directory, join(root, newest));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}

for (const format of readdirSync(root)) {
  test(`a data directory of ${format} is read`, async () => {
    const disk = SimDisk.fromFiles(readFolder(format));
    assert.deepEqual(await readIdentity(disk, directory), identity);
    assert.deepEqual(await readHardState(disk, directory), hardState);
    const found = await scanned(disk);
    assert.equal(found.state, "whole");
    assert.ok(found.segments.length > 1);
    const log = await TestLog.open(disk, { base });
    assert.deepEqual(await allEntries(log.wal), goldenEntries());
    assert.equal(log.wal.termOf(base.index), base.term);
    const snapshots = await openSnapshots(disk);
    const written = { ...meta, format: Number(format.slice("format-".length)) };
    assert.deepEqual(snapshots.all, [written]);
    const chunksFound: string[] = [];
    await snapshots.read(
      written,
      (chunk) => void chunksFound.push(chunk.toString()),
      () => {},
    );
    assert.deepEqual(chunksFound, chunks);
  });
}

test(`this version writes ${newest}, byte for byte`, async () => {
  assert.deepEqual(await write(), readFolder(newest));
});
