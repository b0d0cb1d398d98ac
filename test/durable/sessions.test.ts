import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { encodeBatchNumber } from "../../src/engine/batch.ts";
import { Engine } from "../../src/engine/engine.ts";
import { stateHash } from "../../src/engine/state-hash.ts";
import { encodeArguments } from "../../src/engine/transaction.ts";
import { encodeEngineVersion } from "../../src/engine/version.ts";
import { DataDirectory } from "../../src/log/data-directory.ts";
import { type EntryKind, entryKinds } from "../../src/log/entry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { emptyConfiguration } from "../../src/raft/configuration.ts";
import { Applier } from "../../src/replica/applier.ts";
import { ApplyLoop } from "../../src/replica/apply-loop.ts";
import { Proposals } from "../../src/replica/proposals.ts";
import { entry, TestLog } from "../log-harness.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { DurableRun } from "./durable-run.ts";

/** Sessions and the engine version in the log and in snapshots. */

async function openOn(run: DurableRun): Promise<string> {
  return (await run.client().call("SESSION", "OPEN", "60000")).slice(1, -2);
}

for (const saves of ["the log", "a snapshot", "a snapshot and the log"] as const) {
  test(`a restart finds sessions and their replies in ${saves}`, async () => {
    const disk = new SimDisk();
    const run = await DurableRun.start(disk);
    const client = run.client();
    const id = await openOn(run);
    await client.call("SESSION", "ID", id, "1", "1", "INCR", "n");
    await client.call("SESSION", "ID", id, "2", "1", "SET", "n", "7", "GET");
    if (saves !== "the log") await run.durable.save(true);
    if (saves !== "a snapshot") await client.call("SESSION", "ID", id, "3", "2", "INCR", "n");
    const before = stateHash(run.engine);
    const after = await DurableRun.start(disk.crash("all-lost"));
    run.die();
    assert.equal(stateHash(after.engine), before);
    const again = after.client();
    assert.equal(await again.call("SESSION", "ID", id, "2", "1", "SET", "n", "7", "GET"), "$1\r\n1\r\n");
    assert.equal(await again.call("SESSION", "ID", id, "3", "2", "INCR", "n"), ":8\r\n");
    assert.equal(await again.call("GET", "n"), "$1\r\n8\r\n");
    await after.close();
  });
}

test("a session that nobody uses expires by itself, and a restart does not bring it back", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  await run.client().call("SESSION", "OPEN", "30");
  while (run.engine.sessions.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const after = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(after.engine.sessions.size, 0);
  await after.close();
});

test("a node that is killed keeps its sessions: a write that is sent again is not applied again", async () => {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "n1");
  const node = await SpawnedNode.startIn(data);
  const client = await RawClient.connect(node.port);
  const id = (await client.call("SESSION", "OPEN", 60_000)) as number;
  const [last, numbers] = [40, Array.from({ length: 60 }, (_, i) => i + 1)];
  for (const i of numbers.slice(0, last))
    assert.equal(await client.call("SESSION", "ID", id, i, 1, "INCR", "n"), i);
  await node.kill();
  await using again = await SpawnedNode.startIn(data);
  using retrying = await RawClient.connect(again.port);
  for (const i of numbers.toReversed().filter((each) => each <= last))
    assert.equal(await retrying.call("SESSION", "ID", id, i, 1, "INCR", "n"), i);
  for (const i of numbers.slice(last))
    assert.equal(await retrying.call("SESSION", "ID", id, i, i, "INCR", "n"), i);
  assert.equal(await retrying.call("GET", "n"), String(numbers.length));
});

/** Applies entries that never were in a log. */
class Entries {
  readonly engine: Engine = new Engine([1, 2]);
  readonly #applier = new Applier(this.engine, systemClock);
  #index = 0;

  apply(kind: EntryKind, payload: Buffer): void {
    this.#applier.applyEntry({ term: 1, index: ++this.#index, kind, payload });
  }

  /** Commands at a time, behind a number where there is one. */
  batch(
    timeMs: number,
    number: readonly [session: number, sequence: number] | undefined,
    ...lines: string[]
  ): void {
    const time = Buffer.alloc(8);
    time.writeDoubleLE(timeMs);
    const commands = lines.map((line) => encodeArguments(line.split(" ").map((word) => Buffer.from(word))));
    const items = number === undefined ? commands : [encodeBatchNumber(...number), ...commands];
    const bytes = items.map(({ bytes, from, to }) =>
      Buffer.concat([Buffer.alloc(1), bytes.subarray(from, to)]),
    );
    this.apply(entryKinds.commands, Buffer.concat([time, ...bytes]));
  }

  value(key: string): number {
    return this.engine.revisionOf(0, Buffer.from(key));
  }
}

