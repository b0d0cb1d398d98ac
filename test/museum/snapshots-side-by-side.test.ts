import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { type SnapshotMeta, snapshotFormat } from "../../src/log/snapshot-file.ts";
import { SnapshotStore } from "../../src/log/snapshots.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { silentLogger } from "../../src/platform/logger.ts";

const directory = "/data/snapshots";

/**
 * A node that took a snapshot of its own while the leader's arrived: each of the two removed files that the other one was
 * about to name, and the next start found a manifest without its snapshot. And one that was older than the leader's was kept as
 * the newest, with no log behind it. Found by the simulator when nodes took a snapshot at every entry (seed 619 of that day).
 */
test("a snapshot that is taken while another one arrives is named, or given up, and never half of it", async () => {
  // However far the own one has come when the leader's is adopted.
  for (let turns = 0; turns < 24; turns++) {
    const disk = new SimDisk();
    const store = await open(disk);
    await (await begun(store, 3)).finish();
    const received = await store.receive();
    await received.write(await bytesOf(9));
    const meta = await received.finish();
    const own = await begun(store, 5);
    const finishing = own.finish().catch(() => own.abort());
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await Promise.all([finishing, received.adopt(meta)]);
    const again = await open(disk);
    assert.deepEqual(
      again.all.map(({ index }) => index),
      [9],
      `after ${turns} turns`,
    );
    await again.read(
      meta,
      () => {},
      () => {},
    );
  }
});

function open(disk: SimDisk): Promise<SnapshotStore> {
  return SnapshotStore.open(disk, directory, systemClock, silentLogger);
}

async function begun(store: SnapshotStore, index: number) {
  const writer = await store.create(metaAt(index));
  writer.hurries = true;
  return writer;
}

/** Of the file of a snapshot, as another member sends it. */
async function bytesOf(index: number): Promise<Buffer> {
  const disk = new SimDisk();
  await (await begun(await open(disk), index)).finish();
  return [...disk.snapshotFiles()].find(([path]) => path.endsWith(".snapshot"))![1];
}

function metaAt(index: number): SnapshotMeta {
  return {
    ...{ format: snapshotFormat, clusterId: "00".repeat(16), index, term: 1, revision: index },
    ...{
      timeMs: 1_700_000_000_000,
      hashKey: [1, -2],
      keys: Array.from({ length: 16 }, () => 0),
      sessions: 0,
      engineVersion: 1,
      createdWallMs: 0,
    },
  };
}
