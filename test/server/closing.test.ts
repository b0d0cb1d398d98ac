import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { LATER } from "../../src/replica/contract.ts";
import { Chance } from "../differential/chance.ts";
import { LateReplica } from "../late-replica.ts";
import { Conversation, late, local, type MakeReplica } from "./conversation.ts";
import { fill } from "./fill.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";
import { SpawnedNode } from "./spawned-node.ts";

/** How connections, and the node itself, come to an end. */
test("a client over the limit is told so and closed, and may come when another has left", async () => {
  await using live = await LiveServer.start({ maxclients: 2 });
  using first = await RawClient.connect(live.port);
  using second = await RawClient.connect(live.port);
  assert.deepEqual([await first.call("DBSIZE"), await second.call("DBSIZE")], [0, 0]);
  for (const hello of ["*1\r\n$6\r\nDBSIZE\r\n", "*1\r\n$4\r\nPING\r\n"]) {
    using third = await RawClient.connect(live.port);
    third.send(hello);
    assert.deepEqual((await third.rest()).replies, ["-ERR max number of clients reached"]);
  }
  assert.equal(live.server.stats.rejectedClients, 2);
  second.socket.end();
  await second.rest();
  using fourth = await RawClient.connect(live.port);
  assert.equal(await fourth.call("DBSIZE"), 0);
  assert.equal(await first.call("DBSIZE"), 0);
});

test("an idle client is closed, a busy one is not", async () => {
  await using live = await LiveServer.start({ idleMsMax: 300 });
  using idle = await RawClient.connect(live.port);
  using silent = await RawClient.connect(live.port);
  using busy = await RawClient.connect(live.port);
  assert.equal(await idle.call("DBSIZE"), 0);
  idle.send("*2\r\n$3\r\nGET\r\n");
  const startMs = performance.now();
  while (!idle.isClosed || !silent.isClosed) assert.equal(await busy.call("DBSIZE"), 0);
  assert.ok(performance.now() - startMs >= 200, "not before its time");
});

test("an idle client that takes no replies is cut off", async () => {
  const conversation = new Conversation(local, 1, { idleMsMax: 10_000 });
  await conversation.open(2);
  conversation.take({ client: 0, sends: encodeRequest(["SET", "big", Buffer.alloc(2_000_000)]) });
  conversation.take({ client: 0, does: "stop reading" });
  conversation.take({ client: 0, sends: encodeRequest(["GET", "big"]) });
  conversation.take({ passesMs: 6_000 });
  conversation.take({ client: 1, sends: encodeRequest(["DBSIZE"]) });
  for (const ms of [6_000, 100]) conversation.take({ passesMs: ms });
  assert.equal(conversation.clients[0]!.isClosed, true);
  assert.equal(conversation.clients[1]!.isClosed, false);
});

test("whoever waits for a reply is not idle", async () => {
  const conversation = new Conversation(
    (replica) => ({
      submit: () => LATER,
      revisionOf: () => 0,
      store: replica.store,
      isFull: false,
      trouble: undefined,
      persistence: undefined,
      status: undefined,
      administration: undefined,
      leads: true,
      countHolders: () => ({ end() {} }),
      close: async () => {},
    }),
    1,
    { idleMsMax: 10_000 },
  );
  await conversation.open(1);
  conversation.take({ client: 0, sends: encodeRequest(["GET", "k"]) });
  for (const ms of [20_000, 100]) conversation.take({ passesMs: ms });
  assert.equal(conversation.clients[0]!.isClosed, false);
});

test("a client that has closed its half is answered before the other half is closed", async () => {
  const count = 50_000;
  for (const makeReplica of [local, late(3)]) {
    await using live = await LiveServer.start({}, makeReplica);
    using client = await RawClient.connect(live.port);
    client.send(Buffer.alloc(count * increment.length, increment));
    client.socket.end();
    const { replies } = await client.rest();
    assert.equal(replies.length, count);
    assert.deepEqual([replies[0], replies.at(-1)], [1, count]);
  }
});

const increment = encodeRequest(["INCR", "counter"]);

test("a client that has closed its half, and reads only then, gets everything", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    await conversation.open(1);
    const big = Buffer.alloc(300_000, "x");
    const gets = Array.from({ length: 30 }, () => encodeRequest(["GET", "big"]));
    conversation.take({ client: 0, does: "stop reading" });
    conversation.take({ client: 0, sends: Buffer.concat([encodeRequest(["SET", "big", big]), ...gets]) });
    conversation.take({ client: 0, does: "end" });
    assert.ok(conversation.clients[0]!.received.length < 2_000_000);
    conversation.take({ client: 0, does: "read again" });
    assert.equal(conversation.clients[0]!.received.length, 5 + 30 * (big.length + 11), `seed ${seed}`);
    assert.equal(conversation.clients[0]!.isClosed, true);
  }
});

