import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { entryKinds } from "../../src/log/entry.ts";
import { Wal } from "../../src/log/wal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk-system.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

/** The checkpoint tests of the seed's second milestone, under their names, on a real disk. */

function openLog(directory: string): Promise<Wal> {
  return Wal.open({
    disk: systemDisk,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    directory,
    clusterId: Buffer.alloc(16, 1),
    fsync: "always",
    base: { term: 0, index: 0 },
    onStable() {},
    onFailed: (error) => assert.fail(error),
  });
}

/** Starts a node on a directory, has it carry out lines of the text protocol, and stops it. */
async function inOneLife(data: string, ...lines: readonly string[]): Promise<string[]> {
  await using node = await SpawnedNode.startIn(data);
  const replies: string[] = [];
  using client = await RawClient.connect(node.port);
  for (const line of lines) {
    client.send(`${line}\n`);
    replies.push(await client.line());
  }
  return replies;
}

test("wal append and replay", async () => {
  using folder = new TemporaryFolder();
  const log = await openLog(folder.path);
  const kind = entryKinds.commands;
  log.append({ term: 1, index: 1, kind, payload: Buffer.from("SET key1 value1") });
  log.append({ term: 1, index: 2, kind, payload: Buffer.from("SET key2 value2") });
  await log.close();
  const again = await openLog(folder.path);
  const entries = await again.read(1, 1_000_000);
  assert.deepEqual(
    entries.map(({ payload }) => payload.toString()),
    ["SET key1 value1", "SET key2 value2"],
  );
  await again.close();
});

test("persistence across restart", async () => {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "n1");
  assert.deepEqual(await inOneLife(data, "SET name Alice", "SET age 30"), ["OK", "OK"]);
  assert.deepEqual(await inOneLife(data, "GET name", "GET age"), ["VALUE Alice", "VALUE 30"]);
});

test("delete persistence", async () => {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "n1");
  assert.deepEqual(await inOneLife(data, "SET temp value", "DELETE temp"), ["OK", "OK"]);
  assert.deepEqual(await inOneLife(data, "GET temp"), ["NOT_FOUND"]);
});

test("wal file size grows", async () => {
  using folder = new TemporaryFolder();
  await using node = await SpawnedNode.startIn(join(folder.path, "n1"));
  using client = await RawClient.connect(node.port);
  const size = async (): Promise<number> =>
    Number(/aof_current_size:(\d+)/.exec(String(await client.call("INFO", "persistence")))![1]);
  const before = await size();
  for (let i = 0; i < 10; i++) assert.equal(await client.call("SET", `key${i}`, `value${i}`), "OK");
  assert.ok((await size()) > before);
});
