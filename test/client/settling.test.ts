import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import fc from "fast-check";
import { Prng } from "../../sim/prng.ts";
import { KvClient } from "../../src/client/client.ts";
import { KvClientError } from "../../src/client/errors.ts";
import { Cluster } from "../cluster/cluster.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { Everything } from "./everything.ts";
import { Meddler, type Trouble } from "./meddler.ts";

/**
 * Every operation is over exactly once, whatever happens between the client and its server: connections are killed, nothing
 * comes any more, it comes late or in pieces, replies are garbage, and the way there is cut for a while.
 */

const troubles: readonly Trouble[] = ["kill", "hold", "cut", "slow", "garbage", "halve", "refuse"];
const plan = fc.record({
  troubles: fc.array(fc.constantFrom(...troubles), { minLength: 1, maxLength: 4 }),
  callers: fc.integer({ min: 1, max: 40 }),
  exactlyOnce: fc.boolean(),
  operationsBetween: fc.integer({ min: 1, max: 150 }),
});

test("every operation is over exactly once, and increments that are numbered are applied as often as they say", async () => {
  await using node = await SpawnedNode.start();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(plan, async ({ troubles: list, callers, exactlyOnce, operationsBetween }) => {
      const key = `n${++run}`;
      await using meddler = await Meddler.before(node.port);
      const client = new KvClient({
        ...{ addresses: [`127.0.0.1:${meddler.port}`], exactlyOnce },
        ...{ silence: 150, connectTimeout: 300, heartbeat: 100, timeout: 30_000 },
      });
      let begun = 0;
      let over = 0;
      let [applied, inDoubt] = [0, 0];
      let isStopping = false;
      const call = async (): Promise<void> => {
        while (!isStopping) {
          begun++;
          try {
            if (begun % 3 === 0) await client.get(key);
            else {
              await client.increment(key);
              applied++;
            }
          } catch (error) {
            assert.ok(error instanceof KvClientError, String(error));
            if (error.applied === "maybe") inDoubt++;
            assert.notEqual(error.applied, "yes");
          }
          over++;
        }
      };
      const all = Array.from({ length: callers }, call);
      for (const trouble of list) {
        const until = over + operationsBetween;
        while (over < until) await new Promise(setImmediate);
        meddler.begin(trouble);
        // Long enough for a connection to be given up, and for the next one to be tried.
        await new Promise((resolve) => setTimeout(resolve, 200));
        meddler.begin("none");
      }
      isStopping = true;
      await Promise.all(all);
      assert.equal(over, begun);
      assert.equal(client.stats.pending, 0);
      const value = Number(await client.get(key));
      if (exactlyOnce) assert.equal(inDoubt, 0, "numbered writes are known in the end");
      assert.ok(
        value >= applied && value <= applied + inDoubt,
        `${applied} to ${applied + inDoubt}, not ${value}`,
      );
      await client.close();
    }),
    { numRuns: 6, seed: 1 },
  );
});

test("a client that is destroyed under load settles everything, and leaves nothing behind", async () => {
  await using node = await SpawnedNode.start();
  for (let run = 0; run < 5; run++) {
    const client = new KvClient(`127.0.0.1:${node.port}`);
    const operations = Array.from({ length: 2_000 }, (_, i) =>
      i % 2 === 0 ? client.get(`k${i}`) : client.set(`k${i}`, i),
    );
    for (let turn = 0; turn < run; turn++) await new Promise(setImmediate);
    client.destroy();
    const settled = await Promise.allSettled(operations);
    for (const one of settled) if (one.status === "rejected") assert.equal(one.reason.code, "CLOSED");
    assert.equal(client.stats.pending, 0);
  }
});

const endings = ["quiet", "close", "destroy", "close in trouble", "destroy in trouble"] as const;
const clusterPlan = fc.record({
  troubles: fc.array(fc.tuple(fc.nat(2), fc.constantFrom(...troubles), fc.integer({ min: 20, max: 250 })), {
    minLength: 2,
    maxLength: 5,
  }),
  callers: fc.integer({ min: 1, max: 24 }),
  exactlyOnce: fc.boolean(),
  ending: fc.constantFrom(...endings),
  seed: fc.integer(),
});

test("operations of every kind, with deadlines and signals, are over exactly once among three members in trouble", async () => {
  const ids = ["n1", "n2", "n3"];
  await using cluster = await Cluster.start(...ids);
  await using judge = new KvClient({ addresses: ids.map((id) => cluster.clientsOf(id)), timeout: 60_000 });
  await judge.set("k", "v");
  let run = 0;
  let ended = 0;
  const count = (): void => void ended++;
  subscribe("kvorum:client:operation", count);
  await fc.assert(
    fc.asyncProperty(clusterPlan, async ({ troubles: list, callers, exactlyOnce, ending, seed }) => {
      const ways: Meddler[] = [];
      for (const id of ids) ways.push(await Meddler.before(6379, cluster.hostOf(id)));
      const hosts = ids.map((id) => cluster.clientsOf(id));
      const client = new KvClient({
        ...{ addresses: ways.map(({ address }) => address), exactlyOnce, timeout: 20_000 },
        ...{ silence: 150, connectTimeout: 300, heartbeat: 100, refreshInterval: 200 },
        translateAddress: (address) => ways[hosts.indexOf(address)]?.address ?? address,
      });
      ended = 0;
      const all = new Everything(client, `run${++run}`, new Prng(seed >>> 0));
      const calling = all.run(callers);
      let closing: Promise<void> | undefined;
      for (const [i, [node, trouble, lastsMs]] of list.entries()) {
        ways[node]!.begin(trouble);
        await new Promise((resolve) => setTimeout(resolve, lastsMs));
        if (i !== list.length - 1) continue;
        if (ending === "destroy in trouble") client.destroy();
        if (ending === "close in trouble") closing = client.close();
      }
      for (const way of ways) way.begin("none");
      if (ending === "destroy") client.destroy();
      if (ending === "close") closing = client.close();
      all.stop();
      await calling;
      await closing;
      assert.deepEqual([client.stats.pending, ended], [0, client.stats.operations]);
      client.destroy();
      for (const way of ways) await way[Symbol.asyncDispose]();
      await all.judge(judge);
    }),
    { numRuns: 10, seed: 2 },
  );
  unsubscribe("kvorum:client:operation", count);
});