test("a server that closes answers what it has received, also to a client that reads late", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    await conversation.open(2);
    const [busy, idle] = conversation.clients;
    const big = Buffer.alloc(300_000, "x");
    const gets = Array.from({ length: 30 }, () => encodeRequest(["GET", "big"]));
    conversation.take({ client: 0, sends: encodeRequest(["SET", "big", big]) });
    conversation.take({ client: 0, does: "stop reading" });
    conversation.take({ client: 0, sends: Buffer.concat(gets) });
    const received = gets.length - busy!.unread.length / gets[0]!.length;
    const closed = conversation.server.close();
    busy!.isReading = true;
    busy!.send(encodeRequest(["SET", "late", "x"]));
    await conversation.settle(closed);
    const whole = 5 + Math.floor(received) * (big.length + 11);
    assert.equal(busy!.received.length, whole, `seed ${seed}`);
    assert.deepEqual([busy!.isClosed, idle!.isClosed, idle!.received.length], [true, true, 0]);
  }
});

test("whoever is closed in the midst of sending gets the replies to what came before", async () => {
  await using live = await LiveServer.start();
  const get = encodeRequest(["GET", "k"]);
  const endings: readonly (readonly [ending: string, reply: string])[] = [
    ["*1\r\n$4\r\nQUIT\r\n", "OK"],
    ["*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length"],
  ];
  for (const [ending, reply] of endings) {
    using client = await RawClient.connect(live.port);
    await client.call("SET", "k", "x".repeat(1_000));
    client.socket.pause();
    client.send(Buffer.concat([Buffer.alloc(3_000 * get.length, get), Buffer.from(ending)]));
    // Far more than the system keeps for a socket: without a reader at the other end this never goes out.
    const flood = Buffer.alloc(400_000 * get.length, get);
    const isSent = new Promise((resolve) => client.socket.write(flood, resolve));
    await isSent;
    client.socket.resume();
    const { replies } = await client.rest();
    assert.deepEqual([replies.length, replies.at(-1)], [3_001, reply]);
  }
});

test("while the last replies wait for their client, what it still sends is read and dropped", async () => {
  for (let seed = 0; seed < 10; seed++) {
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    await conversation.open(1);
    const [client] = conversation.clients;
    const echoes = ["x", "xx"].map((word) => encodeRequest(["ECHO", word]));
    conversation.take({ client: 0, does: "stop reading" });
    conversation.take({ client: 0, sends: Buffer.concat([...echoes, quit]) });
    conversation.take({ client: 0, sends: Buffer.alloc(1_000_000, quit) });
    assert.deepEqual([client!.unread.length, client!.isClosed], [0, false]);
    conversation.take({ client: 0, does: "read again" });
    assert.deepEqual(
      [client!.received.toString(), client!.isClosed],
      ["$1\r\nx\r\n$2\r\nxx\r\n+OK\r\n", true],
    );
  }
});

const quit = encodeRequest(["QUIT"]);

test("a client that never closes its half is let go after a while", async () => {
  await using live = await LiveServer.start();
  const socket = net.connect({ port: live.port, host: "127.0.0.1", allowHalfOpen: true });
  const failed = once(socket, "error");
  socket.write("SET a b\nQUIT\n");
  assert.equal((await text(socket)).toString(), "OK\n");
  while (live.server.clients.size > 0) await new Promise(setImmediate);
  // What it sends now is dropped, until nobody is there to take it.
  const talk = setInterval(() => socket.write("GET a\n"), 20);
  await failed;
  clearInterval(talk);
});

test("SIGTERM: what was accepted is answered, then the process ends with 0, whoever is connected", async () => {
  await using node = await SpawnedNode.start();
  using idle = await RawClient.connect(node.port);
  using half = await RawClient.connect(node.port);
  using lister = await RawClient.connect(node.port);
  using client = await RawClient.connect(node.port);
  assert.equal(await idle.call("DBSIZE"), 0);
  half.send("*2\r\n$3\r\nGET\r\n");
  await fill(lister, 30_000);
  // Both are received at once: when the first is answered, the second is accepted.
  lister.send(Buffer.concat([encodeRequest(["DBSIZE"]), encodeRequest(["KEYS", "*"])]));
  assert.equal(await lister.reply(), 30_000);
  client.send(Buffer.alloc(100_000 * increment.length, increment));
  assert.equal(await client.reply(), 1);
  node.running.process.kill("SIGTERM");
  const { replies } = await client.rest();
  for (const [i, reply] of replies.entries()) assert.equal(reply, i + 2);
  const [keys] = (await lister.rest()).replies as [string[]];
  assert.ok(keys.length >= 30_000, `${keys.length} keys listed`);
  assert.deepEqual((await idle.rest()).replies, []);
  assert.deepEqual((await half.rest()).replies, []);
  assert.equal((await node.running.ended).code, 0);
});

test("replies that are over the limit cut their client off, and nobody else", async () => {
  await using live = await LiveServer.start({}, answersLater);
  using client = await RawClient.connect(live.port);
  using other = await RawClient.connect(live.port);
  await client.call("SET", "big", Buffer.alloc(limits.valueBytesMax));
  // All of them are taken before the first is answered: then it is too late to read no more of them.
  client.socket.pause();
  const count = 2 * (limits.outputBytesMax / limits.valueBytesMax);
  client.send(Buffer.concat(Array.from({ length: count }, () => encodeRequest(["GET", "big"]))));
  while (live.server.clients.size === 2) assert.equal(await other.call("DBSIZE"), 1);
  assert.equal(live.server.stats.overflowedClients, 1);
  assert.equal(await other.call("DBSIZE"), 1);
});

const answersLater: MakeReplica = (replica, clock) =>
  new LateReplica(replica, clock, new Chance(1), { fullPercent: 0, donePercent: 0 });
