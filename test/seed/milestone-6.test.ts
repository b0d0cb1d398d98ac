import assert from "node:assert/strict";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import type { Lease } from "../../src/client/lease.ts";
import { Cluster } from "../cluster/cluster.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

/**
 * The checkpoint tests of the seed's sixth milestone, under their names. Its `drop(conn)` is `release()`, and its replicas
 * are members; its failover test has two nodes, of which one is no majority: here there are three.
 */
const ids = ["n1", "n2", "n3"];

function addressesOf(cluster: Cluster): string[] {
  return ids.map((id) => cluster.clientsOf(id));
}

function idOf(lease: Lease): Promise<unknown> {
  return lease.call("CLIENT", "ID");
}

test("connection pool reuse", async () => {
  await using node = await SpawnedNode.start();
  await using client = new KvClient(`127.0.0.1:${node.port}`);
  const first = await client.acquire();
  const firstId = await idOf(first);
  first.release();
  const second = await client.acquire();
  assert.equal(await idOf(second), firstId, "the same connection");
  second.release();
});

test("pool max size", async () => {
  await using node = await SpawnedNode.start();
  await using client = new KvClient({ addresses: [`127.0.0.1:${node.port}`], pool: { max: 2 } });
  const three = await Promise.all([1, 2, 3].map(() => client.acquire()));
  const before = await Promise.all(three.map(idOf));
  assert.equal(new Set(before).size, 3, "a third one is opened");
  for (const lease of three) lease.release();
  const again = await Promise.all([1, 2, 3].map(() => client.acquire()));
  const after = await Promise.all(again.map(idOf));
  assert.deepEqual(
    after.map((id) => before.includes(id)),
    [true, true, false],
    "and is not kept",
  );
  for (const lease of again) lease.release();
});

test("client get with pool", async () => {
  await using node = await SpawnedNode.start();
  await using client = new KvClient(`127.0.0.1:${node.port}`);
  const received = async (): Promise<string> =>
    /total_connections_received:(\d+)/.exec(String(await client.call("INFO", "stats")))![1]!;
  assert.equal(await client.get("key1"), null);
  const before = await received();
  assert.equal(await client.get("key2"), null);
  assert.equal(await received(), before, "no connection was opened for it");
});

test("smart routing to leader", async () => {
  await using cluster = await Cluster.startWith(["--redirect", "moved"], ...ids);
  const leader = await cluster.leader("n1");
  await using client = new KvClient(addressesOf(cluster));
  await client.connect();
  assert.equal(client.leader, cluster.clientsOf(leader));
  assert.equal(await client.set("key", "value"), true);
  assert.equal(client.stats.retries, 0, "nobody had to send it on");
  assert.equal(await cluster.call(leader, "GET", "key"), "value");
});

test("read load balancing", async () => {
  await using cluster = await Cluster.start(...ids);
  await using client = new KvClient(addressesOf(cluster));
  await client.connect();
  for (let i = 0; i < 30; i++) await client.get(`key${i}`);
  const usage = await Promise.all(
    ids.map(async (id) =>
      Number(
        /cmdstat_get:calls=(\d+)/.exec(String(await cluster.call(id, "INFO", "commandstats")))?.[1] ?? 0,
      ),
    ),
  );
  assert.equal(
    usage.reduce((sum, calls) => sum + calls, 0),
    30,
  );
  assert.ok(usage.filter((calls) => calls > 0).length > 1, `reads by member: ${usage}`);
});

test("automatic leader failover", async () => {
  await using cluster = await Cluster.start(...ids);
  await using client = new KvClient({ addresses: addressesOf(cluster), timeout: 60_000 });
  assert.equal(await client.set("key1", "value1"), true);
  await cluster.kill(await cluster.leader("n1"));
  assert.equal(await client.set("key2", "value2"), true);
  assert.deepEqual(await client.getMany(["key1", "key2"]), ["value1", "value2"]);
});
