import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { limits } from "../../src/base/limits.ts";
import { stateHash } from "../../src/engine/state-hash.ts";
import { DataDirectory } from "../../src/log/data-directory.ts";
import { entryKinds } from "../../src/log/entry.ts";
import type { Timer } from "../../src/platform/clock.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { DurableRun, MortalClock } from "./durable-run.ts";

/** A clock whose monotonic time can be moved, and whose repeated tasks can be done at once. */
class JumpClock extends MortalClock {
  aheadMs = 0;
  readonly #tasks: (() => void)[] = [];

  override monotonicMs(): number {
    return super.monotonicMs() + this.aheadMs;
  }

  override every(intervalMs: number, task: () => void): Timer {
    this.#tasks.push(task);
    return super.every(intervalMs, task);
  }

  look(): void {
    for (const task of this.#tasks) task();
  }
}

/** One durable voter, without a server above it: what it answers, when, and what it keeps. */

test("a write is answered when the disk has it, and not before", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  let answered = "";
  disk.onCall = (_number, call, path) => {
    // The write of the entry is on its way now: a crash at this point may lose it.
    if (call === "write" && path.endsWith(".log")) assert.equal(answered, "");
  };
  answered = await client.call("SET", "a", "1");
  assert.equal(answered, "+OK\r\n");
  const after = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(await after.client().call("GET", "a"), "$1\r\n1\r\n");
  await after.close();
});

test("nobody sees a write before it is durable", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const [writer, reader] = [run.client(), run.client()];
  await writer.call("SET", "a", "old");
  const writing = writer.call("SET", "a", "new");
  assert.equal(await reader.call("GET", "a"), "$3\r\nold\r\n");
  await writing;
  assert.equal(await reader.call("GET", "a"), "$3\r\nnew\r\n");
  await run.close();
});

test("what came while the disk was at work goes with the next entry, all of it", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const clients = Array.from({ length: 50 }, () => run.client());
  const before = run.durable.member.appliedIndex;
  await Promise.all(clients.map((client, i) => client.call("SET", `k${i}`, "v")));
  const entries = run.durable.member.appliedIndex - before;
  assert.ok(entries <= 2, `${entries} entries for 50 writes of one turn`);
  await run.close();
});

test("a key with a deadline goes at its deadline, for good, and a restart does not bring it back", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  await client.call("SET", "mortal", "v", "PX", "30");
  await client.call("SET", "other", "v");
  while ((await client.call("EXISTS", "mortal")) === ":1\r\n");
  const after = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(await after.client().call("EXISTS", "mortal"), ":0\r\n");
  assert.equal(await after.client().call("DBSIZE"), ":1\r\n");
  await after.close();
});

test("a wall clock that jumps back or forth neither brings a key back nor ends it early", async () => {
  const disk = new SimDisk();
  const clock = new MortalClock();
  const run = await DurableRun.start(disk, { clock });
  const client = run.client();
  await client.call("SET", "long", "v", "EX", "1000");
  await client.call("SET", "short", "v", "PX", "40");
  clock.jump(86_400_000);
  assert.equal(await client.call("EXISTS", "long"), ":1\r\n");
  clock.jump(-2 * 86_400_000);
  while ((await client.call("EXISTS", "short")) === ":1\r\n");
  assert.match(await client.call("TTL", "long"), /^:(999|1000)\r\n$/);
  await run.close();
});

test("a failed write answers UNKNOWN_OUTCOME to whom it concerns, MISCONF from then on, and reads go on", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const [one, two] = [run.client(), run.client()];
  await one.call("SET", "a", "1");
  disk.inject({ call: "write", code: "EIO" });
  assert.match(await one.call("SET", "a", "2"), /^-UNKNOWN_OUTCOME the disk failed \(EIO\)/);
  assert.match(run.durable.member.trouble?.everyWrite ?? "", /^MISCONF the disk failed \(EIO\)/);
  assert.match(await two.call("EXEC", "0", "0", "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"), /^-MISCONF/);
  assert.equal(await two.call("GET", "a"), "$1\r\n1\r\n");
  assert.equal(run.durable.diskState, "EIO");
  await run.close();
});

test("after a failed write nothing is written any more, also where the disk works again", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  disk.inject({ call: "write", code: "EIO" });
  await client.call("SET", "a", "1");
  let calls = 0;
  disk.onCall = (_number, call) => {
    if (call === "write" || call === "sync") calls++;
  };
  await client.call("GET", "a");
  await run.close();
  assert.equal(calls, 0);
});

