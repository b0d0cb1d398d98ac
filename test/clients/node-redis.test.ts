import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient, createClientPool, ErrorReply, RESP_TYPES, WatchError } from "redis";
import { topCommands } from "../../src/protocol/spec/table.ts";
import { local } from "../server/conversation.ts";
import { LiveServer } from "../server/live-server.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

let node: SpawnedNode;

before(async () => {
  node = await SpawnedNode.start();
});

after(() => node[Symbol.asyncDispose]());

/** node-redis as its users use it, in RESP3, which it chooses by itself, and in RESP2. */
for (const RESP of [3, 2] as const) {
  describe(`node-redis with RESP${RESP}`, () => {
    let client: ReturnType<typeof open>;
    const clients: { destroy(): void; readonly isOpen: boolean }[] = [];

    function open(url: string = `redis://127.0.0.1:${node.port}`) {
      const opened = createClient({ url, RESP, socket: { reconnectStrategy: 20 } });
      opened.on("error", () => {});
      clients.push(opened);
      return opened;
    }

    before(async () => {
      client = await open().connect();
      await client.flushAll();
    });

    after(() => {
      for (const one of clients) if (one.isOpen) one.destroy();
    });

    test("shakes hands and introduces itself", async () => {
      assert.equal(await client.ping(), "PONG");
      assert.equal(client.isReady, true);
      const info = await client.clientInfo();
      assert.equal(info.libName, "node-redis");
      assert.equal(info.resp, RESP);
      await client.clientSetName("worker");
      assert.equal(await client.clientGetName(), "worker");
    });

    test("strings, counters and deadlines", async () => {
      const expiration = { type: "EX", value: 100 } as const;
      assert.equal(await client.set("k", "väl", { expiration, condition: "NX" }), "OK");
      assert.equal(await client.set("k", "other", { condition: "NX" }), null);
      assert.equal(await client.set("k", "new", { expiration: "KEEPTTL", GET: true }), "väl");
      assert.ok((await client.pTTL("k")) > 90_000);
      assert.equal(await client.set("k", "newer", { condition: "IFEQ", matchValue: "new" }), "OK");
      assert.equal(await client.set("k", "never", { condition: "IFEQ", matchValue: "new" }), null);
      assert.equal(await client.ttl("k"), -1);
      assert.equal(await client.expire("k", 50, "LT"), 1);
      assert.equal(await client.expire("k", 100, "LT"), 0);
      assert.equal(await client.getEx("k", { type: "PERSIST" }), "newer");
      assert.equal(await client.ttl("k"), -1);
      assert.equal(await client.incrBy("n", 41), 41);
      assert.equal(await client.incrByFloat("n", 0.5), "41.5");
      assert.equal(await client.getDel("k"), "newer");
      assert.equal(await client.get("k"), null);
      assert.equal(await client.exists(["k", "n"]), 1);
    });

    test("several keys at once", async () => {
      assert.equal(await client.mSet({ a: "1", b: "2" }), "OK");
      assert.equal(await client.mSet([["c", "3"]]), "OK");
      assert.deepEqual(await client.mGet(["a", "b", "c", "none"]), ["1", "2", "3", null]);
      assert.equal(await client.mSetNX(["a", "9", "d", "4"]), 0);
      assert.equal(await client.del(["a", "b", "c"]), 3);
    });

    test("bytes go in and come out as they are", async () => {
      const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      const bytes = Buffer.from([0, 255, 13, 10, 36, 42, 0]);
      await binary.set(bytes, bytes);
      assert.deepEqual(await binary.get(bytes), bytes);
      const large = Buffer.alloc(5_000_000, "ä");
      await binary.set("large", large);
      assert.ok((await binary.get("large"))!.equals(large));
    });

    test("an error is rejected with the server's words", async () => {
      await client.set("text", "x");
      await assert.rejects(client.incr("text"), (error) => {
        assert.ok(error instanceof ErrorReply);
        assert.equal(error.message, "ERR value is not an integer or out of range");
        return true;
      });
      await assert.rejects(client.sendCommand(["NO_SUCH"]), /ERR unknown command 'NO_SUCH'/);
      assert.equal(await client.echo("still here"), "still here");
    });

    test("10,000 commands at once come back in order", async () => {
      await client.del("n");
      const values = await Promise.all(Array.from({ length: 10_000 }, () => client.incr("n")));
      assert.deepEqual(
        values,
        Array.from({ length: 10_000 }, (_, i) => i + 1),
      );
    });

    test("transactions and pipelines", async () => {
      const results = await client.multi().set("t", "1").incr("t").get("t").exec();
      assert.deepEqual(results, ["OK", 2, "2"]);
      assert.deepEqual(await client.multi().incr("t").get("t").execAsPipeline(), [3, "3"]);
      await assert.rejects(client.multi().incr("text").set("t", "9").exec(), /1 commands failed/);
      assert.equal(await client.get("t"), "9");
    });

    test("WATCH makes a transaction fail when another client was quicker", async () => {
      const other = await open().connect();
      await client.watch("t");
      await other.set("t", "quicker");
      await assert.rejects(client.multi().set("t", "slower").exec(), WatchError);
      await client.watch("t");
      assert.deepEqual(await client.multi().get("t").exec(), ["quicker"]);
    });

    test("a pool isolates connections, so that none of many increments by WATCH is lost", async () => {
      const pool = createClientPool(
        { url: `redis://127.0.0.1:${node.port}`, RESP },
        { minimum: 1, maximum: 5 },
      );
      pool.on("error", () => {});
      await pool.connect();
      await pool.set("sum", "0");
      const addOne = async (): Promise<void> => {
        for (;;) {
          try {
            await pool.execute(async (one) => {
              await one.watch("sum");
              const sum = Number(await one.get("sum"));
              await one
                .multi()
                .set("sum", String(sum + 1))
                .exec();
            });
            return;
          } catch (error) {
            assert.ok(error instanceof WatchError, String(error));
          }
        }
      };
      await Promise.all(Array.from({ length: 40 }, addOne));
      assert.equal(await pool.get("sum"), "40");
      await pool.close();
    });

    test("scanIterator finds every key, by pattern too", async () => {
      await client.flushDb();
      await client.mSet(
        Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`scan:${i}`, String(i)])),
      );
      const found = new Set<string>();
      for await (const keys of client.scanIterator({ COUNT: 200 })) for (const key of keys) found.add(key);
      assert.equal(found.size, 3_000);
      const matched = new Set<string>();
      for await (const keys of client.scanIterator({ MATCH: "scan:1?", TYPE: "string" })) {
        for (const key of keys) matched.add(key);
      }
      assert.equal(matched.size, 10);
      assert.equal((await client.keys("scan:29*")).length, 111);
    });

    test("databases: in the address, and by SELECT", async () => {
      const third = await open(`redis://127.0.0.1:${node.port}/3`).connect();
      await third.set("where", "third");
      assert.equal(await client.get("where"), null);
      await client.select(3);
      assert.equal(await client.get("where"), "third");
      await client.select(0);
      assert.equal(await third.copy("where", "there", { DB: 5 }), 1);
      assert.equal(await third.move("where", 4), 1);
      assert.equal(await third.dbSize(), 0);
    });

    test("what the server tells of itself", async () => {
      assert.match(await client.info("server"), /redis_version:7\.\d+\.\d+/);
      assert.deepEqual({ ...(await client.configGet("maxmemory")) }, { maxmemory: "0" });
      assert.equal(await client.objectEncoding("scan:1"), "int");
      assert.ok((await client.memoryUsage("scan:1"))! > 0);
      const [get] = await client.commandInfo(["get"]);
      assert.deepEqual([get?.name, get?.arity, get?.firstKeyIndex], ["get", 2, 1]);
      assert.equal(await client.commandCount(), topCommands.length);
      assert.equal((await client.role())?.role, "master");
      assert.equal(await client.lcsLen("scan:1", "scan:21"), 1);
      const lists = await client.clientList();
      assert.ok(lists.some((one) => one.name === "worker"));
    });

    test("after a restart of the server it connects again, and what was called meanwhile is answered", async () => {
      const first = await LiveServer.start();
      const { port } = first;
      const survivor = await open(`redis://127.0.0.1:${port}/2`).connect();
      assert.equal(await survivor.set("k", "before"), "OK");
      await first[Symbol.asyncDispose]();
      const answer = survivor.set("k", "after");
      await using _second = await LiveServer.start({}, local, port);
      assert.equal(await answer, "OK");
      const plain = await open(`redis://127.0.0.1:${port}`).connect();
      assert.deepEqual([await plain.get("k"), await survivor.get("k")], [null, "after"]);
    });

    test("a password is asked for", async () => {
      await using guarded = await LiveServer.start({ requirepass: "sesame" });
      const friend = await open(`redis://:sesame@127.0.0.1:${guarded.port}`).connect();
      assert.equal(await friend.set("k", "v"), "OK");
      const liar = createClient({
        url: `redis://:wrong@127.0.0.1:${guarded.port}`,
        RESP,
        socket: { reconnectStrategy: false },
      });
      liar.on("error", () => {});
      await assert.rejects(liar.connect(), /WRONGPASS/);
    });

    test("close answers what was called, then leaves", async () => {
      const leaving = await open().connect();
      const answers = Promise.all([leaving.set("left", "1"), leaving.get("left")]);
      await leaving.close();
      assert.deepEqual(await answers, ["OK", "1"]);
    });
  });
}
