import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { allEntries, directory, entry, TestLog } from "../../test/log-harness.ts";
import { readHardState, saveHardState } from "../log/hard-state.ts";
import type { Write } from "../raft/ready.ts";
import type { Entry, HardState, Snapshot } from "../raft/types.ts";
import { Persister } from "./persister.ts";

/** A persister over a log and a vote on a simulated disk, and what it has told. */
class Host {
  readonly disk: SimDisk;
  readonly told: number[] = [];
  readonly failures: unknown[] = [];
  readonly steps: string[] = [];
  /** Called at each write that is told. */
  onTold: (write: Write) => void = () => {};
  install: (snapshot: Snapshot) => Promise<void> = async () => {};
  #persister!: Persister;
  #log!: TestLog;
  #writes = 0;

  private constructor(disk: SimDisk) {
    this.disk = disk;
  }

  static async open(): Promise<Host> {
    const host = new Host(new SimDisk());
    await host.disk.makeDirectory(directory);
    host.#log = await TestLog.open(host.disk, { onStable: () => host.#persister.written() });
    host.#persister = new Persister({
      log: host.#log.wal,
      saveHardState: async ({ term, vote = "" }) => {
        await saveHardState(host.disk, directory, { term, vote, commit: 0 });
        host.steps.push(`term ${term}`);
      },
      install: async (snapshot) => {
        await host.install(snapshot);
        host.steps.push(`snapshot ${snapshot.index}`);
      },
      onPersisted: (write) => {
        host.told.push(write.number);
        host.steps.push(`write ${write.number}`);
        host.onTold(write);
      },
      onFailed: (error) => host.failures.push(error),
    });
    return host;
  }

  get log() {
    return this.#log.wal;
  }

  begin({ hardState, snapshot, entries = [] }: Partial<Write>): number {
    const number = ++this.#writes;
    this.#persister.begin({ number, hardState, snapshot, entries });
    return number;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }
}

const inTerm = (term: number, vote?: string): HardState => ({ term, vote });

/** What a start would find. */
async function found(disk: SimDisk): Promise<{ term: number; entries: readonly Entry[] }> {
  const hardState = (await readHardState(disk, directory)) ?? "none";
  const { wal } = await TestLog.open(disk, { hardState });
  return { term: hardState === "none" ? 0 : hardState.term, entries: await allEntries(wal) };
}

test("what is told survives any crash at that moment, and is told in the order of the writes", async () => {
  for (const kind of crashKinds) {
    const host = await Host.open();
    const images: [Write, SimDisk][] = [];
    host.onTold = (write) => images.push([write, host.disk.afterCrash(kind)]);
    host.begin({ hardState: inTerm(1, "n1") });
    host.begin({ entries: [entry(1), entry(2)] });
    host.begin({ entries: [entry(3)] });
    host.begin({ hardState: inTerm(2), entries: [entry(4, 2)] });
    host.begin({ entries: [entry(5, 2)] });
    await host.until(() => host.told.length === 5);
    assert.deepEqual(host.told, [1, 2, 3, 4, 5]);
    const indexes = [0, 2, 3, 4, 5];
    for (const [write, disk] of images) {
      const { term, entries } = await found(disk);
      assert.ok(term >= (write.number < 4 ? 1 : 2), `${kind}: write ${write.number}, term ${term}`);
      assert.ok(entries.length >= indexes[write.number - 1]!, `${kind}: write ${write.number}`);
    }
  }
});

test("no log is ever ahead of the term that is on the disk", async () => {
  const host = await Host.open();
  const images: SimDisk[] = [];
  host.disk.onCall = () => {
    for (const kind of crashKinds) images.push(host.disk.afterCrash(kind));
  };
  for (let term = 1; term <= 3; term++) host.begin({ hardState: inTerm(term), entries: [entry(term, term)] });
  await host.until(() => host.told.length === 3);
  host.disk.onCall = undefined;
  assert.ok(images.length > 50);
  // A start refuses a vote that is older than the log.
  for (const disk of images) await found(disk);
});

test("what comes while term and vote are being saved waits, and nothing of it reaches the log before", async () => {
  const host = await Host.open();
  host.begin({ hardState: inTerm(1), entries: [entry(1)] });
  host.begin({ entries: [entry(2)] });
  host.begin({ hardState: inTerm(2) });
  assert.equal(host.log.lastIndex, 0);
  await host.until(() => host.told.length === 3);
  assert.ok(host.steps.indexOf("term 1") < host.steps.indexOf("write 1"));
  assert.ok(host.steps.indexOf("term 2") < host.steps.indexOf("write 3"));
});

test("a snapshot is in its place before the entries behind it are written", async () => {
  const host = await Host.open();
  host.install = async ({ index, term }) => {
    assert.equal(host.log.lastIndex, 0);
    host.log.reset({ index, term });
  };
  const snapshot = { index: 7, term: 1, configuration: { members: [] } };
  host.begin({ hardState: inTerm(1), snapshot, entries: [entry(8)] });
  host.begin({ entries: [entry(9)] });
  await host.until(() => host.told.length === 2);
  assert.deepEqual(host.steps, ["term 1", "snapshot 7", "write 1", "write 2"]);
  assert.deepEqual([host.log.firstIndex, host.log.lastIndex], [8, 9]);
});

test("a write of nothing but what is there already is told too, and not before those in front of it", async () => {
  const host = await Host.open();
  host.begin({ entries: [entry(1)] });
  host.begin({});
  assert.deepEqual(host.told, []);
  await host.until(() => host.told.length === 2);
  host.begin({});
  assert.deepEqual(host.told, [1, 2, 3]);
});

test("where term and vote cannot be saved, that is said once, and nothing is told any more", async () => {
  const host = await Host.open();
  host.disk.inject({ call: "sync", path: "hard-state", code: "EIO" });
  host.begin({ entries: [entry(1)] });
  host.begin({ hardState: inTerm(1), entries: [entry(2)] });
  host.begin({ entries: [entry(3)] });
  await host.until(() => host.failures.length > 0);
  host.begin({ hardState: inTerm(2) });
  await host.log.sync();
  assert.equal(host.failures.length, 1);
  assert.equal(host.log.lastIndex, 1);
  assert.ok(!host.told.some((number) => number > 1), `${host.told}`);
});

test("what a log that has failed did not take is never told", async () => {
  const host = await Host.open();
  host.begin({ entries: [entry(1)] });
  await host.until(() => host.told.length === 1);
  host.disk.inject({ call: "write", path: ".log", code: "EIO", times: Number.POSITIVE_INFINITY });
  host.begin({ entries: [entry(2)] });
  await host.log.sync().catch(() => {});
  host.begin({ entries: [entry(3)] });
  host.begin({});
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(host.told, [1]);
});
