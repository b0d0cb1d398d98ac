import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { fill } from "./fill.ts";
import { LiveServer } from "./live-server.ts";
import { Neighbour } from "./neighbour.ts";
import { RawClient } from "./raw-client.ts";
import { SpawnedNode } from "./spawned-node.ts";

/** Whatever one client asks for, the others are served in between. */
const keys = 200_000;

test("KEYS over 200,000 keys lets others in between, and answers all that were there", async () => {
  await using node = await SpawnedNode.start();
  using client = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  await fill(client, keys);
  // Both are received in one piece: when the first is answered, the second has begun.
  client.send("*1\r\n$6\r\nDBSIZE\r\n*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n*1\r\n$6\r\nDBSIZE\r\n");
  assert.equal(await client.reply(), keys);
  let between = 0;
  while (client.buffered === 0 && between < 3) {
    assert.equal(await other.call("SET", `new:${between}`, "x"), "OK");
    if (client.buffered === 0) between++;
  }
  assert.equal(between, 3, "commands of another client that were answered before KEYS was");
  const [found, size] = await client.replies(2);
  const listed = new Set(found as string[]);
  assert.equal(listed.size, (found as string[]).length, "no key twice");
  for (let i = 0; i < keys; i++) assert.ok(listed.has(`key:${i}`), `key:${i}`);
  assert.ok(Number(size) >= keys + 3);
});

test("many KEYS at once take turns, and others are served between any two slices", async () => {
  await using node = await SpawnedNode.start();
  using client = await RawClient.connect(node.port);
  await fill(client, keys);
  const neighbour = await Neighbour.moveIn(node.port);
  await neighbour.answeredAgain(20);
  const listers = await Promise.all(Array.from({ length: 30 }, () => RawClient.connect(node.port)));
  const before = neighbour.answered;
  const lists = await Promise.all(listers.map((lister) => lister.call("KEYS", "none*such")));
  const answered = neighbour.answered - before;
  assert.ok(lists.every((list) => (list as string[]).length === 0));
  assert.ok(answered > 3 * (keys / limits.keysPerSlice), `${answered} answers meanwhile`);
  await neighbour.moveOut();
  for (const lister of listers) lister[Symbol.dispose]();
});

test("a client that leaves while its KEYS is answered leaves nothing behind", async () => {
  await using live = await LiveServer.start();
  using client = await RawClient.connect(live.port);
  await fill(client, keys);
  for (let i = 0; i < 5; i++) {
    using lister = await RawClient.connect(live.port);
    lister.send("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n*1\r\n$6\r\nDBSIZE\r\n");
  }
  while (live.server.clients.size > 1) assert.equal(await client.call("DBSIZE"), keys);
  assert.equal(((await client.call("KEYS", "key:77?")) as string[]).length, 10);
});

test("FLUSHALL of a large database takes a fraction of what filling it took", async () => {
  await using node = await SpawnedNode.start();
  const neighbour = await Neighbour.moveIn(node.port, "neighbour");
  using client = await RawClient.connect(node.port);
  let startMs = performance.now();
  await fill(client, keys);
  const fillMs = performance.now() - startMs;
  await neighbour.moveOut();
  startMs = performance.now();
  assert.equal(await client.call("FLUSHALL"), "OK");
  const flushMs = performance.now() - startMs;
  assert.ok(flushMs < fillMs / 4, `${fillMs} ms to fill, ${flushMs} ms to flush`);
  assert.equal(await client.call("DBSIZE"), 0);
  await fill(client, 5_000);
  assert.equal(await client.call("DBSIZE"), 5_000);
});

test("DEBUG SLEEP keeps its own connection waiting, in order, and no other", async () => {
  await using node = await SpawnedNode.start();
  using sleeper = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  sleeper.send("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$3\r\n0.4\r\n*1\r\n$6\r\nDBSIZE\r\n");
  let between = 0;
  while (sleeper.buffered === 0) {
    assert.equal(await other.call("SET", "k", "v"), "OK");
    between++;
  }
  assert.ok(between > 3, `${between} commands of another client were answered meanwhile`);
  assert.deepEqual(await sleeper.replies(2), ["OK", 1]);
});
