import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis, type RedisOptions } from "ioredis";
import { topCommands } from "../../src/protocol/spec/table.ts";
import { local } from "../server/conversation.ts";
import { LiveServer } from "../server/live-server.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

let node: SpawnedNode;

before(async () => {
  node = await SpawnedNode.start();
});

after(() => node[Symbol.asyncDispose]());

/** ioredis as its users use it, in RESP3, which it chooses by itself, and in RESP2. */
for (const protocol of [3, 2] as const) {
  describe(`ioredis with RESP${protocol}`, () => {
    let redis: Redis;
    const clients: Redis[] = [];

    function open(options: Omit<RedisOptions, "replyMapping"> = {}): Redis {
      const client = new Redis({ port: node.port, protocol, ...options });
      clients.push(client);
      return client;
    }

    before(async () => {
      redis = open();
      await redis.flushall();
    });

    after(() => {
      for (const client of clients) client.disconnect();
    });

    test("shakes hands and introduces itself", async () => {
      assert.equal(await redis.ping(), "PONG");
      assert.equal(redis.status, "ready");
      const info = String(await redis.call("CLIENT", "INFO"));
      assert.match(info, new RegExp(`resp=${protocol}`));
      const named = open({ connectionName: "worker" });
      assert.equal(await named.client("GETNAME"), "worker");
      assert.match(String(await redis.client("LIST")), /name=worker/);
    });

    test("strings, counters and deadlines", async () => {
      assert.equal(await redis.set("k", "väl", "EX", 100, "NX"), "OK");
      assert.equal(await redis.set("k", "other", "NX"), null);
      assert.equal(await redis.get("k"), "väl");
      assert.equal(await redis.set("k", "new", "KEEPTTL", "GET"), "väl");
      assert.ok((await redis.pttl("k")) > 90_000);
      assert.equal(await redis.persist("k"), 1);
      assert.equal(await redis.ttl("k"), -1);
      assert.equal(await redis.incrby("n", 40), 40);
      assert.equal(await redis.incr("n"), 41);
      assert.equal(await redis.incrbyfloat("n", 0.5), "41.5");
      assert.equal(await redis.append("k", "er"), 5);
      assert.equal(await redis.getrange("k", 1, -2), "ewe");
      assert.equal(await redis.getdel("k"), "newer");
      assert.equal(await redis.exists("k", "n", "n"), 2);
      assert.equal(await redis.get("k"), null);
      assert.equal(await redis.type("n"), "string");
    });

    test("bytes go in and come out as they are", async () => {
      const bytes = Buffer.from([0, 255, 13, 10, 36, 42, 0]);
      await redis.set(bytes, bytes);
      assert.deepEqual(await redis.getBuffer(bytes), bytes);
      const large = Buffer.alloc(5_000_000, "ä");
      await redis.set("large", large);
      assert.ok((await redis.getBuffer("large"))!.equals(large));
    });

    test("several keys at once, from objects, maps and lists", async () => {
      assert.equal(await redis.mset({ a: 1, b: 2 }), "OK");
      assert.equal(await redis.mset(new Map([["c", "3"]])), "OK");
      assert.deepEqual(await redis.mget("a", "b", "c", "none"), ["1", "2", "3", null]);
      assert.equal(await redis.msetnx("a", 9, "d", 4), 0);
      assert.equal(await redis.del(["a", "b"]), 2);
      assert.equal(await redis.unlink("c"), 1);
    });

    test("an error is rejected with the server's words", async () => {
      await redis.set("text", "x");
      await assert.rejects(redis.incr("text"), {
        name: "ReplyError",
        message: "ERR value is not an integer or out of range",
      });
      await assert.rejects(redis.call("NO_SUCH", "x"), {
        message: "ERR unknown command 'NO_SUCH', with args beginning with: 'x' ",
      });
      assert.equal(await redis.ping("still here"), "still here");
    });

    test("a pipeline of 10,000 commands, errors among them, comes back in order", async () => {
      await redis.del("n");
      const pipeline = redis.pipeline();
      for (let i = 0; i < 10_000; i++) {
        if (i % 1000 === 999) pipeline.incr("text");
        else pipeline.incr("n");
      }
      const results = (await pipeline.exec())!;
      assert.equal(results.length, 10_000);
      let expected = 0;
      for (const [i, [error, value]] of results.entries()) {
        if (i % 1000 === 999) assert.match(error!.message, /not an integer/);
        else assert.deepEqual([error, value], [null, ++expected]);
      }
    });

    test("transactions, chained and command by command", async () => {
      const results = await redis.multi().set("t", "1").incr("t").incr("text").get("t").exec();
      assert.deepEqual(
        results!.map(([error, value]) => error?.message ?? value),
        ["OK", 2, "ERR value is not an integer or out of range", "2"],
      );
      await redis.multi({ pipeline: false });
      assert.equal(await redis.set("t", "5"), "QUEUED");
      assert.deepEqual(await redis.exec(), [[null, "OK"]]);
      await assert.rejects(redis.multi().call("SET", "t").exec(), /EXECABORT/);
    });

    test("WATCH makes EXEC give null when another client was quicker", async () => {
      const other = open();
      await redis.watch("t");
      await other.set("t", "quicker");
      assert.equal(await redis.multi().set("t", "slower").exec(), null);
      assert.equal(await redis.get("t"), "quicker");
    });

    test("scanStream finds every key, by pattern too", async () => {
      await redis.flushdb();
      await redis.mset(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`scan:${i}`, i])));
      const found = new Set<string>();
      for await (const keys of redis.scanStream({ count: 200 })) for (const key of keys) found.add(key);
      assert.equal(found.size, 3_000);
      const matched = new Set<string>();
      for await (const keys of redis.scanStream({ match: "scan:1?", type: "string" })) {
        for (const key of keys) matched.add(key);
      }
      assert.deepEqual(
        [...matched].sort(),
        Array.from({ length: 10 }, (_, i) => `scan:${10 + i}`),
      );
      assert.equal((await redis.keys("scan:29*")).length, 111);
      assert.equal(await redis.dbsize(), 3_000);
    });

    test("commands that it does not know by name, and custom ones through call", async () => {
      assert.equal(await redis.call("SET", "k", "v", "IFEQ", "none"), null);
      assert.equal(await redis.call("ECHO", "hello"), "hello");
      assert.deepEqual(await redis.callBuffer("ECHO", "hello"), Buffer.from("hello"));
      assert.equal(await redis.call("OBJECT", ["ENCODING", "scan:1"]), "int");
      assert.ok(Number(await redis.call("MEMORY", "USAGE", "scan:1")) > 0);
      assert.equal(await redis.call("LCS", "scan:1", "scan:21", "LEN"), 1);
    });

    test("databases: by option, and by SELECT", async () => {
      const third = open({ db: 3 });
      await third.set("where", "third");
      assert.equal(await redis.get("where"), null);
      const wandering = open();
      await wandering.select(3);
      assert.equal(await wandering.get("where"), "third");
      assert.equal(await third.move("where", 4), 1);
      assert.equal(await third.dbsize(), 0);
    });

    test("keyPrefix stands before every key", async () => {
      const prefixed = open({ keyPrefix: "app:" });
      await prefixed.mset("a", "1", "b", "2");
      assert.deepEqual(await prefixed.mget("a", "b"), ["1", "2"]);
      assert.equal(await redis.get("app:a"), "1");
      assert.equal(await prefixed.del("a", "b"), 2);
      assert.equal(await prefixed.rename("a", "b").catch((error: Error) => error.message), "ERR no such key");
    });

    test("auto-pipelining", async () => {
      const automatic = open({ enableAutoPipelining: true });
      const values = await Promise.all(Array.from({ length: 500 }, () => automatic.incr("auto")));
      assert.deepEqual(
        values,
        Array.from({ length: 500 }, (_, i) => i + 1),
      );
    });

    test("what the server tells of itself", async () => {
      assert.match(await redis.info(), /redis_version:7\.\d+\.\d+/);
      assert.deepEqual(await redis.config("GET", "maxmemory"), ["maxmemory", "0"]);
      assert.equal((await redis.time()).length, 2);
      assert.equal(await redis.wait(0, 10), 0);
      assert.equal(((await redis.role()) as unknown[])[0], "master");
      assert.equal(await redis.command("COUNT"), topCommands.length);
    });

    test("a client that leaves with quit is answered first", async () => {
      const leaving = open();
      const answers = Promise.all([leaving.set("left", "1"), leaving.get("left"), leaving.quit()]);
      assert.deepEqual(await answers, ["OK", "1", "OK"]);
    });

    test("after a restart of the server it connects again, and what was called meanwhile is answered", async () => {
      const first = await LiveServer.start();
      const { port } = first;
      const client = open({ port, retryStrategy: () => 20, maxRetriesPerRequest: null });
      client.on("error", () => {});
      await client.select(2);
      assert.equal(await client.set("k", "before"), "OK");
      await first[Symbol.asyncDispose]();
      const answer = client.set("k", "after");
      await using _second = await LiveServer.start({}, local, port);
      assert.equal(await answer, "OK");
      assert.equal(await client.get("k"), "after");
      assert.equal(await open({ port }).get("k"), null, "it is in the database that was selected before");
    });

    test("a password is asked for", async () => {
      await using guarded = await LiveServer.start({ requirepass: "sesame" });
      const friend = open({ port: guarded.port, password: "sesame" });
      assert.equal(await friend.set("k", "v"), "OK");
      const stranger = open({ port: guarded.port, retryStrategy: null });
      stranger.on("error", () => {});
      await assert.rejects(stranger.get("k"), /NOAUTH/);
      const liar = open({ port: guarded.port, password: "wrong", retryStrategy: null });
      liar.on("error", () => {});
      await assert.rejects(liar.get("k"), /WRONGPASS|NOAUTH/);
    });
  });
}

test("ioredis with replyMapping resp3 gets maps and doubles", async () => {
  const redis = new Redis({ port: node.port, replyMapping: "resp3" });
  assert.deepEqual(await redis.config("GET", "maxmemory"), { maxmemory: "0" });
  await redis.mset("a", "ohmytext", "b", "mynewtext");
  assert.deepEqual(await redis.call("LCS", "a", "b", "IDX"), {
    matches: [
      [
        [4, 7],
        [5, 8],
      ],
      [
        [2, 3],
        [0, 1],
      ],
    ],
    len: 6,
  });
  redis.disconnect();
});
