import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { limits } from "../base/limits.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import { readSnapshotFile, type SnapshotMeta, snapshotFormat } from "./snapshot-file.ts";
import { SnapshotStore } from "./snapshots.ts";

const directory = "/data/snapshots";

function metaAt(index: number): SnapshotMeta {
  return {
    format: snapshotFormat,
    clusterId: "00".repeat(16),
    index,
    term: 1,
    revision: index * 2,
    timeMs: 1_700_000_000_000,
    hashKey: [1, -2],
    keys: [index],
    sessions: 0,
    engineVersion: 1,
    createdWallMs: 1_700_000_000_001,
  };
}

function open(disk: SimDisk): Promise<SnapshotStore> {
  return SnapshotStore.open(disk, directory, systemClock, silentLogger);
}

async function add(store: SnapshotStore, index: number, chunks: readonly Buffer[][]): Promise<void> {
  const writer = await store.create(metaAt(index));
  writer.hurries = true;
  for (const chunk of chunks) await writer.write(chunk);
  await writer.finish();
}

async function contents(store: SnapshotStore, meta: SnapshotMeta): Promise<string> {
  const chunks: Buffer[] = [];
  await store.read(
    meta,
    (chunk) => void chunks.push(Buffer.from(chunk)),
    () => {},
  );
  return Buffer.concat(chunks).toString("latin1");
}

const chunksOf = (text: string): Buffer[][] => [
  [Buffer.from(text)],
  [Buffer.alloc(0)],
  [Buffer.from("a"), Buffer.from("b")],
];

test("a snapshot gives back its chunks, whatever their size, and what it is of", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  const large = Buffer.alloc(3 * limits.snapshotReadBytes, "x");
  await add(store, 7, [[Buffer.from("one")], [large], [Buffer.from("three")]]);
  const again = await open(disk);
  assert.deepEqual(again.newest(), metaAt(7));
  const sizes: number[] = [];
  await again.read(
    metaAt(7),
    (chunk) => void sizes.push(chunk.length),
    () => {},
  );
  assert.deepEqual(sizes, [3, large.length, 5]);
});

test("the newest two are kept, and the log may begin behind the older one", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  assert.equal(store.newest(), undefined);
  assert.equal(store.oldestIndex, 0);
  for (const index of [5, 8, 11]) await add(store, index, chunksOf(`state ${index}`));
  assert.deepEqual(
    store.all.map(({ index }) => index),
    [11, 8],
  );
  assert.equal(store.oldestIndex, 8);
  assert.deepEqual([...disk.snapshotFiles().keys()].length, 3);
  assert.equal(await contents(store, store.all[1]!), "state 8ab");
});

test("a snapshot that somebody reads stays until that is over", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  await add(store, 1, chunksOf("first"));
  const first = store.newest()!;
  const release = store.pin(first);
  for (const index of [2, 3, 4]) await add(store, index, chunksOf("later"));
  assert.equal(await contents(store, first), "firstab");
  await release();
  await assert.rejects(contents(store, first), /ENOENT/);
});

test("who ends reading while a snapshot is being written takes nothing of it away", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  await add(store, 1, chunksOf("first"));
  const releasing: Promise<void>[] = [];
  disk.onCall = (_number, call) => {
    if (call !== "list" && call !== "remove") releasing.push(Promise.resolve().then(store.pin(metaAt(1))));
  };
  for (const index of [2, 3, 4]) await add(store, index, chunksOf(`state ${index}`));
  disk.onCall = undefined;
  await Promise.all(releasing);
  assert.ok(releasing.length > 20);
  const again = await open(disk);
  assert.equal(await contents(again, again.newest()!), "state 4ab");
  assert.equal(again.all.length, 2);
});

test("after a failed sync of its name no snapshot is taken any more; after a full disk the next one is", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    const disk = new SimDisk();
    const store = await open(disk);
    await add(store, 1, chunksOf("first"));
    const writer = await store.create(metaAt(2));
    disk.inject({ call: "syncDirectory", code });
    await assert.rejects(writer.finish(), { code });
    await writer.abort();
    if (code === "EIO") await assert.rejects(store.create(metaAt(3)), /no snapshot is safe/);
    else await add(store, 3, chunksOf("third"));
  }
});

test("any flipped bit of a snapshot is refused", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  await add(store, 3, chunksOf("the state"));
  const path = store.pathOf(metaAt(3));
  const bits = disk.snapshotFiles().get(path)!.length * 8;
  for (let bit = 0; bit < bits; bit++) {
    const spoiled = disk.fork();
    spoiled.flipBit(path, bit);
    await assert.rejects(
      readSnapshotFile(spoiled, path, () => {}),
      /^KvorumError: snapshot \/data\/snapshots\/0{15}3\.snapshot is damaged at byte \d+: /,
      `bit ${bit}`,
    );
  }
});

test("a snapshot that breaks off, goes on behind its end, or lacks a frame is refused", async () => {
  const disk = new SimDisk();
  const store = await open(disk);
  await add(store, 3, chunksOf("the state"));
  const path = store.pathOf(metaAt(3));
  const whole = disk.snapshotFiles().get(path)!;
  const refused = (bytes: Buffer): Promise<void> =>
    assert.rejects(
      readSnapshotFile(SimDisk.fromFiles(new Map([[path, bytes]])), path, () => {}),
      /is damaged/,
    );
  for (let length = 0; length < whole.length; length++) await refused(whole.subarray(0, length));
  await refused(Buffer.concat([whole, Buffer.alloc(1)]));
  const second = whole.indexOf("the state") - 20;
  await refused(Buffer.concat([whole.subarray(0, second), whole.subarray(second + 29)]));
});

test("a flipped bit of the manifest is refused", async () => {
  const disk = new SimDisk();
  await add(await open(disk), 3, chunksOf("the state"));
  const path = `${directory}/manifest.json`;
  const bits = disk.snapshotFiles().get(path)!.length * 8;
  for (let bit = 0; bit < bits; bit++) {
    const spoiled = disk.fork();
    spoiled.flipBit(path, bit);
    await assert.rejects(open(spoiled), /^KvorumError: .*manifest\.json/, `bit ${bit}`);
  }
});

test("wherever the machine stops, the newest snapshot is whole: the last one, or the one before", async () => {
  const disk = new SimDisk({ seed: 4 });
  await add(await open(disk), 1, chunksOf("state 1"));
  const moments: { disk: SimDisk; what: string; done: number }[] = [];
  let done = 1;
  disk.onCall = (number, call) => {
    for (const kind of crashKinds)
      moments.push({
        disk: disk.afterCrash(kind, { seed: number }),
        what: `${kind} in call ${number}, ${call}`,
        done,
      });
  };
  const store = await open(disk);
  for (const index of [2, 3]) {
    await add(store, index, chunksOf(`state ${index}`));
    done = index;
  }
  disk.onCall = undefined;
  assert.ok(moments.length > 100);
  for (const moment of moments) {
    const found = await open(moment.disk);
    const newest = found.newest()!;
    assert.ok(
      newest.index >= moment.done,
      `${moment.what}: ${newest.index} where ${moment.done} was finished`,
    );
    assert.equal(await contents(found, newest), `state ${newest.index}ab`, moment.what);
  }
});
