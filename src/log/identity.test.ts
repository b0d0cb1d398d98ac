import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { fixedRandom } from "../../test/log-harness.ts";
import { type Identity, openIdentity, readIdentity, saveIdentity } from "./identity.ts";
import { replaceSmallFile } from "./small-file.ts";

async function emptyDisk(): Promise<SimDisk> {
  const disk = new SimDisk();
  await disk.makeDirectory("/data");
  return disk;
}

test("the first start makes an identity, and each start counts", async () => {
  const disk = await emptyDisk();
  assert.equal(await readIdentity(disk, "/data"), undefined);
  const first = await openIdentity(disk, "/data", "n1", fixedRandom());
  assert.match(first.clusterId, /^[0-9a-f]{32}$/);
  assert.match(first.incarnation, /^[0-9a-f]{16}$/);
  assert.deepEqual([first.nodeId, first.boot], ["n1", 1]);
  const second = await openIdentity(disk, "/data", "n1", fixedRandom(2));
  assert.deepEqual(second, { ...first, boot: 2 });
  assert.deepEqual(await readIdentity(disk.crash("all-lost"), "/data"), second);
});

test("an identity may be written whole", async () => {
  const disk = await emptyDisk();
  const identity: Identity = {
    clusterId: "0f".repeat(16),
    nodeId: "n3",
    incarnation: "a1".repeat(8),
    boot: 4,
    hashKey: [1, -2],
  };
  await saveIdentity(disk, "/data", identity);
  assert.deepEqual(await openIdentity(disk, "/data", "n3", fixedRandom()), { ...identity, boot: 5 });
});

test("the directory of another node is refused, and stays as it is", async () => {
  const disk = await emptyDisk();
  await openIdentity(disk, "/data", "n1", fixedRandom());
  const files = disk.snapshotFiles();
  await assert.rejects(
    openIdentity(disk, "/data", "n2", fixedRandom()),
    /^KvorumError: \/data belongs to node n1, not to n2: start with --id n1, or with another --data$/,
  );
  assert.deepEqual(disk.snapshotFiles(), files);
});

test("what is no identity is refused", async () => {
  const good = { format: 1, clusterId: "0f".repeat(16), nodeId: "n1", incarnation: "a1".repeat(8), boot: 4 };
  for (const wrong of [
    { clusterId: "0F".repeat(16) },
    { nodeId: "" },
    { incarnation: "a1" },
    { boot: 1.5 },
  ]) {
    const disk = await emptyDisk();
    await replaceSmallFile(disk, "/data", "identity.json", { ...good, ...wrong });
    await assert.rejects(openIdentity(disk, "/data", "n1", fixedRandom()), /is not what kvorum writes/);
  }
});

test("whatever a crash leaves, no boot number comes twice and the identity stays the same", async () => {
  const disk = await emptyDisk();
  const known = await openIdentity(disk, "/data", "n1", fixedRandom());
  const crashes: SimDisk[] = [];
  disk.onCall = () => {
    for (const kind of crashKinds) crashes.push(disk.afterCrash(kind));
  };
  const second = await openIdentity(disk, "/data", "n1", fixedRandom());
  assert.equal(second.boot, 2);
  for (const crashed of crashes) {
    const next = await openIdentity(crashed, "/data", "n1", fixedRandom(9));
    assert.ok(next.boot > known.boot);
    assert.deepEqual({ ...next, boot: 0 }, { ...known, boot: 0 });
  }
  const third = await openIdentity(disk.crash("all-lost"), "/data", "n1", fixedRandom(9));
  assert.equal(third.boot, 3);
});

test("an unbound node is bound once, and stays what it is then", async () => {
  const disk = await emptyDisk();
  const before = await openIdentity(disk, "/data", "n1", fixedRandom(), "unbound");
  assert.equal(before.isUnbound, true);
  const again = await openIdentity(disk, "/data", "n1", fixedRandom(2), "unbound");
  assert.deepEqual(again, { ...before, boot: 2 }, "its incarnation is what others may have heard of");
  const { isUnbound, ...alone } = await openIdentity(disk, "/data", "n1", fixedRandom(3));
  assert.equal(isUnbound, undefined, "without a cluster to come it is one by itself");
  assert.deepEqual(await openIdentity(disk, "/data", "n1", fixedRandom(4), "unbound"), { ...alone, boot: 4 });
});
