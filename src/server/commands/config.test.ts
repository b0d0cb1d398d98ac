import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";
import { parameters } from "./config-parameters.ts";

testBesideRedis({
  "CONFIG GET": [
    "config get maxmemory",
    "config get MaxMemory maxmemory",
    "config get nonsense",
    'config get ""',
    "config get max[",
    "config get maxclient?",
    "config get MAXC*",
    "config get max[b-d]lients",
    "config get appendonly",
    "config get save",
    "config get databases",
    "config get proto-max-bulk-len",
    "config get requirepass",
    "config get tcp-keepalive",
    "config get bind",
    "config get",
    "config",
    "config nonsense",
  ],
  "CONFIG SET of memory": [
    "config set maxmemory 1k",
    "config get maxmemory",
    "config set maxmemory 1kb",
    "config get maxmemory",
    "config set maxmemory 2M",
    "config get maxmemory",
    "config set maxmemory 2mb",
    "config get maxmemory",
    "config set maxmemory 1g",
    "config get maxmemory",
    "config set maxmemory 3GB",
    "config get maxmemory",
    "config set maxmemory 7b",
    "config get maxmemory",
    "config set maxmemory 05",
    "config get maxmemory",
    "config set maxmemory x",
    "config set maxmemory -1",
    "config set maxmemory 1tb",
    "config set maxmemory 1.5gb",
    "config set maxmemory +5",
    'config set maxmemory " 5"',
    'config set maxmemory ""',
    "config get maxmemory",
  ],
  "CONFIG SET of bytes or a share": [
    "config set maxmemory-clients 5%",
    "config get maxmemory-clients",
    "config set maxmemory-clients 100%",
    "config get maxmemory-clients",
    "config set maxmemory-clients 101%",
    "config set maxmemory-clients -5%",
    "config set maxmemory-clients 5.5%",
    "config set maxmemory-clients %",
    "config set maxmemory-clients x",
    "config set maxmemory-clients -1",
    "config set maxmemory-clients 1tb",
    "config set maxmemory-clients 00%",
    "config set maxmemory-clients 0%",
    "config get maxmemory-clients",
    "config set maxmemory-clients 2gb",
    "config get maxmemory-clients",
    'config set maxmemory-clients ""',
    "config set maxmemory-clients 0",
    "config get maxmemory-client*",
  ],
  "CONFIG SET of numbers": [
    "config set timeout 10",
    "config get timeout",
    "config set timeout -1",
    "config set timeout 2147483648",
    "config set timeout 99999999999999999999",
    "config set timeout 1.5",
    "config set timeout 010",
    'config set timeout ""',
    "config set timeout 0",
    "config set slowlog-log-slower-than -1",
    "config set slowlog-log-slower-than x",
    "config get slowlog-log-slower-than",
    "config set slowlog-log-slower-than 10000",
    "config set slowlog-max-len 5",
    "config get slowlog-max-len",
    "config set slowlog-max-len x",
    "config set slowlog-max-len 128",
    "config set latency-monitor-threshold 100",
    "config get latency-monitor-threshold",
    "config set latency-monitor-threshold 0",
    "config set maxclients 500",
    "config get maxclients",
    "config set maxclients x",
    "config set maxclients 10000",
  ],
  "CONFIG SET is all or nothing": [
    "config set maxmemory 1mb timeout x",
    "config set maxmemory 1mb timeout 5 maxmemory 2mb",
    "config set maxmemory 1mb nonsense 5",
    "config set maxmemory 1mb databases 2",
    "config set maxmemory 1mb databases 2 nonsense 5",
    "config set maxmemory 1mb nonsense 5 databases 2",
    "config set databases 2 maxmemory x",
    "config get maxmemory",
    "config get timeout",
    "config set maxmemory 1mb timeout 5",
    "config get maxmemory",
    "config get timeout",
    "config set MAXMEMORY 0 TIMEOUT 0",
  ],
  "CONFIG SET refuses": [
    "config set maxmemory",
    "config set maxmemory 1 timeout",
    "config set nonsense 1",
    'config set "" ""',
    "config set databases 3",
    "config set DATABASES 3",
    "config set maxmemory-policy nonsense",
    "config set appendonly nonsense",
    "config set save nonsense",
    "config set save 10",
    'config set save "0 5"',
    "config resetstat x",
  ],
  "CONFIG SET to what is so anyway": [
    'config set save ""',
    "config set appendonly no",
    "config set appendonly NO",
    "config set maxmemory-policy NoEviction",
    "config get maxmemory-policy",
  ],
  "CONFIG RESETSTAT and REWRITE": ["config resetstat", "config rewrite", "config rewrite x"],
});

