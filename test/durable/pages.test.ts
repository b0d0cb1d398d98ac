import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { PagePool } from "../../src/engine/pages.ts";
import { stateHash } from "../../src/engine/state-hash.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Chance } from "../differential/chance.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { DurableRun, type TestClient } from "./durable-run.ts";

/** A durable node that takes all the pages there are, and one that grows and shrinks: neither loses count. */
const mib = 1024 * 1024;
/** Of no keys: 64 empty pages for who needs some next, and tables that shrink with the next writes. */
const leftBytesMax = 80 * mib;

/** So few pages that a test can fill them, and again with what several clients have under way. */
const pages = 32;
const clients = 6;

/** Any write, most of them such that change a value's size. */
function write(chance: Chance): (string | Buffer)[] {
  const key = `k${chance.below(80)}`;
  const value = Buffer.alloc(chance.pick([5, 3_000, 60_000, 200_000, 263_000, 263_000]), "v");
  return chance.pick([
    ["SET", key, value],
    ["APPEND", key, value],
    ["SETRANGE", key, String(chance.below(300_000)), "x"],
    ["MSET", key, value, `k${chance.below(80)}`, value],
    ["RENAME", key, `k${chance.below(80)}`],
    ["GETDEL", key],
  ]);
}

async function writeMuch(client: TestClient, chance: Chance, times: number): Promise<number> {
  let refused = 0;
  for (let i = 0; i < times; i++) {
    const reply = await client.call(...write(chance));
    if (reply.startsWith("-OOM")) refused++;
    else assert.doesNotMatch(reply, /^-(?!ERR no such key|ERR string exceeds)/);
  }
  return refused;
}

test("pages run out under several clients of a durable member: growth is refused, nothing is lost", async () => {
  const disk = new SimDisk();
  const pool = new PagePool(pages);
  const run = await DurableRun.start(disk, { pages: pool });
  const writers = Array.from({ length: clients }, (_, i) => writeMuch(run.client(), new Chance(i), 80));
  const refused = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
  assert.ok(refused > 20, `${refused} were refused`);
  const hash = stateHash(run.engine);
  // What was acknowledged fits again, page by page.
  const after = await DurableRun.start(disk.crash("all-lost"), { pages: new PagePool(pages) });
  run.die();
  assert.equal(stateHash(after.engine), hash);
  const client = after.client();
  for (let i = 0; i < 80; i++) await client.call("DEL", `k${i}`);
  assert.equal(await client.call("DBSIZE"), ":0\r\n");
  assert.equal(await client.call("SET", "k", Buffer.alloc(20 * mib, "v")), "+OK\r\n", "there is room again");
  await after.close();
});

for (const kind of ["durable", "in memory"] as const) {
  test(`a node that grew by values of all sizes gives memory back when nobody writes any more: ${kind}`, async () => {
    using folder = new TemporaryFolder();
    await using node =
      kind === "durable"
        ? await SpawnedNode.startIn(folder.path, "--fsync", "interval")
        : await SpawnedNode.start();
    using client = await RawClient.connect(node.port);
    const used = async (): Promise<number> =>
      Number(/used_memory_dataset:(\d+)/.exec(String(await client.call("INFO", "memory")))![1]);
    const empty = await used();
    const sizes = await fill(client);
    const full = (await used()) - empty;
    const bytes = sum(sizes.values());
    assert.ok(full > bytes && full < bytes * 1.6 + 16 * mib, `${full} bytes are used for ${bytes}`);
    // Every tenth stays, so that no page becomes empty by itself.
    const doomed = [...sizes.keys()].filter((_, i) => i % 10 !== 0);
    for (let from = 0; from < doomed.length; from += batch) {
      await client.call("DEL", ...doomed.slice(from, from + batch));
    }
    for (const key of doomed) sizes.delete(key);
    const enough = leftBytesMax + 1.5 * sum(sizes.values());
    assert.ok(full > enough + 20 * mib, "there is something to give back");
    const patienceMs = Date.now() + 60_000;
    let left = full;
    while (left > enough && Date.now() < patienceMs) left = (await used()) - empty;
    assert.ok(left <= enough, `${left} of ${full} bytes are left`);
    for (const key of sizes.keys()) client.send(encodeRequest(["STRLEN", key]));
    assert.deepEqual(await client.replies(sizes.size), [...sizes.values()]);
  });
}

const batch = 500;

/** Values that change their sizes. Resolves with the last one of each key. */
async function fill(client: RawClient): Promise<Map<string, number>> {
  const chance = new Chance(1);
  const sizes = new Map<string, number>();
  for (let round = 0; round < 90; round++) {
    for (let i = 0; i < batch; i++) {
      const key = `key:${chance.below(25_000)}`;
      const size = chance.pick([10, 100, 2_000, 10_000, 30_000]);
      sizes.set(key, size);
      client.send(encodeRequest(["SET", key, Buffer.alloc(size, "v")]));
    }
    for (const reply of await client.replies(batch)) assert.equal(reply, "OK");
  }
  return sizes;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