test("of a batch that is not the next one of its session nothing is applied but the time", () => {
  const entries = new Entries();
  entries.batch(1000, undefined, "SESSION OPEN 500");
  const { engine } = entries;
  const before = engine.revision;
  for (const number of [2, 0, 7]) entries.batch(1000 + number, [1, number], "SET a 1", "SET b 1");
  entries.batch(1007, [99, 1], "SET a 1");
  assert.equal(engine.revision, before);
  assert.equal(engine.now, 1007);
  entries.batch(1010, [1, 1], "SET a 1", "SET b 1");
  entries.batch(1010, [1, 1], "SET a 1", "SET b 1");
  assert.equal(engine.revision, before + 2);
  entries.batch(1400, [1, 2], "SET c 1");
  entries.batch(1900, [1, 3], "SET d 1");
  assert.deepEqual([entries.value("c"), entries.value("d")], [before + 3, 0]);
});

test("an entry that asks for a known engine version changes nothing, one that asks for a later one is refused", () => {
  const entries = new Entries();
  entries.apply(entryKinds.engineVersion, encodeEngineVersion(1));
  assert.equal(entries.engine.version, 1);
  const { engine } = entries;
  const before = stateHash(engine);
  const error = { name: "KvorumError", message: /engine version 2, and this one knows 1\): start that one/ };
  assert.throws(() => entries.apply(entryKinds.engineVersion, encodeEngineVersion(2)), error);
  assert.throws(() => entries.apply(entryKinds.engineVersion, Buffer.alloc(3)), /engine version of 3 bytes/);
  assert.equal(stateHash(engine), before);
  engine.version = 2;
  assert.notEqual(stateHash(engine), before);
  engine.reset();
  assert.equal(engine.version, 1);
});

test("a node that is running applies nothing from an entry of a later engine version on", async () => {
  const log = await TestLog.open(new SimDisk());
  const { engine } = new Entries();
  const kinds = [entryKinds.noop, entryKinds.engineVersion, entryKinds.engineVersion, entryKinds.noop];
  for (const [i, kind] of kinds.entries())
    log.append(entry(i + 1, 1, kind === entryKinds.noop ? "" : encodeEngineVersion(i), kind));
  await log.settled();
  const failures: unknown[] = [];
  const loop = new ApplyLoop({
    ...{ engine, clock: systemClock, proposals: new Proposals(), isHeld: () => true, isBeyond: () => false },
    forwarding: { find: () => undefined, settled() {}, drop: () => [], opened() {} },
    ...{ onAnswered() {}, onPlaced() {}, onProgress() {}, onFailed: (error) => failures.push(error) },
  });
  loop.begin(log.wal, { term: 0, index: 0, placed: { index: 0, configuration: emptyConfiguration } });
  loop.mayApply(4);
  for (let i = 0; i < 3; i++) loop.run();
  assert.deepEqual(loop.applied, { term: 1, index: 2 });
  assert.match(
    String(failures),
    /^KvorumError: a newer kvorum wrote this state \(engine version 2, and this one/,
  );
  assert.equal(failures.length, 1);
  await log.wal.close();
});

async function appendVersion(disk: SimDisk, version: number): Promise<void> {
  const directory = await DataDirectory.open({
    ...{ disk, directory: "/data", nodeId: "n1" },
    ...{ clock: systemClock, random: new Prng(1), logger: silentLogger },
  });
  const log = await directory.openLog({
    ...{ fsync: "always", base: { term: 0, index: 0 } },
    ...{ onStable() {}, onFailed() {}, onSpace() {} },
  });
  const place = { term: log.termOf(log.lastIndex)!, index: log.lastIndex + 1 };
  log.append({ ...place, kind: entryKinds.engineVersion, payload: encodeEngineVersion(version) });
  await log.close();
  await directory.close();
}

test("a node does not start on a log or a snapshot of a later engine version, and leaves them as they are", async () => {
  for (const isSnapshot of [true, false]) {
    const disk = new SimDisk();
    const run = await DurableRun.start(disk);
    await run.client().call("SET", "a", "1");
    if (isSnapshot) {
      await run.durable.save(true);
      run.engine.version = 2;
      await run.client().call("SET", "a", "2");
      await run.durable.save(true);
    } else {
      await run.close();
      await appendVersion(disk, 2);
    }
    if (isSnapshot) await run.close();
    const before = disk.snapshotFiles();
    await assert.rejects(DurableRun.start(disk), /engine version 2, and this one knows 1\): start that one/);
    const files = [...before.keys()].filter((path) => path.endsWith(".snapshot"));
    assert.equal(files.length, isSnapshot ? 2 : 0);
    for (const path of files) assert.deepEqual(disk.snapshotFiles().get(path), before.get(path));
  }
});
