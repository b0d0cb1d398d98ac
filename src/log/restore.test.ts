import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import { DataDirectory } from "./data-directory.ts";
import { restoreBackup } from "./restore.ts";
import { type SnapshotMeta, snapshotFormat } from "./snapshot-file.ts";
import { SnapshotStore } from "./snapshots.ts";

const createdWallMs = 1_700_000_000_000;

const meta: SnapshotMeta = {
  format: snapshotFormat,
  clusterId: "ab".repeat(16),
  index: 42,
  term: 3,
  revision: 1000,
  timeMs: createdWallMs,
  hashKey: [5, -6],
  keys: Array.from({ length: 16 }, () => 0),
  sessions: 0,
  engineVersion: 1,
  createdWallMs,
};

/** A disk with a backup on it, and the backup's path. */
async function diskWithBackup(): Promise<[SimDisk, string]> {
  const disk = new SimDisk({ seed: 9 });
  const store = await SnapshotStore.open(disk, "/backup", systemClock, silentLogger);
  const writer = await store.create(meta);
  await writer.finish();
  return [disk, store.pathOf(meta)];
}

function restore(disk: SimDisk, file: string, nowMs: number = createdWallMs + 10): Promise<SnapshotMeta> {
  const clock = { ...systemClock, wallMs: () => nowMs };
  return restoreBackup({ disk, clock, random: new Prng(3), file, directory: "/data", nodeId: "n1" });
}

function start(disk: SimDisk): Promise<DataDirectory> {
  const parts = { clock: systemClock, random: new Prng(4), logger: silentLogger };
  return DataDirectory.open({ ...parts, disk, directory: "/data", nodeId: "n1" });
}

test("a restored directory is another cluster's, with the hash key and the entry of the backup", async () => {
  const [disk, file] = await diskWithBackup();
  await restore(disk, file);
  const directory = await start(disk);
  assert.notEqual(directory.identity.clusterId, meta.clusterId);
  assert.deepEqual(directory.identity.hashKey, meta.hashKey);
  assert.equal(directory.snapshots.newest()!.index, 42);
  assert.equal(directory.snapshots.newest()!.clusterId, directory.identity.clusterId);
});

test("revisions go on behind all that can have been given since the backup was taken", async () => {
  const [disk, file] = await diskWithBackup();
  assert.equal((await restore(disk.fork(), file)).revision, 1000 + 1_000_000_000);
  const day = 86_400_000;
  assert.equal((await restore(disk.fork(), file, createdWallMs + 30 * day)).revision, 1000 + 30 * day * 1000);
  assert.equal((await restore(disk.fork(), file, createdWallMs - day)).revision, 1000 + 1_000_000_000);
  const half = 1000 + Math.floor((2 ** 48 - 1 - 1000) / 2);
  assert.equal((await restore(disk.fork(), file, createdWallMs + 10_000 * day)).revision, half);
});

test("wherever the machine stops, no node starts from a half, and the restore can be done again", async () => {
  const [disk, file] = await diskWithBackup();
  const moments: { disk: SimDisk; what: string }[] = [];
  disk.onCall = (number, call, path) => {
    for (const kind of crashKinds)
      moments.push({
        disk: disk.afterCrash(kind, { seed: number }),
        what: `${kind} in call ${number}, ${call} ${path}`,
      });
  };
  await restore(disk, file);
  disk.onCall = undefined;
  assert.ok(moments.length > 100, `${moments.length} crashes were tried`);
  let refused = 0;
  for (const moment of moments) {
    const again = moment.disk.fork();
    const directory = await start(moment.disk).catch((error: Error) => {
      assert.match(error.message, /restore/, moment.what);
      refused++;
      return undefined;
    });
    // Without a snapshot it is an empty directory, in which no restore had begun.
    const { index } = directory?.snapshots.newest() ?? {};
    assert.ok(index === 42 || index === undefined, moment.what);
    if (directory === undefined) assert.equal((await restore(again, file)).index, 42, moment.what);
  }
  assert.ok(refused > 20, `${refused} starts were refused`);
});
