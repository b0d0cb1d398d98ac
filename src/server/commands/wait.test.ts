import assert from "node:assert/strict";
import { test } from "node:test";
import { redis, startRedis } from "../../../test/redis-server.ts";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";
import { encodeRequest } from "../../protocol/request-encoder.ts";

/** WAIT and WAITAOF of a node that has no others beside it: who wants more than there are waits, and nobody else. */
testBesideRedis({
  "WAIT for others": ["wait 1 20", "set k v", "wait 3 20", "wait 99999999999 1", "wait 1 1", "del k"],
  "WAIT inside MULTI": ["multi", "set k v", "wait 5 0", "wait 1 10000", "del k", "exec"],
  "what comes behind WAIT": ["set k 1", "wait 1 30", "incr k", "wait 1 30", "get k", "nonsense", "del k"],
  "CLIENT UNBLOCK of nobody": ["client unblock 0", "client unblock 424242", "client unblock 424242 error"],
  "WAIT with the longest timeouts inside MULTI": ["multi", "wait 1 9223372036854775807", "wait 1 0", "exec"],
  "the reply of WAIT that nobody wants": ["client reply skip", "wait 1 20", "ping"],
});

async function infoOf(client: RawClient, field: string): Promise<string> {
  return new RegExp(`${field}:(\\S+)`).exec(String(await client.call("info", "clients")))![1]!;
}

/** What one client does while another one waits: the same with Redis and here. */
async function watchWaiting(port: number): Promise<void> {
  using waiter = await RawClient.connect(port);
  using other = await RawClient.connect(port);
  const id = String(await waiter.call("client", "id"));
  const isBlocked = async (): Promise<void> => {
    while ((await infoOf(other, "blocked_clients")) !== "1");
  };
  const wait = (timeoutMs: string): void =>
    waiter.send(Buffer.concat([encodeRequest(["wait", "1", timeoutMs]), encodeRequest(["incr", "behind"])]));

  wait("0");
  await isBlocked();
  assert.match(String(await other.call("client", "list", "id", id)), / flags=b .* cmd=wait /);
  assert.equal(await other.call("get", "behind"), null, "what comes behind waits");
  assert.equal(await other.call("client", "unblock", id), 1);
  assert.deepEqual(await waiter.replies(2), [0, 1]);
  assert.equal(await other.call("client", "unblock", id), 0, "it does not wait any more");

  wait("9000000000");
  await isBlocked();
  assert.equal(await other.call("client", "unblock", id, "error"), 1);
  assert.deepEqual(await waiter.replies(2), ["-UNBLOCKED client unblocked via CLIENT UNBLOCK", 2]);

  const startMs = performance.now();
  wait("80");
  assert.deepEqual(await waiter.replies(2), [0, 3]);
  // Timers count whole ms.
  assert.ok(performance.now() - startMs >= 78, "it waits for its timeout");

  wait("0");
  await isBlocked();
  assert.equal(await other.call("client", "kill", "id", id), 1);
  assert.deepEqual((await waiter.rest()).replies, []);
  assert.equal(await infoOf(other, "blocked_clients"), "0");

  const leaver = await RawClient.connect(port);
  leaver.send(encodeRequest(["wait", "1", "0"]));
  await isBlocked();
  leaver.socket.destroy();
  while ((await infoOf(other, "blocked_clients")) !== "0");
  assert.equal(await other.call("get", "behind"), "3");
}

test("Redis itself lets a client wait so", redis, async () => {
  await using server = await startRedis();
  await watchWaiting(server.port);
});

test("a client that waits is seen, unblocked, killed, and in nobody's way", async () => {
  await using node = await LiveServer.start();
  await watchWaiting(node.port);
});

test("a node that stops lets nobody wait", async () => {
  await using node = await LiveServer.start();
  using waiter = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  waiter.send(encodeRequest(["wait", "1", "0"]));
  while ((await infoOf(other, "blocked_clients")) !== "1");
  await node.server.close();
  assert.deepEqual((await waiter.rest()).replies, [0]);
});

test("WAITAOF waits for others as WAIT does, and can be unblocked", async () => {
  await using node = await LiveServer.start();
  using waiter = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  const id = String(await waiter.call("client", "id"));
  assert.deepEqual(await waiter.call("waitaof", "0", "1", "5"), [0, 0]);
  for (const [reason, reply] of [
    ["timeout", [0, 0]],
    ["error", "-UNBLOCKED client unblocked via CLIENT UNBLOCK"],
  ] as const) {
    waiter.send(encodeRequest(["waitaof", "0", "1", "0"]));
    while ((await other.call("client", "unblock", id, reason)) !== 1);
    assert.deepEqual(await waiter.reply(), reply);
  }
  waiter.send(encodeRequest(["multi"]));
  assert.deepEqual(await waiter.reply(), "OK");
  assert.equal(await waiter.call("waitaof", "0", "1", "0"), "QUEUED");
  assert.deepEqual(await waiter.call("exec"), [[0, 0]]);
});

test("a client that waits may send more, which is kept up to a bound, and leave without being heard", async () => {
  await using node = await LiveServer.start();
  using waiter = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  const id = String(await waiter.call("client", "id"));
  const count = 1_000;
  const ping = encodeRequest(["echo", "x".repeat(1_000)]);
  waiter.send(encodeRequest(["wait", "1", "0"]));
  for (let i = 0; i < count; i++) waiter.send(ping);
  const keptBytes = async (): Promise<number> =>
    Number(/ qbuf=(\d+)/.exec(String(await other.call("client", "list", "id", id)))![1]);
  while ((await keptBytes()) < limits.turnBytesMax);
  assert.ok((await keptBytes()) <= 2 * limits.turnBytesMax);
  assert.equal(await other.call("client", "unblock", id), 1);
  const replies = await waiter.replies(1 + count);
  assert.equal(replies[0], 0);
  waiter.send(Buffer.concat([encodeRequest(["wait", "1", "0"]), encodeRequest(["incr", "n"])]));
  waiter.socket.end();
  assert.deepEqual((await waiter.rest()).replies, [0, 1], "what was sent before the end is answered");
});
