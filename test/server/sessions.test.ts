import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { late, local, type MakeReplica } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";

/** Numbered writes over connections, with a replica that answers at once and with a late one. */
const replicas: readonly (readonly [name: string, make: MakeReplica])[] = [
  ["", local],
  [" (late replica)", late(1)],
];

async function open(client: RawClient, ttlMs = 60_000): Promise<number> {
  return (await client.call("SESSION", "OPEN", ttlMs)) as number;
}

for (const [name, make] of replicas) {
  test(`a write whose reply was lost is sent again on another connection, and applied once${name}`, async () => {
    await using server = await LiveServer.start({}, make);
    const first = await RawClient.connect(server.port);
    const id = await open(first);
    assert.equal(await first.call("SESSION", "ID", id, 1, 1, "INCR", "n"), 1);
    first.socket.destroy();
    using again = await RawClient.connect(server.port);
    assert.equal(await again.call("SESSION", "ID", id, 1, 1, "INCR", "n"), 1);
    assert.equal(await again.call("SESSION", "ID", id, 2, 2, "INCR", "n"), 2);
    assert.match(String(await again.call("SESSION", "ID", id, 1, 1, "INCR", "n")), /^-OUTDATED_SEQUENCE/);
    assert.equal(await again.call("GET", "n"), "2");
  });

  test(`a transaction is sent again as a whole, and applied once${name}`, async () => {
    await using server = await LiveServer.start({}, make);
    using client = await RawClient.connect(server.port);
    const id = await open(client);
    for (let i = 0; i < 2; i++) {
      assert.equal(await client.call("WATCH", "n"), "OK");
      assert.equal(await client.call("MULTI"), "OK");
      assert.equal(await client.call("INCR", "n"), "QUEUED");
      assert.equal(await client.call("GET", "absent"), "QUEUED");
      assert.deepEqual(await client.call("SESSION", "ID", id, 1, 1, "EXEC"), [1, null]);
    }
    assert.equal(await client.call("GET", "n"), "1");
    assert.equal(await client.call("EXEC"), "-ERR EXEC without MULTI");
  });

  test(`a reply that was kept comes in the protocol of who asks again${name}`, async () => {
    await using server = await LiveServer.start({}, make);
    using client = await RawClient.connect(server.port);
    const id = await open(client);
    await client.call("WATCH", "k");
    await client.call("SET", "k", "v");
    await client.call("MULTI");
    await client.call("SET", "k", "w");
    const before = client.bytesReceived;
    assert.equal(await client.call("SESSION", "ID", id, 1, 1, "EXEC"), null);
    assert.equal(client.bytesReceived - before, "*-1\r\n".length);
    await client.call("SESSION", "ID", id, 2, 1, "GETDEL", "absent");
    await client.call("HELLO", 3);
    for (const words of [["EXEC"], ["GETDEL", "absent"]]) {
      if (words.length === 1) {
        await client.call("MULTI");
        await client.call("SET", "k", "w");
      }
      const at = client.bytesReceived;
      assert.equal(await client.call("SESSION", "ID", id, words.length, 1, ...words), null);
      assert.equal(client.bytesReceived - at, "_\r\n".length);
    }
    assert.equal(await client.call("GET", "k"), "v");
  });
}

