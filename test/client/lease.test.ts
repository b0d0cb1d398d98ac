import assert from "node:assert/strict";
import type net from "node:net";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import type { Lease } from "../../src/client/lease.ts";
import { BadServer } from "./bad-server.ts";
import { status } from "./say.ts";

/** A connection for one caller, to a server that says nothing any more: no heartbeat and no silence ends that wait. */
const endings: readonly [
  name: string,
  code: string,
  timeout: number,
  begin: (lease: Lease) => Promise<unknown>,
][] = [
  ["the client's timeout", "TIMEOUT", 60, (lease) => lease.call("SET", "a", 1)],
  ["its own timeout", "TIMEOUT", 0, (lease) => lease.send(["SET", "a", 1], { timeout: 60 })],
  ["its signal", "ABORTED", 0, (lease) => aborted(lease)],
];

function aborted(lease: Lease): Promise<unknown> {
  const controller = new AbortController();
  const call = lease.send(["SET", "a", 1], { signal: controller.signal });
  setImmediate(() => controller.abort());
  return call;
}

for (const [name, code, timeout, begin] of endings) {
  test(`a call on a lent connection ends by ${name}, and the connection is not lent again`, async () => {
    await using server: BadServer = await BadServer.start(([word]) =>
      word === "KVORUM"
        ? status("n1", 1, "n1", { n1: server.address })
        : word === "PING"
          ? "+PONG"
          : undefined,
    );
    const client = new KvClient({ addresses: [server.address], timeout, silence: 60_000 });
    const lease = await client.acquire();
    const { connections } = server;
    await assert.rejects(begin(lease), { name: "KvClientError", code, applied: "maybe" });
    lease.release();
    (await client.acquire()).release();
    assert.equal(server.connections, connections + 1);
    const late = AbortSignal.abort();
    await assert.rejects((await client.acquire()).send(["PING"], { signal: late }), {
      code: "ABORTED",
      applied: "no",
    });
    client.destroy();
  });
}

test("a connection that was changed is not lent again, and one that was not is", async () => {
  await using server: BadServer = await BadServer.start(([word]) =>
    word === "KVORUM" ? status("n1", 1, "n1", { n1: server.address }) : "+OK",
  );
  await using client = new KvClient(server.address);
  await client.connect();
  const opened: number[] = [];
  for (const words of [
    ["GET", "a"],
    ["SELECT", 1],
    ["GET", "a"],
  ]) {
    using lease = await client.acquire();
    await lease.call(...words);
    opened.push(server.connections);
  }
  assert.deepEqual(
    opened.map((count) => count - opened[0]!),
    [0, 0, 1],
  );
});

test("nothing is said on a lent connection but by its holder, and one that is kept is tested", async () => {
  const pings = new Map<net.Socket, number>();
  let lent: net.Socket | undefined;
  await using server: BadServer = await BadServer.start(([word], socket) => {
    if (word === "KVORUM") return status("n1", 1, "n1", { n1: server.address });
    if (word === "PING") pings.set(socket, (pings.get(socket) ?? 0) + 1);
    if (word === "GET") lent = socket;
    return word === "HELLO" ? undefined : "+OK";
  });
  await using client = new KvClient({ addresses: [server.address], heartbeat: 1 });
  const lease = await client.acquire();
  await lease.call("GET", "a");
  // The connection that others share has been tested as often meanwhile as this one would have been.
  while (![...pings.values()].some((count) => count >= 3)) await new Promise(setImmediate);
  assert.equal(pings.get(lent!), undefined);
  lease.release();
  while (!pings.has(lent!)) await new Promise(setImmediate);
});

