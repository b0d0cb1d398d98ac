import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { DataFolders } from "../data-folders.ts";
import { ask, infoNumber } from "../peers/ask.ts";
import { startRedis } from "../peers/redis.ts";
import { fill } from "./fill.ts";
import { openLoop } from "./open-loop.ts";

const redisProgram = requireProgram("redis-server");

test("a fill leaves exactly its keys, and reports its marks on the way", redisProgram, async () => {
  await using server = await startRedis();
  const marks: number[] = [];
  await fill(server, { from: 0, to: 1_700, reportEvery: 500, onReport: (keys) => marks.push(keys) });
  assert.equal(await ask(server.port, "DBSIZE"), 1_700);
  assert.deepEqual(marks, [500, 1_000, 1_500, 1_700]);
  await fill(server, { from: 1_700, to: 3_000 });
  assert.equal(await ask(server.port, "DBSIZE"), 3_000);
  assert.equal(await ask(server.port, "STRLEN", "key:000000002999"), 64);
});

test("one by one, each key waits for the one before", redisProgram, async () => {
  await using server = await startRedis();
  await fill(server, { from: 0, to: 200, oneByOne: true });
  assert.equal(await ask(server.port, "DBSIZE"), 200);
  const reads = await infoNumber(server.port, "total_reads_processed");
  assert.ok(reads! >= 200, `${reads} reads`);
});

test("with deadlines, half of the keys have one", redisProgram, async () => {
  await using server = await startRedis();
  await fill(server, { from: 0, to: 1_000, withDeadlines: true });
  const info = String(await ask(server.port, "INFO", "keyspace"));
  assert.match(info, /db0:keys=1000,expires=500,/);
});

test(
  "an open load sends what its rate asks for, while the filler writes its keys",
  redisProgram,
  async () => {
    await using server = await startRedis();
    await fill(server, { from: 0, to: 1_000 });
    const result = await openLoop(server, {
      requestsPerSecond: 1_000,
      connections: 4,
      keys: 1_000,
      seconds: 0.3,
      filler: { from: 1_000, to: 5_000, keysPerSecond: 20_000 },
    });
    assert.ok(result.requests >= 300, `${result.requests} requests`);
    assert.ok(result.requests <= result.seconds * 1_000 + 1, "not more than the rate");
    assert.ok(result.latencyMs.p50 > 0 && result.latencyMs.p50 <= result.latencyMs.max);
    assert.equal(await ask(server.port, "DBSIZE"), 5_000);
    assert.equal(await infoNumber(server.port, "no_such_field"), undefined);
  },
);

test("an open load goes on for as long as a snapshot takes", redisProgram, async () => {
  using folders = new DataFolders();
  await using server = await startRedis({ folder: folders.make(), fsync: "interval", cutsLog: true });
  await fill(server, { from: 0, to: 1_000 });
  const load = { requestsPerSecond: 1_000, connections: 4, keys: 1_000, seconds: 0, takesSnapshot: true };
  const result = await openLoop(server, load);
  assert.ok(result.requests > 0);
  const info = String(await ask(server.port, "INFO", "persistence"));
  assert.match(info, /^rdb_bgsave_in_progress:0\r$/m);
  assert.match(info, /^rdb_saves:1\r$/m);
});

test("a load on keys that do not exist fails and says why", redisProgram, async () => {
  await using server = await startRedis();
  const load = { requestsPerSecond: 1_000, connections: 1, keys: 10, seconds: 1 };
  await assert.rejects(openLoop(server, load), /unexpected answer/);
});
