import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { testBesideRedis } from "../../../test/server-harness.ts";

testBesideRedis({
  "PING, ECHO and QUIT": [
    "ping",
    "PING hello",
    'ping ""',
    "ping a b",
    "echo",
    "echo \xff\x00x",
    'echo ""',
    "quit now",
    "ping",
  ],
  SELECT: [
    "select 0",
    "select 15",
    "select 16",
    "select -1",
    "select 3000000000",
    "select -3000000000",
    "select 99999999999999999999",
    "select 01",
    "select x",
    'select ""',
    "set k v",
    "select 0",
    "exists k",
    "select 15",
    "del k",
  ],
  "RESET puts back everything": [
    "client setname joe",
    "select 3",
    "set k v",
    "watch k",
    "multi",
    "set k w",
    "reset",
    "get k",
    "client getname",
    "exec",
    "select 3",
    "del k",
    "client reply off",
    "ping",
    "reset",
    "ping",
    "reset now",
  ],
  "RESET and what SKIP was meant for": ["client reply skip", "reset", "ping"],
  "what MULTI refuses when it is queued": [
    "multi",
    "echo",
    "config nonsense",
    "exec",
    "multi",
    "shutdown",
    "exec",
  ],
  "what MULTI refuses of its own": [
    "exec now",
    "multi",
    "watch",
    "exec",
    "multi",
    "discard now",
    "exec",
    "multi",
    "exec now",
    "ping",
    "exec",
    "multi",
    "multi",
    "watch k",
    "ping",
    "exec",
  ],
  "own commands keep their place among those of the engine": [
    "set k 1",
    "ping",
    "incr k",
    "multi",
    "ping",
    "incr k",
    "echo hello",
    "select 2",
    "get k",
    "select 0",
    "get k",
    "exec",
    "get k",
    "del k",
  ],
  "subcommands inside MULTI": [
    "set k v",
    "multi",
    "client setname joe",
    "client getname",
    "object encoding k",
    "config get databases",
    "exec",
    "client getname",
    "del k",
  ],
});

test("QUIT is answered behind what came before it, and nothing behind it is carried out", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*1\r\n$4\r\nQUIT\r\n*1\r\n$8\r\nFLUSHALL\r\n");
  assert.deepEqual((await client.rest()).replies, ["OK", "OK"]);
  using other = await RawClient.connect(node.port);
  assert.equal(await other.call("GET", "k"), "v");
});