test("a connection is lent of the node that is named, whoever leads", async () => {
  await using other: BadServer = await BadServer.start(([word]) => (word === "GET" ? "other" : "+PONG"));
  await using leader: BadServer = await BadServer.start(([word]) =>
    word === "KVORUM" ? status("n1", 1, "n1", { n1: leader.address }) : "leader",
  );
  await using client = new KvClient(leader.address);
  await client.connect();
  using led = await client.acquire();
  assert.equal(await led.call("GET", "a"), "leader");
  using named = await client.acquire({ node: other.address });
  assert.deepEqual([named.address, await named.call("GET", "a")], [other.address, "other"]);
  assert.deepEqual(await named.send(["GET", "a"], { as: "bytes" }), Buffer.from("other"));
  await assert.rejects(client.acquire({ node: "no:such:place" }), {
    code: "ERR",
    message: /^node: expected HOST:PORT/,
  });
  await assert.rejects(client.acquire({ timeout: -1 }), { code: "ERR", message: /^timeout: / });
});

test("who waits no longer for a connection is told, and the connection that comes later is kept for others", async () => {
  let greet = (): void => {};
  await using server: BadServer = await BadServer.start(([word]) => {
    if (word !== "HELLO") return word === "GET" ? "value" : "+PONG";
    return new Promise((resolve) => {
      const before = greet;
      greet = () => {
        before();
        resolve(new Map());
      };
    });
  });
  const { address: node } = server;
  const client = new KvClient({ addresses: [node], connectTimeout: 60_000, pool: { maxOpen: 1 } });
  await assert.rejects(client.acquire({ node, timeout: 20 }), {
    ...{ code: "TIMEOUT", applied: "no" },
    message: "no connection came within 20 ms",
  });
  const controller = new AbortController();
  const waiting = client.acquire({ node, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, { code: "ABORTED", applied: "no", cause: new Error("enough") });
  await assert.rejects(client.acquire({ node, signal: controller.signal }), { code: "ABORTED" });
  // There may be one only: it was given back by everybody before.
  const lent = client.acquire({ node, timeout: 30_000 });
  greet();
  const lease = await lent;
  assert.equal(await lease.call("GET", "a"), "value");
  assert.ok(lease.isOpen);
  lease.release();
  assert.ok(!lease.isOpen);
  client.destroy();
});

test("neither closing nor destroying waits for a server that says nothing", async () => {
  await using server = await BadServer.start(([word]) =>
    word === "HELLO" ? new Promise(() => {}) : undefined,
  );
  for (const end of ["close", "destroy"] as const) {
    const client = new KvClient({ addresses: [server.address], connectTimeout: 600_000 });
    const waiting = assert.rejects(client.acquire({ node: server.address, timeout: 2 ** 40 }), {
      code: "CLOSED",
    });
    while (server.connections === 0) await new Promise(setImmediate);
    await client[end]();
    await waiting;
  }
});

test("a client that connects late asks nobody before it is asked, and then as any other", async () => {
  await using other: BadServer = await BadServer.start(() => "+OK");
  await using server: BadServer = await BadServer.start(([word]) =>
    word === "KVORUM" ? status("n1", 1, "n1", { n1: server.address }) : word === "GET" ? "value" : "+OK",
  );
  const addresses = [server.address, other.address];
  await using client = new KvClient({ addresses, lazyConnect: true });
  using lease = await client.acquire({ node: server.address });
  assert.equal(await lease.call("GET", "a"), "value");
  assert.deepEqual([server.connections, other.connections], [1, 0]);
  assert.equal(client.leader, undefined);
  await client.get("a");
  while (client.leader !== server.address) await new Promise(setImmediate);
});

test("a node that could not be reached a moment ago says why", async () => {
  const { address: node } = await (async () => {
    await using gone = await BadServer.start(() => "+OK");
    return gone;
  })();
  await using client = new KvClient({ addresses: [node], lazyConnect: true });
  const nothing = `nothing listens on ${node}`;
  await assert.rejects(client.acquire({ node }), { code: "UNREACHABLE", message: nothing });
  const later = `${node} could not be reached a moment ago: ${nothing}`;
  await assert.rejects(client.acquire({ node }), { code: "UNREACHABLE", message: later });
});