test("each start raises term and boot number", async () => {
  const disk = new SimDisk();
  let term = 0;
  for (let start = 1; start <= 3; start++) {
    const run = await DurableRun.start(disk);
    await run.client().call("INCR", "starts");
    // At least: an election that the machine keeps waiting is repeated.
    assert.ok(run.durable.member.appliedTerm > term);
    term = run.durable.member.appliedTerm;
    await run.close();
  }
  const run = await DurableRun.start(disk);
  assert.equal(await run.client().call("GET", "starts"), "$1\r\n3\r\n");
  await run.close();
});

test("a disk on which the next segment has no room refuses growth, lets data shrink, and clears without a restart", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  await client.call("SET", "a", "1");
  const files = [...disk.snapshotFiles().values()].reduce((sum, bytes) => sum + bytes.length, 0);
  disk.capacityBytes = files;
  const value = Buffer.alloc(1_000_000, "v");
  const { member } = run.durable;
  for (let i = 0; member.trouble === undefined; i++) {
    assert.ok(i < 200, "the disk is full in the end");
    await client.call("SET", "big", value);
  }
  assert.match(member.trouble.growth ?? "", /^MISCONF the disk is almost full/);
  assert.equal(member.trouble.everyWrite, undefined);
  assert.equal(await client.call("DEL", "big"), ":1\r\n");
  assert.equal(run.durable.diskState, "ENOSPC");
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  while (member.trouble !== undefined) await new Promise(setImmediate);
  assert.equal(run.durable.diskState, "ok");
  assert.equal(await client.call("SET", "a", "2"), "+OK\r\n");
  await run.close();
});

test("a snapshot and the log behind it give the state back, and the log in front of it is dropped", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { segmentBytes: 16_384 });
  const client = run.client();
  for (let i = 0; i < 200; i++) await client.call("SET", `k${i % 20}`, "v".repeat(200 + i));
  await run.durable.save(true);
  await client.call("SET", "behind", "1");
  await run.durable.save(true);
  const { logBytes } = run.durable;
  assert.ok(logBytes < 30_000, `${logBytes} bytes of log`);
  await client.call("SET", "last", "1");
  const before = stateHash(run.engine);
  const after = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(await after.client().call("MGET", "behind", "last"), "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");
  assert.equal(stateHash(after.engine), before);
  await after.close();
});

test("a newest snapshot that the disk has damaged is no loss: the one before it is loaded, and more of the log", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { segmentBytes: 16_384 });
  const client = run.client();
  for (let i = 0; i < 100; i++) await client.call("SET", `k${i}`, "v".repeat(200));
  await run.durable.save(true);
  for (let i = 50; i < 150; i++) await client.call("SET", `k${i}`, "w".repeat(200));
  await run.durable.save(true);
  await client.call("DEL", "k0");
  const before = stateHash(run.engine);
  const spoiled = disk.crash("all-lost");
  run.die();
  const newest = [...spoiled.snapshotFiles().keys()]
    .filter((path) => path.endsWith(".snapshot"))
    .sort()
    .at(-1)!;
  spoiled.flipBit(newest, 40_000);
  const after = await DurableRun.start(spoiled);
  assert.equal(stateHash(after.engine), before);
  await after.close();
});

test("writes go on while a snapshot is taken, and are not in it", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  const client = run.client();
  for (let i = 0; i < 5_000; i += 500) {
    await client.call(
      "MSET",
      ...Array.from({ length: 500 }, (_, k) => [`k${i + k}`, "v".repeat(100)]).flat(),
    );
  }
  const index = run.durable.member.appliedIndex;
  let isSaved = false;
  const saving = run.durable.save(false).then(() => {
    isSaved = true;
  });
  let writes = 0;
  for (; !isSaved; writes++) await client.call("SET", `k${(writes * 37) % 5_000}`, `new ${writes}`);
  await saving;
  assert.ok(writes > 1, `${writes} writes meanwhile`);
  assert.equal(run.durable.entriesSinceSave, run.durable.member.appliedIndex - index);
  const before = stateHash(run.engine);
  const after = await DurableRun.start(disk.crash("all-lost"));
  run.die();
  assert.equal(stateHash(after.engine), before);
  await after.close();
});

test("a snapshot of another cluster is refused", async () => {
  const [disk, other] = [new SimDisk(), new SimDisk()];
  for (const [each, seed] of [
    [disk, 1],
    [other, 2],
  ] as const) {
    const run = await DurableRun.start(each, { random: new Prng(seed) });
    await run.client().call("SET", "a", "1");
    await run.durable.save(true);
    await run.close();
  }
  const files = disk.snapshotFiles();
  for (const [path, bytes] of other.snapshotFiles()) if (path.includes("/snapshots/")) files.set(path, bytes);
  await assert.rejects(DurableRun.start(SimDisk.fromFiles(files)), /belongs to cluster .* restore a backup/);
});

