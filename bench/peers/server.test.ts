import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { DataFolders } from "../data-folders.ts";
import { ask, fieldOf, textOf } from "./ask.ts";
import { startRedis } from "./redis.ts";
import { startServer } from "./server.ts";
import { foldLog, takeSnapshot } from "./snapshots.ts";

const redisProgram = requireProgram("redis-server");

test("a started server answers, and a stopped one does not", redisProgram, async () => {
  const server = await startRedis();
  assert.equal(await ask(server.port, "PING"), "PONG");
  assert.match(
    server.command,
    /^taskset -c 0 redis-server --bind 127\.0\.0\.1 --port PORT --save '' --appendonly no$/,
  );
  await server[Symbol.asyncDispose]();
  await assert.rejects(ask(server.port, "PING"), { code: "UNREACHABLE" });
});

test("a server that does not start says why", redisProgram, async () => {
  await assert.rejects(
    startServer("kvorum", ["redis-server", "--port", "PORT", "--no-such-setting", "1"], undefined),
    (error: Error) => {
      assert.match(error.message, /^kvorum does not start: it ended with 1\n/);
      assert.match(error.message, /no-such-setting/);
      return true;
    },
  );
});

test("a server with a folder has what it wrote when it is started again", redisProgram, async () => {
  using folders = new DataFolders();
  const storage = { folder: folders.make(), fsync: "always", cutsLog: false } as const;
  {
    await using server = await startRedis(storage);
    await ask(server.port, "SET", "in the snapshot", "1");
    await foldLog(server.port);
    await ask(server.port, "SET", "in the log", "1");
  }
  await using server = await startRedis(storage);
  assert.equal(await ask(server.port, "DBSIZE"), 2);
  assert.ok(server.readyMs > 0);
  assert.match(
    server.command,
    / --dir DATA --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0$/,
  );
});

test("a snapshot is waited for", redisProgram, async () => {
  using folders = new DataFolders();
  await using server = await startRedis({ folder: folders.make(), fsync: "interval", cutsLog: true });
  await ask(server.port, "SET", "key", "value");
  await takeSnapshot(server.port);
  const info = String(await ask(server.port, "INFO", "persistence"));
  assert.equal(fieldOf(info, "rdb_bgsave_in_progress"), 0);
  assert.equal(fieldOf(info, "rdb_changes_since_last_save"), 0);
});

test("an error reply is thrown", redisProgram, async () => {
  await using server = await startRedis();
  await assert.rejects(ask(server.port, "GET"), /GET: ERR wrong number of arguments/);
});

test("a field of INFO is found by its whole name", () => {
  const info = "# Stats\r\nother_delay_max_ms:7\r\ndelay_max_ms:12.5\r\nrole:master\r\n";
  assert.equal(fieldOf(info, "delay_max_ms"), 12.5);
  assert.equal(fieldOf(info, "delay_max"), undefined);
  assert.equal(fieldOf(info, "role"), undefined);
  assert.equal(textOf(info, "role"), "master");
  assert.equal(fieldOf(info, "nothing"), undefined);
});
