import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { PeerBoots, type Start } from "./peer-boots.ts";
import { replaceSmallFile } from "./small-file.ts";

const first: Start = { id: "n2", incarnation: "a".repeat(16), boot: 3, run: "1".repeat(16) };

test("a start is remembered, durably, before it is believed", async () => {
  const disk = await diskWithDirectory();
  const boots = await PeerBoots.open(disk, "/data");
  assert.equal(await boots.judge(first), undefined);
  const later = await PeerBoots.open(disk.crash("all-lost"), "/data");
  assert.match(
    (await later.judge({ ...first, boot: 2 }))!,
    /n2 has been started since from this data directory/,
  );
  assert.equal(await later.judge(first), undefined, "the same start, after this node has started anew");
  assert.equal(await later.judge({ ...first, boot: 4 }), undefined);
  assert.match((await later.judge(first))!, /started since/);
});

test("two processes with the boot number of one directory are copies", async () => {
  const disk = await diskWithDirectory();
  const boots = await PeerBoots.open(disk, "/data");
  assert.equal(await boots.judge(first), undefined);
  assert.equal(await boots.judge(first), undefined, "it connects again");
  const copy = { ...first, run: "2".repeat(16) };
  assert.match((await boots.judge(copy))!, /a copy of it/);
  const later = await PeerBoots.open(disk.crash("all-lost"), "/data");
  assert.match((await later.judge(copy))!, /a copy of it/, "also by a node that has started anew since");
  assert.equal(await later.judge(first), undefined);
});

test("who was remembered without the name of the process is known by it from now on", async () => {
  const disk = await diskWithDirectory();
  const { run, ...nameless } = first;
  await replaceSmallFile(disk, "/data", "peers.json", { format: 1, members: [nameless] });
  const boots = await PeerBoots.open(disk, "/data");
  assert.equal(await boots.judge(first), undefined);
  const later = await PeerBoots.open(disk.crash("all-lost"), "/data");
  assert.match((await later.judge({ ...first, run: run.replaceAll("1", "2") }))!, /a copy of it/);
});

test("another data directory begins to count anew, and other members have nothing to do with it", async () => {
  const boots = await PeerBoots.open(await diskWithDirectory(), "/data");
  assert.equal(await boots.judge(first), undefined);
  assert.equal(await boots.judge({ ...first, id: "n3", boot: 1 }), undefined);
  assert.equal(await boots.judge({ ...first, incarnation: "b".repeat(16), boot: 1 }), undefined);
});

test("nobody is believed while the disk takes nothing, nor a second connection of the same start", async () => {
  const disk = await diskWithDirectory();
  const boots = await PeerBoots.open(disk, "/data");
  disk.isReadOnly = true;
  const said = await Promise.all([boots.judge(first), boots.judge(first)]);
  assert.deepEqual(said, ["this node's disk takes nothing", "this node's disk takes nothing"]);
  assert.equal(await boots.judge(first), "this node's disk takes nothing", "not later either");
  disk.isReadOnly = false;
  assert.equal(await boots.judge(first), undefined);
  const later = await PeerBoots.open(disk.crash("all-lost"), "/data");
  assert.match((await later.judge({ ...first, boot: 2 }))!, /started since/);
});

async function diskWithDirectory(): Promise<SimDisk> {
  const disk = new SimDisk({ seed: 1 });
  await disk.makeDirectory("/data");
  return disk;
}
