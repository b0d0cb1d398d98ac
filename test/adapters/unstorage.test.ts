import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { createStorage, prefixStorage, restoreSnapshot, type Storage, snapshot } from "unstorage";
import { kvorumDriver } from "../../src/adapters/unstorage.ts";
import { KvClient } from "../../src/client/client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

/** What unstorage's own suite of drivers checks, which is not published, and what it does not. */
let node: SpawnedNode;
let client: KvClient;
let storage: Storage;

before(async () => {
  node = await SpawnedNode.start();
  client = new KvClient(`127.0.0.1:${node.port}`);
  storage = createStorage({ driver: kvorumDriver({ keys: client.prefix("app:") }) });
});

afterEach(() => storage.clear());

after(async () => {
  await storage.dispose();
  assert.equal(await client.has("open"), false, "the client is whoever made it to close");
  await client.close();
  await node[Symbol.asyncDispose]();
});

const sorted = async (keys: Promise<string[]>): Promise<string[]> => (await keys).sort();

test("a snapshot is restored", async () => {
  await restoreSnapshot(storage, { initial: "works" });
  assert.equal(await storage.getItem("initial"), "works");
  assert.deepEqual(await snapshot(storage, ""), { initial: "works" });
});

test("at first there is nothing", async () => {
  assert.equal(await storage.hasItem("s1:a"), false);
  assert.equal(await storage.getItem("s2:a"), null);
  assert.equal(await storage.getItemRaw("s2:a"), null);
  assert.deepEqual(await storage.getKeys(), []);
  await storage.clear();
});

test("items that were set are there, under their keys without a query", async () => {
  await storage.setItem("s1:a", "test_data");
  await storage.setItem("s2:a", "test_data");
  await storage.setItem("s3:a?q=1", "test_data");
  assert.equal(await storage.hasItem("s1:a"), true);
  assert.equal(await storage.getItem("s1:a"), "test_data");
  assert.equal(await storage.getItem("s3:a?q=2"), "test_data");
  assert.deepEqual(await sorted(storage.getKeys()), ["s1:a", "s2:a", "s3:a"]);
  assert.deepEqual(await storage.getKeys("s1"), ["s1:a"]);
  assert.equal(await client.get("app:s1:a"), "test_data");
});

test("keys are given out down to a depth", async () => {
  const keys = ["d0_0", "d0:d1_0", "d0:d1_1", "d0:d1:d2_0", "d0:d1:d2_1"];
  for (const key of keys) await storage.setItem(key, "x");
  assert.deepEqual(await storage.getKeys(undefined, { maxDepth: 0 }), ["d0_0"]);
  assert.deepEqual(await sorted(storage.getKeys(undefined, { maxDepth: 1 })), ["d0:d1_0", "d0:d1_1", "d0_0"]);
  assert.deepEqual(await sorted(storage.getKeys(undefined, { maxDepth: 2 })), [...keys].sort());
});

test("objects, what has toJSON, numbers and truth values survive", async () => {
  const twice = { toJSON: () => ({ serialized: "works" }) };
  const values: Readonly<Record<string, object | number | boolean>> = {
    o: { json: 1 },
    n: 0,
    f: false,
    t: true,
  };
  for (const [key, value] of Object.entries(values)) await storage.setItem(key, value);
  for (const [key, value] of Object.entries(values)) assert.deepEqual(await storage.getItem(key), value);
  await storage.setItem("twice", twice);
  assert.deepEqual(await storage.getItem("twice"), { serialized: "works" });
});

test("what cannot be serialized is refused", async () => {
  class Test {}
  await assert.rejects(storage.setItem("bad", new Test()), /Cannot stringify value/);
});

test("bytes survive as they are", async () => {
  const bytes = new Uint8Array([0, 1, 2, 0xff, 0xfe]);
  await storage.setItemRaw("raw.bin", bytes);
  assert.deepEqual(Buffer.from((await storage.getItemRaw("raw.bin")) as Buffer), Buffer.from(bytes));
});

test("many at once", async () => {
  await storage.setItems([
    { key: "t:1", value: "one" },
    { key: "t:2?q=1", value: "two" },
  ]);
  assert.deepEqual(await storage.getItems([{ key: "t:1" }, "t:2", "t:3"]), [
    { key: "t:1", value: "one" },
    { key: "t:2", value: "two" },
    { key: "t:3", value: null },
  ]);
});

test("items are removed, alone and all of a mount", async () => {
  storage.mount("a", kvorumDriver({ keys: client.prefix("mount:") }));
  for (const key of ["a:1", "a:2", "b:1"]) await storage.setItem(key, "x");
  await storage.removeItem("a:1");
  assert.equal(await storage.hasItem("a:1"), false);
  assert.equal(await storage.getItem("a:1"), null);
  await storage.clear("a");
  assert.deepEqual(await storage.getKeys(), ["b:1"]);
  await storage.unmount("a");
});

test("a ttl is in seconds: the item's own, or the driver's; it is told", async () => {
  await storage.setItem("own", "x", { ttl: 60 });
  const { ttl = 0 } = await storage.getMeta("own");
  assert.ok(ttl > 30 && ttl <= 60, String(ttl));
  const short = createStorage({ driver: kvorumDriver({ keys: client.prefix("short:"), ttl: 30 }) });
  await short.setItem("a", "x");
  const ms = await client.ttl("short:a");
  assert.ok(ms !== null && ms > 15_000 && ms <= 30_000, String(ms));
  await short.clear();
});

test("two storages of one client, and a mount, keep out of each other", async () => {
  const other = createStorage({ driver: kvorumDriver({ keys: client.prefix("other:") }) });
  storage.mount("mounted", kvorumDriver({ keys: client.prefix("mount:") }));
  await other.setItem("a", "theirs");
  await prefixStorage(storage, "mounted").setItem("a", "mounted");
  await storage.clear();
  assert.equal(await other.getItem("a"), "theirs");
  assert.equal(await client.has("mount:a"), false, "what is mounted is a part of the storage");
  await other.clear();
  await storage.unmount("mounted");
});