/** What is refused before it is proposed has not used its number up. */
test("what would be refused without a number is refused with one, and can be mended under the same", async () => {
  await using server = await LiveServer.start();
  using client = await RawClient.connect(server.port);
  const id = await open(client);
  const longKey = "k".repeat(limits.keyBytesMax + 1);
  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [["NOTHING"], /^-ERR unknown command 'NOTHING'/],
    [["SET", "k"], /^-ERR wrong number of arguments for 'set' command$/],
    [["SET", longKey, "v"], /^-TOO_LARGE a key may have 65535 bytes$/],
    [["CONFIG", "NOTHING"], /^-ERR unknown subcommand 'NOTHING'. Try CONFIG HELP.$/],
    [["GET", "k"], /^-ERR 'get' is no write of keys: only those can be numbered$/],
    [["PING"], /^-ERR 'ping' is no write of keys/],
    [["SESSION", "OPEN", "5"], /^-ERR 'session\|open' is no write of keys/],
    [["SESSION", "ID", String(id), "1", "1", "INCR", "n"], /^-ERR 'session\|id' is no write of keys/],
    [["EXEC"], /^-ERR EXEC without MULTI$/],
    [
      ["EXEC", "0", "0", "*1\r\n$8\r\nFLUSHALL\r\n"],
      /^-EXECABORT .* wrong number of arguments for 'exec' command$/,
    ],
  ];
  for (const [words, error] of refusals)
    assert.match(String(await client.call("SESSION", "ID", id, 1, 1, ...words)), error);
  assert.equal(await client.call("SESSION", "ID", id, 1, 1, "SET", "k", "v"), "OK");
});

test("only nodes number batches: no client can send one", async () => {
  await using server = await LiveServer.start();
  using client = await RawClient.connect(server.port);
  const id = await open(client);
  const error = "-ERR unknown subcommand 'BATCH'. Try SESSION HELP.";
  assert.equal(await client.call("SESSION", "BATCH", id, 1), error);
  assert.match(
    String(await client.call("SESSION", "ID", id, 1, 1, "SESSION", "BATCH", id, 1)),
    /unknown subcommand/,
  );
});

test("a numbered write needs memory as the write does, and a numbered delete does not", async () => {
  await using server = await LiveServer.start({ maxmemoryBytes: 1 });
  using client = await RawClient.connect(server.port);
  const id = await open(client);
  assert.match(String(await client.call("SESSION", "ID", id, 1, 1, "SET", "k", "v")), /^-OOM /);
  assert.equal(await client.call("SESSION", "ID", id, 1, 1, "DEL", "k"), 0);
});

test("SESSION is refused inside MULTI, but for EXEC; a transaction that cannot be numbered is given up", async () => {
  await using server = await LiveServer.start();
  using client = await RawClient.connect(server.port);
  const id = await open(client);
  await client.call("MULTI");
  const inside = "-ERR Command not allowed inside a transaction";
  assert.equal(await client.call("SESSION", "ID", id, 1, 1, "SET", "k", "v"), inside);
  const aborted = "-EXECABORT Transaction discarded because of previous errors.";
  assert.equal(await client.call("SESSION", "ID", id, 1, 1, "EXEC"), aborted);
  await client.call("MULTI");
  await client.call("SET", "k", "v");
  await client.call("PING");
  const reply = await client.call("SESSION", "ID", id, 1, 1, "EXEC");
  assert.match(
    String(reply),
    /^-EXECABORT .* a transaction can be numbered only if all its commands read or/,
  );
  assert.equal(await client.call("EXISTS", "k"), 0);
  await client.call("MULTI");
  await client.call("SET", "k", "v");
  assert.deepEqual(await client.call("SESSION", "ID", id, 1, 1, "EXEC"), ["OK"]);
});

test("keys of a numbered write are found, and the commands describe themselves", async () => {
  await using server = await LiveServer.start();
  using client = await RawClient.connect(server.port);
  const keys = (...words: string[]): Promise<unknown> =>
    client.call("COMMAND", "GETKEYS", "SESSION", "ID", "1", "1", "1", ...words);
  assert.deepEqual(await keys("MSET", "a", "1", "b", "2"), ["a", "b"]);
  assert.equal(await keys("FLUSHALL"), "-ERR The command has no key arguments");
  assert.equal(await keys("NOTHING", "a"), "-ERR Invalid command specified");
  const help = (await client.call("SESSION", "HELP")) as string[];
  assert.deepEqual(
    help.filter((line) => !line.startsWith(" ")),
    [
      "SESSION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "OPEN milliseconds",
      "ID session-id sequence lowest-sequence command [arg [arg ...]]",
      "CLOSE session-id",
      "HELP",
    ],
  );
});
