import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Chance } from "../differential/chance.ts";
import { Conversation, late, local } from "./conversation.ts";

/** What all clients hold together: that the account is right, and what happens when it is too much. */
const kib = 1024;

/** The sum that the account should be. */
function heldByAll({ server }: Conversation): number {
  return [...server.clients.values()].reduce((sum, client) => sum + client.heldBytes, 0);
}

function halfOf(bytes: number): Buffer {
  return Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n${"x".repeat(bytes)}`);
}

test("the account is the sum of what the clients hold, whatever they do, and nothing when they are gone", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const chance = new Chance(seed);
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    const count = 8;
    await conversation.open(count);
    const { clientMemory } = conversation.server;
    const said = (): Buffer =>
      chance.pick([
        encodeRequest(["SET", "k", Buffer.alloc(chance.below(100_000))]),
        encodeRequest(["GET", "k"]),
        encodeRequest(["MGET", ...Array.from({ length: 1 + chance.below(300) }, () => "k")]),
        encodeRequest(["WATCH", "a", "k", `k${chance.below(9)}`]),
        encodeRequest(["MULTI"]),
        encodeRequest(["EXEC"]),
        encodeRequest(["DISCARD"]),
        encodeRequest(["RESET"]),
        encodeRequest(["CLIENT", "SETNAME", "n".repeat(chance.below(500))]),
        encodeRequest(["CLIENT", "KILL", "ID", String(chance.below(count))]),
        encodeRequest(["SET", "half", "value"]).subarray(0, chance.below(20)),
      ]);
    for (let step = 0; step < 120; step++) {
      const client = chance.below(count);
      if (chance.percent(85)) conversation.take({ client, sends: said() });
      else conversation.take({ client, does: chance.pick(["stop reading", "read again"]) });
      assert.equal(clientMemory.bytes, heldByAll(conversation), `seed ${seed}, step ${step}`);
    }
    for (let client = 0; client < count; client++) {
      conversation.take({ client, does: "read again" });
      conversation.take({ client, does: "end" });
    }
    assert.equal(conversation.server.clients.size, 0);
    assert.equal(clientMemory.bytes, 0, `seed ${seed}`);
  }
});

test("what is queued, watched, half sent and not taken is in the account", async () => {
  const conversation = new Conversation(local, "calm");
  await conversation.open(4);
  const [queues, watches, sends, takes] = conversation.server.clients.values();
  const value = Buffer.alloc(100_000);
  const queued = Array.from({ length: 10 }, () => ["SET", "k", value]);
  conversation.take({ client: 0, sends: Buffer.concat([["MULTI"], ...queued].map((c) => encodeRequest(c))) });
  const keys = Array.from({ length: 1_000 }, (_, i) => `key ${i} ${"x".repeat(1_000)}`);
  conversation.take({ client: 1, sends: encodeRequest(["WATCH", ...keys]) });
  conversation.take({ client: 2, sends: halfOf(1_000_000) });
  conversation.take({ client: 3, sends: encodeRequest(["SET", "k", value]) });
  conversation.take({ client: 3, does: "stop reading" });
  conversation.take({ client: 3, sends: encodeRequest(["MGET", ...Array<string>(10).fill("k")]) });
  for (const client of [queues!, watches!, sends!, takes!]) {
    assert.ok(client.countedBytes > 1_000_000, String(client.session.id));
    // Buffers that grow are up to twice as large; so are watched keys, which are there twice.
    assert.ok(client.countedBytes < 2_600_000, String(client.countedBytes));
  }
});

test("over maxmemory-clients the one that holds the most is cut off, and the others notice nothing", async () => {
  const maxmemoryClients = 1_000 * kib;
  const conversation = new Conversation(local, "calm", { maxmemoryClients });
  await conversation.open(8);
  const { server, clients } = conversation;
  // 200 KiB each, in buffers of 256: four of them go into 1,000 KiB, and the one with 100 KiB beside them.
  conversation.take({ client: 0, sends: halfOf(60 * kib) });
  for (let client = 1; client < 7; client++) {
    conversation.take({ client, sends: halfOf(200 * kib) });
    assert.ok(server.clientMemory.bytes <= maxmemoryClients, `${server.clientMemory.bytes} bytes`);
    conversation.take({ client: 7, sends: encodeRequest(["INCR", "n"]) });
  }
  assert.equal(clients[0]!.isClosed, false, "others hold more");
  const closed = clients.filter(({ isClosed }) => isClosed).length;
  assert.equal(server.stats.evictedClients, closed);
  assert.ok(closed >= 2 && closed <= 3, `${closed} of 6 are cut off`);
  assert.equal(clients[7]!.received.toString(), ":1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n");
});

test("who asked for NO-EVICT is spared as long as there are others", async () => {
  const conversation = new Conversation(local, "calm", { maxmemoryClients: 600 * kib });
  await conversation.open(4);
  const { clients } = conversation;
  const noEvict = encodeRequest(["CLIENT", "NO-EVICT", "ON"]);
  for (const client of [0, 1]) conversation.take({ client, sends: noEvict });
  conversation.take({ client: 0, sends: halfOf(400 * kib) });
  conversation.take({ client: 2, sends: halfOf(100 * kib) });
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [false, false, true, false],
    "the largest of the others",
  );
  conversation.take({ client: 1, sends: halfOf(200 * kib) });
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [true, false, true, true],
    "but not without end",
  );
});

test("a limit that is lowered holds at once, and one of 0 is none", async () => {
  const conversation = new Conversation(local, "calm", { maxmemoryClients: 0 });
  await conversation.open(2);
  conversation.take({ client: 0, sends: halfOf(7_000_000) });
  assert.equal(conversation.clients[0]!.isClosed, false);
  conversation.take({ client: 1, sends: encodeRequest(["CONFIG", "SET", "maxmemory-clients", "6mb"]) });
  assert.equal(conversation.clients[0]!.isClosed, true);
  assert.equal(conversation.clients[1]!.received.toString(), "+OK\r\n");
});

test("a share is one of the memory there is, whatever maxmemory says", async () => {
  const conversation = new Conversation(local, "calm", { maxmemoryClients: -5, maxmemoryBytes: 1_000_000 });
  const { settings, parts } = conversation.server;
  assert.equal(settings.clientBytesMax, parts.process.memoryBytes * 0.05);
  settings.maxmemoryClients = 1;
  assert.equal(settings.clientBytesMax, limits.clientsBytesMin, "as much as is needed to allow more");
});

test("what clients hold is used memory, and no reason to refuse a write", async () => {
  const conversation = new Conversation(local, "calm", { maxmemoryBytes: 2_000_000 });
  await conversation.open(2);
  const { server, clients } = conversation;
  const before = server.usedBytes();
  conversation.take({ client: 0, sends: halfOf(3_000_000) });
  assert.ok(server.usedBytes() - before > 3_000_000);
  conversation.take({ client: 1, sends: encodeRequest(["SET", "k", "v"]) });
  assert.equal(clients[1]!.received.toString(), "+OK\r\n");
});

test("short replies to a client that takes none are kept together", async () => {
  const conversation = new Conversation(local, "calm");
  await conversation.open(1);
  const [client] = conversation.server.clients.values();
  conversation.take({ client: 0, does: "stop reading" });
  const count = 5_000;
  for (let i = 0; i < count; i++) conversation.take({ client: 0, sends: encodeRequest(["PING"]) });
  // The first one has a buffer of its own, which is under way; all others are in one.
  assert.ok(client!.countedBytes < limits.clientBytes + 16 * kib + 2 * 7 * count, `${client!.countedBytes}`);
  conversation.take({ client: 0, does: "read again" });
  assert.equal(conversation.clients[0]!.received.toString(), "+PONG\r\n".repeat(count));
  assert.ok(client!.countedBytes <= limits.clientBytes + 16 * kib);
});

test("a long command leaves no long buffer behind", async () => {
  const conversation = new Conversation(local, "calm");
  await conversation.open(1);
  const [client] = conversation.server.clients.values();
  const next = encodeRequest(["GET", "k"]);
  conversation.take({
    client: 0,
    sends: Buffer.concat([encodeRequest(["SET", "k", Buffer.alloc(5_000_000)]), next.subarray(0, 10)]),
  });
  assert.ok(client!.countedBytes < 100 * kib, `${client!.countedBytes} bytes for half a GET`);
  conversation.take({ client: 0, sends: next.subarray(10) });
  assert.equal(conversation.clients[0]!.received.length, 5 + 5_000_000 + 12);
});
