import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runKvorum } from "./command-line.ts";
import { RawClient } from "./server/raw-client.ts";
import { SpawnedNode } from "./server/spawned-node.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const binary = Buffer.from([0, 255, 13, 10, 36]);

function at(port: number): string[] {
  return ["-c", `127.0.0.1:${port}`];
}

/** Adds one to two counters, again and again, in one transaction each time. */
async function countOn(client: RawClient, isOver: () => boolean): Promise<number> {
  let done = 0;
  while (!isOver()) {
    await client.call("MULTI");
    await client.call("INCR", "first");
    await client.call("INCR", "second");
    assert.deepEqual(await client.call("EXEC"), [done + 1, done + 1]);
    done++;
  }
  return done;
}

test("a backup of a node under load is one of its states, and a new node starts from it", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "backup.kvorum");
  let before = 0;
  {
    await using node = await SpawnedNode.startIn(join(folder.path, "n1"));
    using client = await RawClient.connect(node.port);
    using writer = await RawClient.connect(node.port);
    for (let db = 0; db < 16; db++) {
      await client.call("SELECT", db);
      await client.call("SET", binary, `database ${db}`);
    }
    await client.call("SELECT", 0);
    await client.call("SET", "mortal", "v", "EX", "1000");
    await client.call("SET", "large", Buffer.alloc(3_000_000, "x"));
    let isOver = false;
    const counting = countOn(writer, () => isOver);
    do before = Number(await client.call("GET", "first"));
    while (before < 20);
    const { code, stdout } = await runKvorum(["backup", file, ...at(node.port)]);
    isOver = true;
    assert.equal(code, 0);
    assert.match(stdout, /20 keys, up to entry \d+, revision \d+\n$/);
    assert.ok((await counting) >= before);
  }
  const data = join(folder.path, "restored");
  const restored = await runKvorum(["restore", file, "--data", data, "--id", "r1"]);
  assert.equal(restored.code, 0, restored.stderr);
  await using node = await SpawnedNode.startIn(data, "--id", "r1");
  using client = await RawClient.connect(node.port);
  const [first, second] = (await client.call("MGET", "first", "second")) as string[];
  assert.equal(first, second, "no transaction is there in part");
  assert.ok(Number(first) >= before, "what was acknowledged before is there");
  assert.equal(String(await client.call("GET", "large")).length, 3_000_000);
  const left = Number(await client.call("TTL", "mortal"));
  assert.ok(left > 0 && left <= 1000, String(left));
  for (let db = 0; db < 16; db++) {
    await client.call("SELECT", db);
    assert.equal(await client.call("GET", binary), `database ${db}`);
  }
});

test("a backup replaces no file, and a failed one leaves none behind", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "backup.kvorum");
  await using node = await SpawnedNode.startIn(join(folder.path, "n1"));
  assert.equal((await runKvorum(["backup", file, ...at(node.port)])).code, 0);
  const again = await runKvorum(["backup", file, ...at(node.port)]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /exists: choose another name, or replace it with --force/);
  assert.equal((await runKvorum(["backup", file, "--force", ...at(node.port)])).code, 0);
  await using inMemory = await SpawnedNode.start();
  const other = join(folder.path, "other.kvorum");
  const refused = await runKvorum(["backup", other, ...at(inMemory.port)]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /there is nothing to back up: the node was started with --memory/);
  assert.deepEqual(readdirSync(folder.path).sort(), ["backup.kvorum", "n1"]);
});

test("a damaged backup is refused before anything is written, and so is a directory with something in it", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "backup.kvorum");
  const data = join(folder.path, "n1");
  {
    await using node = await SpawnedNode.startIn(data);
    using client = await RawClient.connect(node.port);
    await client.call("SET", "k", "v".repeat(1000));
    await runKvorum(["backup", file, ...at(node.port)]);
  }
  const occupied = await runKvorum(["restore", file, "--data", data]);
  assert.equal(occupied.code, 1);
  assert.match(occupied.stderr, /is not empty/);
  const bytes = readFileSync(file);
  bytes[bytes.length - 200]! ^= 4;
  writeFileSync(file, bytes);
  const empty = join(folder.path, "new");
  const damaged = await runKvorum(["restore", file, "--data", empty]);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /is damaged at byte \d+/);
  assert.ok(!existsSync(empty));
});

test("BACKUP is for one snapshot a connection, read within its bounds, and ended once", async () => {
  using folder = new TemporaryFolder();
  await using node = await SpawnedNode.startIn(join(folder.path, "n1"));
  using client = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  const [, id, , bytes] = (await client.call("BACKUP", "BEGIN")) as [string, number, string, number];
  assert.match(String(await client.call("BACKUP", "BEGIN")), /^-ERR a backup is under way/);
  assert.match(
    String(await other.call("BACKUP", "READ", id, 0, 10)),
    /^-ERR no such backup on this connection/,
  );
  assert.equal(String(await client.call("BACKUP", "READ", id, bytes - 5, 100)).length, 5);
  assert.match(String(await client.call("BACKUP", "READ", id, 0, 0)), /^-ERR length is out of range/);
  assert.match(String(await client.call("BACKUP", "READ", id, -1, 1)), /^-ERR offset is out of range/);
  assert.equal(await client.call("BACKUP", "END", id), "OK");
  assert.match(String(await client.call("BACKUP", "END", id)), /^-ERR no such backup/);
});
