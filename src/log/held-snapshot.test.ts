import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { limits } from "../base/limits.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import { type SnapshotMeta, snapshotFormat } from "./snapshot-file.ts";
import { SnapshotStore, type SnapshotWriter } from "./snapshots.ts";

const directory = "/data/snapshots";

async function begin(store: SnapshotStore, index: number): Promise<SnapshotWriter> {
  const keys = new Array<number>(limits.databases).fill(0);
  const ids = { format: snapshotFormat, clusterId: "00".repeat(16), hashKey: [1, 2] as const };
  const facts = { ...ids, keys, sessions: 0, engineVersion: 1 };
  const meta: SnapshotMeta = { ...facts, index, term: 1, revision: index, timeMs: 1, createdWallMs: 1 };
  const writer = await store.create(meta);
  writer.hurries = true;
  await writer.write([Buffer.from(`state ${index}`)]);
  return writer;
}

async function add(store: SnapshotStore, index: number): Promise<void> {
  await (await begin(store, index)).finish();
}

function nameOf(index: number): string {
  return `${index.toString(16).padStart(16, "0")}.snapshot`;
}

test("a snapshot that is held is read whole, though newer ones have taken its place, and goes then", async () => {
  const disk = new SimDisk();
  const store = await SnapshotStore.open(disk, directory, systemClock, silentLogger);
  await add(store, 1);
  const held = await store.hold(store.newest()!);
  const before = await held.read(0, held.bytes);
  for (const index of [2, 3, 4]) await add(store, index);
  assert.deepEqual((await disk.list(directory)).sort(), [nameOf(1), nameOf(3), nameOf(4), "manifest.json"]);
  assert.deepEqual(await held.read(0, held.bytes), before);
  assert.deepEqual(await held.read(10, 7), before.subarray(10, 17));
  assert.deepEqual(await held.read(held.bytes - 5, 100), before.subarray(-5));
  assert.equal((await held.read(held.bytes + 5, 100)).length, 0);
  await held.release();
  assert.deepEqual((await disk.list(directory)).sort(), [nameOf(3), nameOf(4), "manifest.json"]);
});

test("letting go of one disturbs no snapshot that is being written", async () => {
  const disk = new SimDisk();
  const store = await SnapshotStore.open(disk, directory, systemClock, silentLogger);
  await add(store, 1);
  const held = await store.hold(store.newest()!);
  for (const index of [2, 3]) await add(store, index);
  const writer = await begin(store, 4);
  await held.release();
  await writer.finish();
  const again = await SnapshotStore.open(disk, directory, systemClock, silentLogger);
  assert.deepEqual(
    again.all.map(({ index }) => index),
    [4, 3],
  );
});

test("letting go waits for what is being read", async () => {
  const disk = new SimDisk();
  const store = await SnapshotStore.open(disk, directory, systemClock, silentLogger);
  await add(store, 1);
  const held = await store.hold(store.newest()!);
  const calls: string[] = [];
  disk.onCall = (_number, call) => calls.push(call);
  const reads = [held.read(0, 10), held.read(10, 10)];
  const releasing = held.release();
  assert.deepEqual(calls, ["read", "read"]);
  await Promise.all([...reads, releasing]);
  assert.deepEqual(calls, ["read", "read", "close"]);
});