test("CONFIG GET * shows every parameter with its value", async () => {
  await using node = await LiveServer.start({ maxclients: 7, idleMsMax: 5_000, requirepass: "" });
  const transcript = await converse(node.port, ["config get *"]);
  const words = transcript
    .split("\r\n")
    .filter((_, i) => i % 2 === 0)
    .slice(1, -1);
  const pairs = new Map(words.flatMap((name, i) => (i % 2 === 0 ? [[name, words[i + 1]!]] : [])));
  assert.equal(transcript.slice(0, transcript.indexOf("\r")), `*${parameters.length * 2}`);
  assert.deepEqual(
    [...pairs.keys()],
    parameters.map(({ name }) => name),
  );
  assert.equal(pairs.get("maxclients"), "7");
  assert.equal(pairs.get("timeout"), "5");
  assert.equal(pairs.get("port"), String(node.port));
  assert.equal(pairs.get("bind"), "127.0.0.1");
  assert.equal(
    pairs.get("client-output-buffer-limit"),
    `normal ${limits.outputBytesMax} 0 0 slave 0 0 0 pubsub ${limits.outputBytesMax} 0 0`,
  );
});

test("what CONFIG SET changes is in force at once", async () => {
  await using node = await LiveServer.start();
  assert.equal(
    await converse(node.port, [
      "set k v",
      "config set maxmemory 1",
      "set k v",
      "config set maxmemory 0",
      "set k v",
    ]),
    "+OK\r\n+OK\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n+OK\r\n+OK\r\n+OK\r\n",
  );
  await converse(node.port, ["config set requirepass secret"]);
  assert.match(await converse(node.port, ["ping"]), /^-NOAUTH /);
  using client = await RawClient.connect(node.port);
  assert.equal(await client.call("auth", "secret"), "OK");
  assert.equal(await client.call("config", "set", "maxclients", "1", "timeout", "1"), "OK");
  using second = await RawClient.connect(node.port);
  second.send("*1\r\n$4\r\nPING\r\n");
  assert.deepEqual((await second.rest()).replies, ["-ERR max number of clients reached"]);
  await client.rest();
});

test("values that are possible in Redis and not here are refused with the reason", async () => {
  await using node = await LiveServer.start();
  const failed = (name: string, reason: string): string =>
    `-ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}\r\n`;
  const cases: readonly (readonly [string, string, string])[] = [
    ["appendonly", "yes", "only no is possible here"],
    ["maxmemory-policy", "allkeys-lru", "only noeviction is possible here"],
    ["save", '"900 1 300 10"', "only an empty value is possible here: there is no disk"],
    ["tcp-keepalive", "60", "can't set immutable config"],
    ["port", "7000", "can't set immutable config"],
    ["bind", "0.0.0.0", "can't set immutable config"],
    ["proto-max-bulk-len", "1mb", "can't set immutable config"],
    ["client-output-buffer-limit", '"normal 0 0 0"', "can't set immutable config"],
    ["maxclients", "0", `argument must be between 1 and ${limits.clientsConfiguredMax} inclusive`],
    ["slowlog-max-len", "-1", `argument must be between 0 and ${limits.slowlogEntriesMax} inclusive`],
    ["maxmemory", "99999999999gb", `argument must be at most ${Number.MAX_SAFE_INTEGER} bytes`],
    [
      "requirepass",
      "x".repeat(limits.passwordBytesMax + 1),
      `a password may have ${limits.passwordBytesMax} bytes`,
    ],
    ["requirepass", "\xff", "a password must be UTF-8"],
  ];
  const transcript = await converse(
    node.port,
    cases.map(([name, value]) => `config set ${name} ${value}`),
  );
  assert.equal(transcript, `${cases.map(([name, , reason]) => failed(name, reason)).join("")}+OK\r\n`);
});

test("more patterns than the limit are refused, and too long ones match nothing", async () => {
  await using node = await LiveServer.start();
  const many = "x ".repeat(limits.configPatternsMax + 1);
  const long = "*".repeat(limits.configPatternBytesMax + 1);
  assert.equal(
    await converse(node.port, [`config get ${many}`, `config get ${long}`]),
    `-TOO_LARGE at most ${limits.configPatternsMax} parameters are asked for at once\r\n*0\r\n+OK\r\n`,
  );
});