test("a node that stops without a snapshot lets go of its directory when the one under way is done", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  await run.client().call("SET", "a", "1");
  let isSaved = false;
  const saving = run.durable.save(false).then(() => {
    isSaved = true;
  });
  await run.close(false);
  assert.ok(isSaved, "nothing is written behind the close");
  await saving;
  const after = await DurableRun.start(disk);
  assert.equal(await after.client().call("GET", "a"), "$1\r\n1\r\n");
  await after.close();
});

test("entries to which only a later version gives a meaning are refused, and not passed over", async () => {
  for (const kind of [entryKinds.system]) {
    const disk = new SimDisk();
    const run = await DurableRun.start(disk);
    await run.client().call("SET", "a", "1");
    await run.close();
    const node = await DataDirectory.open({
      disk,
      directory: "/data",
      nodeId: "n1",
      clock: new MortalClock(),
      random: new Prng(1),
      logger: silentLogger,
    });
    const base = { term: 0, index: 0 };
    const log = await node.openLog({ fsync: "always", base, onStable() {}, onFailed() {} });
    const term = (await node.hardState()).term + 1;
    await node.saveHardState({ term, vote: "n1", commit: 0 });
    log.append({ term, index: log.lastIndex + 1, kind, payload: Buffer.from("later") });
    await log.close();
    await node.close();
    await assert.rejects(
      DurableRun.start(disk),
      /^KvorumError: a newer kvorum wrote entry \d+ .*start that one$/,
    );
  }
});

test("a snapshot that the disk cannot read is no loss: what is before it is loaded, and more of the log", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { segmentBytes: 16_384 });
  for (let i = 1; i <= 2; i++) {
    for (let k = 0; k < 100; k++) await run.client().call("SET", `k${k}`, `${i}`.repeat(300));
    await run.durable.save(true);
    const left = disk.afterCrash("all-lost");
    const before = stateHash(run.engine);
    // The header of each is read first, and then all of the newest.
    left.inject({ call: "read", path: ".snapshot", nth: i + 1, code: "EIO" });
    const after = await DurableRun.start(left, { segmentBytes: 16_384 });
    assert.equal(stateHash(after.engine), before, `snapshot ${i}`);
    await after.close();
    const next = await DurableRun.start(left.crash("all-lost"), { segmentBytes: 16_384 });
    assert.equal(stateHash(next.engine), before, `the next start after snapshot ${i}`);
    await next.close();
  }
  await run.close();
});

test("where the log does not reach back, a damaged snapshot is why a node does not start, and stays", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { segmentBytes: 16_384 });
  for (let i = 1; i <= 3; i++) {
    for (let k = 0; k < 100; k++) await run.client().call("SET", `k${k}`, `${i}`.repeat(300));
    await run.durable.save(true);
  }
  await run.close();
  const snapshots = [...disk.snapshotFiles().keys()].filter((path) => path.endsWith(".snapshot"));
  for (const path of snapshots) disk.flipBit(path, 8 * 10_000);
  await assert.rejects(DurableRun.start(disk), /^KvorumError: snapshot .* is damaged at byte/);
  assert.deepEqual(
    [...disk.snapshotFiles().keys()].filter((path) => path.endsWith(".snapshot")),
    snapshots,
  );
});

test("a log that the disk cannot read is no corruption: the start is refused with what failed, and changes nothing", async () => {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk);
  await run.client().call("SET", "a", "1");
  await run.close();
  const spoiled = disk.fork();
  spoiled.inject({ call: "read", path: ".log", code: "EIO", times: Number.POSITIVE_INFINITY });
  await assert.rejects(DurableRun.start(spoiled), {
    name: "DiskError",
    message: /^read \/data\/wal\/0+1.log: EIO$/,
  });
  const after = await DurableRun.start(disk);
  assert.equal(await after.client().call("GET", "a"), "$1\r\n1\r\n");
  await after.close();
});

test("a snapshot that failed is not tried again and again, and is once some time has passed", async () => {
  const disk = new SimDisk();
  const clock = new JumpClock();
  const run = await DurableRun.start(disk, { clock, snapshotLogBytes: 1 });
  const client = run.client();
  let tries = 0;
  disk.onCall = (_number, call, path) => {
    if (call === "open" && path.endsWith("new.partial")) tries++;
  };
  disk.inject({ call: "open", path: "new.partial", code: "ENOSPC" });
  const value = "v".repeat(1_000_000);
  for (let i = 0; run.durable.lastSaveOk; i++) {
    await client.call("SET", `k${i % 2}`, value);
    clock.look();
  }
  for (let i = 0; i < 5; i++) clock.look();
  await client.call("SET", "k0", value);
  assert.equal(tries, 1);
  clock.aheadMs += limits.snapshotRetryMs;
  clock.look();
  while (!run.durable.lastSaveOk) await client.call("SET", "k0", "v");
  assert.equal(tries, 2);
  await run.close();
});
