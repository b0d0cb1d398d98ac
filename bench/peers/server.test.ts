import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { ask, fieldOf } from "./ask.ts";
import { startKvorum } from "./kvorum.ts";
import { startRedis } from "./redis.ts";

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
    startKvorum(["redis-server", "--port", "PORT", "--no-such-setting", "1"]),
    (error: Error) => {
      assert.match(error.message, /^kvorum does not start: it ended with 1\n/);
      assert.match(error.message, /no-such-setting/);
      return true;
    },
  );
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
});
