import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { KvorumError } from "../../src/base/errors.ts";
import { limits } from "../../src/base/limits.ts";
import { checkDirectory } from "../../src/log/check.ts";
import { restoreBackup } from "../../src/log/restore.ts";
import type { SnapshotMeta } from "../../src/log/snapshot-file.ts";
import { verifySnapshot } from "../../src/log/verify-snapshot.ts";
import { dump } from "../engine-dump.ts";
import { fixedRandom } from "../log-harness.ts";
import { DurableRun, MortalClock } from "./durable-run.ts";

const file = "/backup";
const directory = "/data";

interface Original {
  /** The backup's bytes. */
  readonly bytes: Buffer;
  /** What the node held when it was taken. */
  readonly state: readonly string[];
  readonly clusterId: string;
}

/** Takes a backup of a node with a key of every kind, and then writes some more. */
async function original(): Promise<Original> {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  for (let db = 0; db < limits.databases; db++) {
    client.db = db;
    await client.call("SET", Buffer.from([0, 255, db, 10]), Buffer.from([db, 0, 13, 10, 254]));
    await client.call("SET", "mortal", "v", "PXAT", String(4_000_000_000_000 + db));
    await client.call("INCR", "counter");
    await client.call("INCR", "counter");
  }
  await client.call("SET", "large", "x".repeat(3 * limits.chunkBytes));
  const held = await run.durable.takeBackup();
  const bytes = await held.read(0, held.bytes);
  await held.release();
  const state = dump(run.engine);
  await client.call("SET", "later", "not in the backup");
  const { clusterId } = (await checkedMeta(bytes))!;
  await run.close();
  return { bytes, state, clusterId };
}

async function checkedMeta(bytes: Buffer): Promise<SnapshotMeta | undefined> {
  try {
    return await verifySnapshot(diskWith(bytes), file);
  } catch (error) {
    if (error instanceof KvorumError) return undefined;
    throw error;
  }
}

function diskWith(bytes: Buffer, others: ReadonlyMap<string, Buffer> = new Map()): SimDisk {
  return SimDisk.fromFiles(new Map([...others, [file, bytes]]));
}

function restore(disk: SimDisk): Promise<SnapshotMeta> {
  return restoreBackup({
    disk,
    clock: new MortalClock(),
    random: fixedRandom(),
    file,
    directory,
    nodeId: "n1",
  });
}

/** What a node holds that starts with this disk, without revision and time of the whole. */
async function stateOf(disk: SimDisk): Promise<{ state: readonly string[]; run: DurableRun }> {
  const run = await DurableRun.start(disk);
  return { state: dump(run.engine), run };
}

test("what was backed up is what a restored node serves, to the last byte, deadline and revision", async () => {
  const { bytes, state, clusterId } = await original();
  const disk = diskWith(bytes);
  const meta = await restore(disk);
  assert.notEqual(meta.clusterId, clusterId, "it is a new cluster");
  assert.equal((await checkDirectory({ disk, directory })).state, "whole");
  const { state: restored, run } = await stateOf(disk);
  assert.deepEqual(restored.slice(1), state.slice(1));
  assert.equal(restored.length, 1 + 3 * limits.databases + 1);
  await run.close();
});

test("a restored node goes on: its writes survive, and its revisions and time are behind the old ones", async () => {
  const { bytes } = await original();
  const disk = diskWith(bytes);
  const before = (await checkedMeta(bytes))!;
  const meta = await restore(disk);
  assert.equal(meta.revision, before.revision + 1_000_000_000);
  assert.equal(meta.timeMs, before.timeMs);
  const clock = new MortalClock();
  clock.jump(-3_600_000);
  const run = await DurableRun.start(disk, { clock });
  assert.ok(run.engine.now >= before.timeMs);
  await run.client().call("SET", "new", "1");
  assert.equal(run.durable.member.revisionOf(0, Buffer.from("new")), meta.revision + 1);
  assert.ok(run.engine.now >= before.timeMs, "time does not follow a clock that is behind");
  const again = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(await again.client().call("GET", "new"), "$1\r\n1\r\n");
  await again.durable.save(true);
  await again.close();
});

test("a backup that is not exactly what was written is refused, and nothing is begun", async () => {
  const { bytes } = await original();
  const small = bytes.length;
  const spoiled: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from("a text"),
    Buffer.concat([bytes, Buffer.from([0])]),
  ];
  for (const length of [1, 19, 20, 300, small - 26, small - 1]) spoiled.push(bytes.subarray(0, length));
  for (let at = 0; at < small; at += at < 4000 || at > small - 40 ? 3 : 4099) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at & 7);
    spoiled.push(flipped);
  }
  for (const [i, wrong] of spoiled.entries()) {
    const disk = diskWith(wrong);
    await assert.rejects(restore(disk), KvorumError, `number ${i}`);
    assert.deepEqual([...disk.snapshotFiles().keys()], [file]);
  }
  assert.ok(spoiled.length > 1000, String(spoiled.length));
});

test("a directory in which anything is stays as it is", async () => {
  const { bytes } = await original();
  const disk = diskWith(bytes, new Map([["/data/notes", Buffer.from("mine")]]));
  await assert.rejects(restore(disk), {
    message: "/data is not empty (notes is in it): restore into another directory",
  });
  assert.deepEqual([...disk.snapshotFiles().keys()].sort(), [file, "/data/notes"]);
  const restored = diskWith(bytes);
  await restore(restored);
  const before = restored.snapshotFiles();
  await assert.rejects(restore(restored), { message: /^\/data is not empty/ });
  assert.deepEqual(restored.snapshotFiles(), before);
});
