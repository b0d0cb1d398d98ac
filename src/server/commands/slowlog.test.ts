import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";

testBesideRedis({
  "SLOWLOG refuses": [
    "slowlog",
    "slowlog nonsense",
    "slowlog get x",
    "slowlog get -2",
    "slowlog get 9223372036854775808",
    "slowlog get 1 2",
    "slowlog len x",
    "slowlog reset x",
  ],
  "SLOWLOG of nothing": [
    // On a machine that is busy anything may be slow.
    "config set slowlog-log-slower-than -1",
    ...["slowlog reset", "slowlog get", "slowlog get 0", "slowlog get -1", "slowlog len"],
    "config set slowlog-log-slower-than 10000",
  ],
});

const manyKeys = (count: number): string => Array.from({ length: count }, (_, i) => `key:${i}`).join(" ");

testBesideRedis({
  "what the slow log holds of commands": logged([
    "client setname joe",
    `mget ${manyKeys(31)}`,
    `mget ${manyKeys(32)}`,
    `set k ${"v".repeat(128)}`,
    `set k ${"v".repeat(129)}`,
    "nonsense",
    "get",
    "auth secret",
    "auth default secret",
    "hello 2 auth default secret setname jim",
    "config set requirepass secret",
    "auth wrong",
    'config set requirepass ""',
    "incr k",
    "slowlog len",
    "del k",
  ]),
});

/** With a log that is empty before and notes everything. */
function logged(lines: readonly string[]): readonly string[] {
  return [
    "config set slowlog-log-slower-than 0",
    "slowlog reset",
    ...lines,
    "slowlog get -1",
    "config set slowlog-log-slower-than 10000",
    "slowlog reset",
  ];
}

test("the slow log keeps the latest, as many as it is told, and numbers them on", async () => {
  await using node = await LiveServer.start({ slowlogMicros: 0, slowlogEntries: 3 });
  using client = await RawClient.connect(node.port);
  for (const word of ["a", "b", "c", "d"]) await client.call("echo", word);
  const ids = async (...count: string[]): Promise<unknown[]> =>
    ((await client.call("slowlog", "get", ...count)) as unknown[][]).map((entry) => entry[0]);
  assert.deepEqual(await ids(), [3, 2, 1]);
  assert.deepEqual(await ids("2"), [4, 3]);
  assert.equal(await client.call("slowlog", "len"), 3);
  await client.call("config", "set", "slowlog-max-len", "1");
  assert.deepEqual(await ids("-1"), [7]);
  await client.call("slowlog", "reset");
  assert.deepEqual(await ids(), [9]);
  await client.call("config", "set", "slowlog-log-slower-than", "-1");
  await client.call("slowlog", "reset");
  await client.call("ping");
  assert.equal(await client.call("slowlog", "len"), 0);
});

test("an entry tells when, how long, by whom", async () => {
  await using node = await LiveServer.start({ slowlogMicros: 10_000 });
  const before = Math.floor(Date.now() / 1000);
  const transcript = await converse(node.port, [
    "client setname joe",
    "ping",
    "debug sleep 0.03",
    "client info",
    "slowlog get",
  ]);
  const address = /addr=(\S+)/.exec(transcript)![1]!;
  const [, seconds, micros] = /\*1\r\n\*6\r\n:0\r\n:(\d+)\r\n:(\d+)\r\n/.exec(transcript)!;
  assert.ok(Number(seconds) >= before && Number(seconds) <= Date.now() / 1000, seconds);
  assert.ok(Number(micros) >= 29_000, micros);
  assert.ok(
    transcript.includes(
      `*3\r\n$5\r\ndebug\r\n$5\r\nsleep\r\n$4\r\n0.03\r\n$${address.length}\r\n${address}\r\n$3\r\njoe\r\n`,
    ),
    transcript,
  );
});
