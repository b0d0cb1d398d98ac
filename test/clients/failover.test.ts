import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { Cluster } from "../cluster/cluster.ts";
import { Writing, type WritingClient } from "./writing.ts";

const ids = ["n1", "n2", "n3"];
/** It did not hang. How long clients wait is judged by the benchmark `failover-kill`. */
const longestMsMax = 30_000;

function ioredisPlain(cluster: Cluster, id: string): WritingClient {
  const client = new Redis(cluster.addressOf(id));
  return {
    name: "ioredis",
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    close: () => client.disconnect(),
  };
}

function ioredisCluster(cluster: Cluster): WritingClient {
  const client = new Redis.Cluster(ids.map((id) => cluster.addressOf(id)));
  client.on("error", () => {});
  return {
    name: "ioredis.Cluster",
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    close: () => client.disconnect(),
  };
}

async function nodeRedisPlain(cluster: Cluster, id: string): Promise<WritingClient> {
  const client = createClient({ socket: cluster.addressOf(id) });
  client.on("error", () => {});
  await client.connect();
  return {
    name: "node-redis",
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    close: () => client.destroy(),
  };
}

async function nodeRedisCluster(cluster: Cluster): Promise<WritingClient> {
  const client = createCluster({
    rootNodes: ids.map((id) => ({ socket: cluster.addressOf(id) })),
    // By default it looks for another leader after five seconds.
    topologyRefreshOnReconnectionAttemptStrategy: 50,
    commandOptions: { timeout: 500 },
  });
  client.on("error", () => {});
  await client.connect();
  return {
    name: "createCluster",
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    close: () => client.destroy(),
    // It hands a lost connection to its caller, and what waited for the dead node.
    mayFail:
      /^(SocketClosedUnexpectedly|Timeout|DisconnectsClient|ClientClosed)Error |ECONNREFUSED|ECONNRESET/,
  };
}

for (const redirect of ["forward", "moved"] as const) {
  test(`clients outlive the death of their leader, and a transfer, with redirect: ${redirect}`, async (t) => {
    await using cluster = await Cluster.startWith(["--redirect", redirect], ...ids);
    const leader = await cluster.leader("n1");
    const survivor = ids.find((id) => id !== leader)!;
    const clients = [ioredisCluster(cluster), await nodeRedisCluster(cluster)];
    // A plain client knows one node, which has to know the way.
    if (redirect === "forward")
      clients.push(ioredisPlain(cluster, survivor), await nodeRedisPlain(cluster, survivor));
    const writings = clients.map((client) => new Writing(client));
    const allGoOn = async (): Promise<void> => {
      await Promise.all(writings.map((writing) => writing.goesOn(20)));
    };
    try {
      await allGoOn();
      await cluster.kill(leader);
      await allGoOn();
      cluster.start(leader, "--cluster", cluster.list, "--redirect", redirect);
      await cluster.serving(leader);
      const second = await cluster.leader(survivor, leader);
      using operator = await cluster.client(second);
      assert.equal(await operator.call("KVORUM", "TRANSFER"), "OK");
      await allGoOn();
      for (const writing of writings) {
        const { client, errors, failures, acknowledged, longestMs } = writing;
        assert.deepEqual(errors, [], client.name);
        assert.deepEqual(await writing.stop(), [], `${client.name} lost acknowledged writes`);
        const pause = `${client.name}: ${acknowledged} writes, the longest took ${Math.round(longestMs)} ms`;
        t.diagnostic(`${pause}, ${failures} were called again`);
        assert.ok(longestMs < longestMsMax, pause);
      }
    } finally {
      for (const writing of writings) await writing.stop().catch(() => {});
      for (const client of clients) client.close();
    }
  });
}
