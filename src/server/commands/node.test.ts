import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";
import { commands } from "../../protocol/spec/table.ts";
import { localHandlers } from "./index.ts";

testBesideRedis({
  "ROLE, and WAIT for nobody": [
    "role",
    "role x",
    "wait",
    "wait a b",
    "wait 0 -1",
    "wait 1 x",
    "wait 0 1.5",
    "wait 99999999999999999999 1",
    "wait 0 9223372036854775808",
    "wait -1 0",
    "wait 0 0",
    "wait 0 9223372036854775807",
    "time x",
    "lastsave x",
  ],
  "SHUTDOWN refuses": [
    "shutdown nonsense",
    "shutdown nosave save",
    "shutdown abort",
    "shutdown ABORT abort",
    "shutdown abort now",
    "shutdown nosave nonsense",
    "ping",
  ],
});

test("TIME tells seconds and microseconds, LASTSAVE when the node began", async () => {
  const before = Date.now();
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  const saved = (await client.call("lastsave")) as number;
  const [seconds, micros] = ((await client.call("time")) as string[]).map(Number) as [number, number];
  assert.ok(saved >= Math.floor(before / 1000) && saved <= seconds);
  const nowMs = seconds * 1000 + micros / 1000;
  assert.ok(nowMs >= before && nowMs <= Date.now(), String(nowMs));
});

test("WAITAOF answers as Redis 7.2 does without an append-only file", async () => {
  await using node = await LiveServer.start();
  const cases: readonly (readonly [string, string])[] = [
    ["0 0 0", "*2\r\n:0\r\n:0\r\n"],
    ["0 5 100", "*2\r\n:0\r\n:0\r\n"],
    ["1 0 0", "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n"],
    ["2 0 0", "-ERR value is out of range, value must between 0 and 1\r\n"],
    ["x 0 0", "-ERR value is not an integer or out of range\r\n"],
    ["0 -1 0", "-ERR value is out of range, must be positive\r\n"],
    ["0 x 0", "-ERR value is not an integer or out of range\r\n"],
    ["0 0 -1", "-ERR timeout is negative\r\n"],
    ["0 0 x", "-ERR timeout is not an integer or out of range\r\n"],
    ["0 0", "-ERR wrong number of arguments for 'waitaof' command\r\n"],
  ];
  const transcript = await converse(
    node.port,
    cases.map(([words]) => `waitaof ${words}`),
  );
  assert.equal(transcript, `${cases.map(([, reply]) => reply).join("")}+OK\r\n`);
});

for (const words of ["", "nosave", "NOSAVE NOW FORCE", "save force"]) {
  test(`SHUTDOWN ${words} stops the node: no answer, and the others get theirs`, async () => {
    await using node = await LiveServer.start();
    using other = await RawClient.connect(node.port);
    assert.equal(await other.call("set", "k", "v"), "OK");
    assert.equal(await converse(node.port, ["ping", `shutdown ${words}`, "ping"]), "+PONG\r\n");
    assert.deepEqual((await other.rest()).replies, []);
    await assert.rejects(RawClient.connect(node.port), { code: "ECONNREFUSED" });
  });
}

test("SHUTDOWN SAVE is refused where there is no disk", async () => {
  await using node = await LiveServer.start();
  assert.equal(
    await converse(node.port, ["shutdown save", "ping"]),
    "-ERR there is no disk to save to: SHUTDOWN NOSAVE stops without saving\r\n+PONG\r\n+OK\r\n",
  );
});

test("every command that a connection carries out has a handler, and every handler a row", () => {
  const containers = commands.filter(({ children }) => children.length > 0 && children[0]!.arity !== 1);
  const wanted = commands
    .filter((command) => command.route === "local")
    .filter((command) => !containers.includes(command) || command.arity === -1)
    .map(({ fullName }) => fullName);
  assert.deepEqual(Object.keys(localHandlers).sort(), wanted.sort());
});

test("HELP of every container lists its subcommands", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  for (const { name, children } of commands.filter((command) => command.children.length > 0)) {
    const reply = await client.call(name, "help");
    // As in Redis, where there is no cluster, not even this is told of it.
    if (name === "cluster") assert.equal(reply, "-ERR This instance has cluster support disabled");
    if (name === "cluster") continue;
    const lines = (reply as string[]).filter((line) => !line.startsWith(" "));
    for (const child of children) {
      assert.ok(
        lines.some((line) => line.startsWith(child.name.toUpperCase())),
        `${name} ${child.name}`,
      );
    }
  }
});

test("SAVE and BGSAVE tell that a node in memory has no disk", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  for (const words of [["save"], ["bgsave"], ["bgsave", "schedule"]]) {
    assert.match(String(await client.call(...words)), /^-ERR there is no disk to save to/);
  }
  assert.equal(await client.call("bgsave", "now"), "-ERR syntax error");
});
