import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";

testBesideRedis({
  "HELLO and its options": [
    "hello",
    "hello 4",
    "hello 1",
    "hello -1",
    "hello x",
    "hello 03",
    "hello 3.0",
    "hello 99999999999999999999",
    "hello 3 nonsense",
    "hello 3 auth default",
    "hello 3 auth nobody x",
    "hello 3 auth DEFAULT x",
    "hello 3 setname",
    'hello 3 setname "a b"',
    "hello 3 auth default x setname joe",
    "client getname",
    "hello 2 setname jim auth default x",
    "client getname",
    "hello 3 nonsense setname jane",
    "client getname",
    'hello 2 setname ""',
    "client getname",
    "hello 2 auth default x auth",
  ],
  "AUTH without a password set": [
    "auth",
    "auth x",
    "auth default",
    "auth default x",
    "auth nobody x",
    "auth default x y",
    "ping",
  ],
  "AUTH with a password set, which who is in keeps": [
    "config set requirepass secret",
    "ping",
    "auth wrong",
    "ping",
    "hello 3 auth default wrong",
    "reset",
    "ping",
    "nonsense",
    "get",
    "multi",
    "hello",
    "hello 3",
    "hello 9",
    "hello x",
    "hello 3 setname joe",
    "auth wrong",
    "auth default wrong",
    "auth nobody secret",
    "auth secret",
    "client getname",
    "ping",
    "reset",
    "hello 2 auth default secret setname joe",
    "client getname",
    "reset",
    "hello 3 setname jim auth default wrong nonsense",
    "hello 3 auth default secret nonsense",
    "client getname",
    "ping",
    "reset",
    "auth default secret",
    'config set requirepass ""',
    "reset",
    "ping",
    "auth secret",
  ],
  "AUTH and HELLO inside MULTI": ["multi", "hello 3", "ping", "auth x", "get k", "hello 2", "exec", "get k"],
  "QUIT without a password": ["config set requirepass secret", 'config set requirepass ""', "quit", "ping"],
});

test("a client that comes after a password was set must say it", async () => {
  await using node = await LiveServer.start({ requirepass: "grün" });
  const key = Buffer.from("grün").toString("latin1");
  assert.equal(
    await converse(node.port, ["ping", `auth ${key}x`, "ping", `auth ${key}`, "ping"]),
    "-NOAUTH Authentication required.\r\n" +
      "-WRONGPASS invalid username-password pair or user is disabled.\r\n" +
      "-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n+OK\r\n",
  );
});

test("a password of any length is only wrong", async () => {
  await using node = await LiveServer.start({ requirepass: "secret" });
  const long = "x".repeat(limits.passwordBytesMax + 1);
  assert.match(await converse(node.port, [`auth ${long}`]), /^-WRONGPASS [^\n]*\n\+OK\r\n$/);
});

test("a name over the limit is refused, and the client keeps its old one", async () => {
  await using node = await LiveServer.start();
  const longest = "n".repeat(limits.clientNameBytesMax);
  assert.equal(
    await converse(node.port, [`client setname ${longest}`, `hello 2 setname ${longest}n`, "client getname"]),
    `+OK\r\n-TOO_LARGE a name may have ${limits.clientNameBytesMax} bytes\r\n$${longest.length}\r\n${longest}\r\n+OK\r\n`,
  );
});
