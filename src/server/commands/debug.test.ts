import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";

testBesideRedis({
  "DEBUG SLEEP keeps the order of the replies": [
    "set k 1",
    "debug sleep 0.01",
    "incr k",
    "ping",
    "DEBUG Sleep 0.005",
    "get k",
    "multi",
    "get k",
    "exec",
    "debug sleep 0",
    "debug sleep -1",
    "debug sleep nonsense",
    "del k",
  ],
  "DEBUG refuses": ["debug", "debug nonsense", "debug sleep", "debug sleep 0 1", "ping"],
});

test("while one client sleeps the others feel nothing", async () => {
  await using node = await LiveServer.start();
  using sleeper = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  const startMs = performance.now();
  sleeper.send("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$3\r\n0.2\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n");
  while (!String(await other.call("client", "list", "id", "1")).includes("cmd=debug|sleep"));
  // What stands behind the sleep in the pipeline is not carried out before it.
  assert.equal(await other.call("incr", "k"), 1);
  assert.equal(sleeper.buffered, 0);
  assert.deepEqual(await sleeper.replies(2), ["OK", 2]);
  assert.ok(performance.now() - startMs >= 199);
});

test("a node that stops wakes nobody before time, and goes when the last has its answer", async () => {
  const node = await LiveServer.start();
  using sleeper = await RawClient.connect(node.port);
  sleeper.send("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$4\r\n0.05\r\n*1\r\n$4\r\nPING\r\n");
  while (node.server.clients.get(1)?.isWaiting !== true)
    await new Promise((resolve) => setImmediate(resolve));
  const closed = node.server.close();
  assert.deepEqual((await sleeper.rest()).replies, ["OK", "PONG"]);
  await closed;
});

test("DEBUG SLEEP is refused where it is too long, or a part of a transaction", async () => {
  await using node = await LiveServer.start();
  const tooLong = limits.sleepMsMax / 1000 + 1;
  assert.equal(
    await converse(node.port, [
      `debug sleep ${tooLong}`,
      "debug sleep 1e9",
      "multi",
      "debug sleep 1",
      "ping",
      "exec",
    ]),
    `-ERR DEBUG SLEEP takes at most ${limits.sleepMsMax / 1000} seconds\r\n`.repeat(2) +
      "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-ERR DEBUG SLEEP is not possible inside a transaction\r\n+PONG\r\n+OK\r\n",
  );
});
