import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiskFile } from "../src/platform/disk.ts";
import { bytesOf, synced, written } from "../test/disk-calls.ts";
import type { Turns } from "./calls.ts";
import { type CrashKind, crashKinds } from "./crash.ts";
import { SimDisk } from "./disk.ts";
import { Prng } from "./prng.ts";

/** A disk with one durable file of "." in three sectors. */
async function diskWithFile(seed = 1): Promise<{ disk: SimDisk; file: DiskFile }> {
  const disk = SimDisk.fromFiles(new Map([["/d/file", Buffer.alloc(1536, ".")]]), { seed });
  return { disk, file: await disk.open("/d/file", { mode: "write" }) };
}

function textOf(disk: SimDisk, path: string): string | undefined {
  return disk.snapshotFiles().get(path)?.toString("latin1");
}

/** The first letter of each sector. */
function sectorsOf(disk: SimDisk, path = "/d/file"): string {
  return (textOf(disk, path) ?? "none").replace(/(.)[\s\S]{0,511}/g, "$1");
}

function fill(letter: string, sectors = 1): Buffer {
  return Buffer.alloc(512 * sectors, letter);
}

/** What crashes of this kind leave, over many seeds, each outcome once. */
function outcomes(disk: SimDisk, kind: CrashKind, look: (after: SimDisk) => string): string[] {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) seen.add(look(disk.afterCrash(kind, { seed })));
  return [...seen].sort();
}

/** Turns of the event loop, and time, that go on when they are told to. */
class HandTurns implements Turns {
  readonly #tasks: (() => void)[] = [];
  readonly #timers: { delayMs: number; task: () => void }[] = [];

  nextTurn(task: () => void): void {
    this.#tasks.push(task);
  }

  after(delayMs: number, task: () => void): { cancel(): void } {
    this.#timers.push({ delayMs, task });
    return { cancel: () => assert.fail("a disk cancels no timer") };
  }

  turn(): void {
    for (const task of this.#tasks.splice(0)) task();
  }

  /** The delays asked for; their time is over. */
  elapse(): number[] {
    return this.#timers.splice(0).map(({ delayMs, task }) => {
      task();
      return delayMs;
    });
  }
}

// What is durable.

test("what was not synced is lost, what was is there after every crash", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a"), 0);
  assert.equal(sectorsOf(disk), "a..");
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "...");
  assert.equal(sectorsOf(disk.afterCrash("all-kept")), "a..");
  assert.equal(sectorsOf(disk.afterCrash("process")), "a..");
  await synced(file);
  for (const kind of crashKinds) assert.deepEqual(outcomes(disk, kind, sectorsOf), ["a.."], kind);
});

test("a sync makes durable what was done before it, and no write that is on its way", async () => {
  const turns = new HandTurns();
  const disk = SimDisk.fromFiles(new Map([["/d/file", fill(".", 3)]]), { turns });
  let file: DiskFile | undefined;
  void disk.open("/d/file", { mode: "write" }).then((opened) => {
    file = opened;
  });
  turns.turn();
  await Promise.resolve();
  file!.write([fill("a")], 0, () => {});
  turns.turn();
  file!.write([fill("b")], 512, () => {});
  file!.sync(() => {});
  turns.turn();
  assert.equal(sectorsOf(disk), "ab.");
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "a..");
});

test("a synchronous write is durable when it is done, and not before", async () => {
  const { disk } = await diskWithFile();
  const file = await disk.open("/d/file", { mode: "write", isSynchronous: true });
  await written(file, fill("a"), 0);
  const write = written(file, fill("b", 2), 512);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "a..");
  assert.deepEqual(outcomes(disk, "subset", sectorsOf), ["a..", "a.b", "ab.", "abb"]);
  await write;
  for (const kind of crashKinds) assert.deepEqual(outcomes(disk, kind, sectorsOf), ["abb"], kind);
});

test("a synchronous write takes along what was un-synced in its sectors, and nothing else", async () => {
  const { disk, file } = await diskWithFile();
  const synchronous = await disk.open("/d/file", { mode: "write", isSynchronous: true });
  await written(file, Buffer.from("aa"), 0);
  await written(file, fill("a"), 512);
  await written(synchronous, Buffer.from("b"), 1);
  const after = disk.afterCrash("all-lost");
  assert.equal(textOf(after, "/d/file")!.slice(0, 3), "ab.");
  assert.equal(sectorsOf(after), "a..");
  await written(file, fill("a"), 1536);
  await written(synchronous, fill("b"), 2048);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "a..\0b");
  // An older content never comes back over it.
  assert.deepEqual(
    outcomes(disk, "subset", (left) => textOf(left, "/d/file")!.slice(0, 3)),
    ["ab."],
  );
});

test("after the death of a process what it did not sync is still to be lost", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a"), 0);
  await disk.rename("/d/file", "/d/renamed");
  const next = disk.crash("process");
  assert.deepEqual([...next.snapshotFiles().keys()], ["/d/renamed"]);
  assert.equal(sectorsOf(next, "/d/renamed"), "a..");
  const last = next.crash("all-lost");
  assert.deepEqual([...last.snapshotFiles().keys()], ["/d/file"]);
  assert.equal(sectorsOf(last), "...");
});

test("whoever syncs what a dead process wrote makes it durable", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a"), 0);
  const next = disk.crash("process");
  await synced(await next.open("/d/file", { mode: "write" }));
  assert.equal(sectorsOf(next.crash("all-lost")), "a..");
});

test("of a write on its way a killed process has written some first bytes, not durably", async () => {
  const { disk } = await diskWithFile();
  const file = await disk.open("/d/file", { mode: "write", isSynchronous: true });
  void written(file, fill("a", 3), 0);
  const counts = outcomes(disk, "process", (after) => textOf(after, "/d/file")!);
  assert.ok(counts.length > 100);
  for (const text of counts) assert.match(text, /^a*\.*$/);
  const next = disk.crash("process", { tornAt: 700 });
  assert.equal(textOf(next, "/d/file"), "a".repeat(700) + ".".repeat(836));
  assert.equal(sectorsOf(next.crash("all-lost")), "...");
});

// Subsets of sectors.

test("any subset of sectors of any files survives, whatever the order they were written in", async () => {
  const disk = SimDisk.fromFiles(
    new Map([
      ["/one", fill(".", 2)],
      ["/two", fill(".", 1)],
    ]),
  );
  await written(await disk.open("/one", { mode: "write" }), fill("a", 2), 0);
  await written(await disk.open("/two", { mode: "write" }), fill("b"), 0);
  const seen = outcomes(disk, "subset", (after) => sectorsOf(after, "/one") + sectorsOf(after, "/two"));
  assert.deepEqual(seen, ["...", "..b", ".a.", ".ab", "a..", "a.b", "aa.", "aab"]);
});

test("of many sectors all, none or any number survive", async () => {
  const disk = SimDisk.fromFiles(new Map([["/d/file", fill(".", 30)]]));
  await written(await disk.open("/d/file", { mode: "write" }), fill("a", 30), 0);
  const counts = outcomes(disk, "subset", (after) => sectorsOf(after).replaceAll(".", ""));
  for (const count of [0, 2, 15, 28, 30]) assert.ok(counts.includes("a".repeat(count)), `${count}`);
});

test("a sector survives as it was at some time, never with a later byte and without an earlier one", async () => {
  const { disk, file } = await diskWithFile();
  for (let i = 0; i < 3; i++) await written(file, Buffer.from("abc"[i]!), i);
  const seen = outcomes(disk, "subset", (after) => textOf(after, "/d/file")!.slice(0, 4));
  assert.deepEqual(seen, ["....", "a...", "ab..", "abc."]);
});

test("the last write of a file breaks off at any byte", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a", 2), 100);
  for (const tornAt of [0, 1, 411, 412, 413, 923, 924, 1023, 1024, 5000]) {
    const count = Math.min(tornAt, 1024);
    const expected = ".".repeat(100) + "a".repeat(count) + ".".repeat(1436 - count);
    assert.equal(textOf(disk.afterCrash("torn", { tornAt }), "/d/file"), expected, `${tornAt}`);
  }
  const seen = outcomes(disk, "torn", (after) => textOf(after, "/d/file")!);
  assert.ok(seen.length > 200);
  for (const text of seen) assert.match(text, /^\.{100}a*\.*$/);
});

test("where the last write breaks off, any sectors of those before it survive", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a", 2), 512);
  await written(file, fill("b"), 0);
  const end = (after: SimDisk): string => textOf(after, "/d/file")!.slice(199, 201) + sectorsOf(after);
  const seen = Array.from({ length: 300 }, (_, seed) => end(disk.afterCrash("torn", { seed, tornAt: 200 })));
  assert.deepEqual([...new Set(seen)].sort(), ["b.b..", "b.b.a", "b.ba.", "b.baa"]);
});

test("a size that was not synced survives or not, and zeros stand where bytes did not", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a"), 2048);
  const seen = outcomes(disk, "subset", (after) => sectorsOf(after).replaceAll("\0", "0"));
  assert.deepEqual(seen, ["...", "...00", "...0a"]);
  await synced(file);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "...\0a");
});

test("a truncation is durable after a sync", async () => {
  const { disk, file } = await diskWithFile();
  await file.truncate(512);
  assert.deepEqual(outcomes(disk, "subset", sectorsOf), [".", "..."]);
  await written(file, fill("a"), 1024);
  const seen = outcomes(disk, "subset", (after) => sectorsOf(after).replaceAll("\0", "0"));
  assert.ok(seen.includes("...") && seen.includes("..a") && seen.includes(".0a") && seen.includes("."));
  await synced(file);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), ".\0a");
});

// Names.

test("a new name, a rename and a removal are durable after a sync of the directory", async () => {
  const { disk } = await diskWithFile();
  const names = (after: SimDisk): string => [...after.snapshotFiles().keys()].sort().join(" ");
  await disk.open("/d/new", { mode: "create" });
  assert.deepEqual(outcomes(disk, "subset", names), ["/d/file", "/d/file /d/new"]);
  await disk.syncDirectory("/d");
  assert.deepEqual(outcomes(disk, "subset", names), ["/d/file /d/new"]);
  await disk.rename("/d/file", "/d/name");
  await disk.remove("/d/new");
  const all = ["/d/file", "/d/file /d/new", "/d/name", "/d/name /d/new"];
  assert.deepEqual(outcomes(disk, "subset", names), all.sort());
  assert.deepEqual(outcomes(disk, "all-lost", names), ["/d/file /d/new"]);
  assert.deepEqual(outcomes(disk, "all-kept", names), ["/d/name"]);
  await disk.syncDirectory("/d");
  assert.deepEqual(outcomes(disk, "torn", names), ["/d/name"]);
});

test("a replaced file is the old one or the new one, with what was synced of it", async () => {
  const { disk } = await diskWithFile();
  const temporary = await disk.open("/d/temporary", { mode: "create" });
  await written(temporary, fill("n"), 0);
  await synced(temporary);
  await disk.rename("/d/temporary", "/d/file");
  const look = (after: SimDisk): string =>
    [...after.snapshotFiles().keys()].map((path) => `${path} ${sectorsOf(after, path)}`).join(", ");
  assert.deepEqual(outcomes(disk, "subset", look), [
    "/d/file ...",
    "/d/file ..., /d/temporary n",
    "/d/file n",
  ]);
});

test("a rename that was not preceded by a sync of the file may leave it empty", async () => {
  const { disk } = await diskWithFile();
  await written(await disk.open("/d/temporary", { mode: "create" }), fill("n"), 0);
  await disk.rename("/d/temporary", "/d/file");
  assert.ok(outcomes(disk, "subset", sectorsOf).includes(""));
});

test("a file that moved is durable when both directories are synced, and never in two places", async () => {
  const { disk } = await diskWithFile();
  await disk.makeDirectory("/e");
  await disk.rename("/d/file", "/e/file");
  await disk.rename("/e/file", "/e/name");
  const names = (after: SimDisk): string => [...after.snapshotFiles().keys()].sort().join(" ");
  assert.deepEqual(outcomes(disk, "subset", names), ["/d/file", "/e/file", "/e/name"]);
  await disk.syncDirectory("/e");
  assert.deepEqual(outcomes(disk, "all-lost", names), ["/e/name"]);
  await disk.rename("/e/name", "/d/file");
  await disk.syncDirectory("/e");
  assert.deepEqual(outcomes(disk, "all-lost", names), ["/e/name"]);
  await disk.syncDirectory("/d");
  assert.deepEqual(outcomes(disk, "all-lost", names), ["/d/file"]);
});

test("a sync of a directory takes no change along that is on its way", async () => {
  const { disk } = await diskWithFile();
  const removal = disk.remove("/d/file");
  await Promise.all([disk.syncDirectory("/d"), removal]);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "...");
});

test("directories are durable when they are made, and a part of them meanwhile", async () => {
  const disk = new SimDisk();
  const making = disk.makeDirectory("/a/b");
  const depth = async (after: SimDisk): Promise<number> => {
    const hasA = (await after.list("/")).length > 0;
    return hasA ? 1 + (await after.list("/a")).length : 0;
  };
  const seeds = Array.from({ length: 100 }, (_, seed) => seed);
  const stopped = seeds.map((seed) => disk.afterCrash("subset", { seed }));
  const killed = seeds.map((seed) => disk.afterCrash("process", { seed }));
  assert.deepEqual([...new Set(await Promise.all(stopped.map(depth)))].sort(), [0, 1, 2]);
  const depths = await Promise.all(killed.map(depth));
  const left = killed[depths.indexOf(2)]!;
  assert.equal(await depth(left.afterCrash("all-lost")), 0, "its maker was killed before it synced");
  await left.makeDirectory("/a/b");
  assert.equal(await depth(left.afterCrash("all-lost")), 2);
  await making;
  assert.equal(await depth(disk.afterCrash("all-lost")), 2);
});

// The death of a process.

test("nothing returns to a dead process, and it can do nothing more", async () => {
  const { disk, file } = await diskWithFile();
  const heard: string[] = [];
  const hear = (what: string) => () => void heard.push(what);
  file.write([fill("a")], 0, hear("write"));
  file.sync(hear("sync"));
  disk.rename("/d/file", "/d/x").then(hear("rename"), hear("rename"));
  const next = disk.crash("all-lost");
  disk.remove("/d/file").then(hear("remove"), hear("remove"));
  disk.list("/d").then(hear("list"), hear("list"));
  file.size().then(hear("size"), hear("size"));
  await next.list("/d");
  await new Promise(setImmediate);
  assert.deepEqual(heard, []);
  assert.equal(sectorsOf(next), "...");
  assert.equal(disk.calls, 4);
});

test("a crash as a call begins finds it done or not; the hook sees every call", async () => {
  const { disk, file } = await diskWithFile();
  const seen: string[] = [];
  let next: SimDisk | undefined;
  disk.onCall = (number, call, path) => {
    seen.push(`${number} ${call} ${path}`);
    if (call === "rename") next = disk.crash("all-kept");
  };
  await written(file, fill("a"), 0);
  await synced(file);
  await file.size();
  void disk.rename("/d/file", "/d/name");
  void disk.syncDirectory("/d");
  assert.deepEqual(seen, ["2 write /d/file", "3 sync /d/file", "4 size /d/file", "5 rename /d/file"]);
  assert.equal(sectorsOf(next!, "/d/name"), "a..");
});

test("what is on its way and would be refused leaves nothing", async () => {
  const { disk } = await diskWithFile();
  disk.rename("/d/none", "/d/x").catch(() => {});
  disk.open("/d/file", { mode: "create" }).catch(() => {});
  assert.deepEqual([...disk.afterCrash("all-kept").snapshotFiles().keys()], ["/d/file"]);
});

test("a lock ends with its process", async () => {
  const { disk } = await diskWithFile();
  await disk.lock("/d");
  await disk.crash("process").lock("/d");
});

// Faults.

test("the n-th call fails, of a kind, of a path, or of all", async () => {
  const { disk, file } = await diskWithFile();
  disk.inject({ call: "sync", nth: 2, code: "EIO" });
  await synced(file);
  await assert.rejects(synced(file), { name: "DiskError", code: "EIO", call: "sync", path: "/d/file" });
  await synced(file);
  disk.inject({ path: "other", code: "EIO", times: 2 });
  await file.size();
  await assert.rejects(disk.list("/other"), { code: "EIO", call: "list" });
  await assert.rejects(disk.open("/d/other", { mode: "create" }), { code: "EIO", call: "open" });
  await disk.open("/d/other", { mode: "create" });
  disk.inject({ nth: 3, code: "ENOSPC", times: Number.POSITIVE_INFINITY });
  await file.size();
  await file.size();
  for (let i = 0; i < 3; i++) await assert.rejects(file.size(), { code: "ENOSPC" });
});

test("a failed write has written a part of its bytes, which no sync makes durable", async () => {
  const { disk } = await diskWithFile();
  const file = await disk.open("/d/file", { mode: "write", isSynchronous: true });
  disk.inject({ call: "write", code: "ENOSPC", afterBytes: 600 });
  await assert.rejects(written(file, fill("a", 3), 0), { code: "ENOSPC", call: "write" });
  assert.equal(textOf(disk, "/d/file"), "a".repeat(600) + ".".repeat(936));
  await synced(file);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), "...");
  disk.inject({ call: "write", code: "EIO" });
  await assert.rejects(written(file, fill("b"), 1024), { code: "EIO" });
  assert.equal(sectorsOf(disk), "aa.");
});

test("what a failed sync should have written is not made durable by the next one", async () => {
  const { disk, file } = await diskWithFile();
  await written(file, fill("a"), 0);
  disk.inject({ call: "sync", code: "EIO" });
  await assert.rejects(synced(file), { code: "EIO" });
  await written(file, fill("b"), 512);
  await synced(file);
  assert.deepEqual(outcomes(disk, "subset", sectorsOf), [".b.", "ab."]);
  await file.truncate(1024);
  await synced(file);
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), ".b");
  await disk.rename("/d/file", "/d/name");
  disk.inject({ call: "syncDirectory", code: "EIO" });
  await assert.rejects(disk.syncDirectory("/d"), { code: "EIO" });
  await disk.syncDirectory("/d");
  assert.equal(sectorsOf(disk.afterCrash("all-lost")), ".b");
});

test("a call takes the time it is told to, and others overtake it", async () => {
  const turns = new HandTurns();
  const disk = SimDisk.fromFiles(new Map([["/d/file", fill(".", 3)]]), { turns });
  const events: string[] = [];
  const opened = disk.open("/d/file", { mode: "write" });
  turns.turn();
  const file = await opened;
  disk.inject({ call: "sync", delayMs: 1000 });
  disk.inject({ call: "write", nth: 2, delayMs: 30_000, code: "EIO" });
  file.write([fill("a")], 0, (error) => events.push(`write ${error?.code}`));
  file.sync((error) => events.push(`sync ${error?.code}`));
  turns.turn();
  assert.deepEqual(events, ["write undefined"]);
  file.write([fill("b")], 0, (error) => events.push(`write ${error?.code}`));
  assert.deepEqual(turns.elapse(), [1000, 30_000]);
  assert.deepEqual(events, ["write undefined", "sync undefined", "write EIO"]);
});

test("a full disk takes what fits, and still lets bytes be overwritten", async () => {
  const { disk, file } = await diskWithFile();
  disk.capacityBytes = 2000;
  assert.equal(await disk.freeBytes("/d"), 464);
  await assert.rejects(written(file, fill("a"), 1500), { code: "ENOSPC", call: "write" });
  assert.equal(textOf(disk, "/d/file"), ".".repeat(1500) + "a".repeat(500));
  assert.equal(await disk.freeBytes("/d"), 0);
  await written(file, fill("b"), 0);
  const other = await disk.open("/d/other", { mode: "create" });
  await assert.rejects(written(other, fill("c"), 0), { code: "ENOSPC" });
  assert.equal(await other.size(), 0);
  const next = disk.crash("process");
  await next.remove("/d/file");
  assert.equal(await next.freeBytes("/d"), 2000);
});

test("a read-only disk refuses every change", async () => {
  const { disk, file } = await diskWithFile();
  disk.isReadOnly = true;
  const readOnly = { code: "EROFS" };
  await assert.rejects(written(file, fill("a"), 0), readOnly);
  await assert.rejects(synced(file), readOnly);
  await assert.rejects(file.truncate(0), readOnly);
  await assert.rejects(disk.rename("/d/file", "/d/x"), readOnly);
  await assert.rejects(disk.remove("/d/file"), readOnly);
  await assert.rejects(disk.makeDirectory("/d/e"), readOnly);
  await assert.rejects(disk.open("/d/x", { mode: "create" }), readOnly);
  await assert.rejects(disk.open("/d/file", { mode: "write" }), readOnly);
  await disk.makeDirectory("/d");
  assert.equal((await bytesOf(await disk.open("/d/file", { mode: "read" }))).length, 1536);
  assert.equal(sectorsOf(disk), "...");
});

test("a flipped bit is there for readers and after every crash", async () => {
  const { disk, file } = await diskWithFile();
  disk.flipBit("/d/file", 8 * 600 + 3);
  const expected = Buffer.alloc(1536, ".");
  expected[600] = expected[600]! ^ 8;
  assert.ok((await bytesOf(file)).equals(expected));
  for (const kind of crashKinds)
    assert.ok(disk.afterCrash(kind).snapshotFiles().get("/d/file")!.equals(expected));
});

test("parts that change before their write is done are found out", async () => {
  const turns = new HandTurns();
  const disk = SimDisk.fromFiles(new Map([["/d/file", fill(".")]]), { turns });
  const opened = disk.open("/d/file", { mode: "write" });
  turns.turn();
  const file = await opened;
  const part = Buffer.from("mine until it is done");
  file.write([part], 0, () => {});
  part[3] = 0;
  assert.throws(() => turns.turn(), { name: "AssertionError", message: /parts of a write stay as they are/ });
});

// States.

test("the same seed leaves the same", async () => {
  const run = async (seed: number): Promise<string[]> => {
    const { disk, file } = await diskWithFile(seed);
    await written(file, fill("a", 3), 0);
    const left: string[] = [];
    for (let i = 0; i < 20; i++) left.push(sectorsOf(disk.afterCrash("subset")));
    return left;
  };
  assert.deepEqual(await run(7), await run(7));
  assert.notDeepEqual(await run(7), await run(8));
});

test("files go in and out, and a fork goes a way of its own", async () => {
  const files = new Map([
    ["/a", Buffer.from("one")],
    ["/b/c/d", fill("x", 20)],
  ]);
  const disk = SimDisk.fromFiles(files);
  files.get("/a")!.fill(0);
  assert.equal(textOf(disk, "/a"), "one");
  assert.deepEqual([...SimDisk.fromFiles(disk.snapshotFiles()).snapshotFiles()], [...disk.snapshotFiles()]);

  const fork = disk.fork();
  await written(await disk.open("/a", { mode: "write" }), Buffer.from("ONE"), 0);
  await written(await fork.open("/b/c/d", { mode: "write" }), Buffer.from("y"), 5000);
  assert.equal(textOf(fork, "/a"), "one");
  await fork.remove("/a");
  assert.equal(textOf(disk, "/a"), "ONE");
  assert.equal(textOf(disk, "/b/c/d"), "x".repeat(10_240));
  assert.equal(textOf(fork, "/a"), undefined);
  assert.equal(textOf(fork, "/b/c/d")!.indexOf("y"), 5000);
  assert.equal(textOf(fork.afterCrash("all-lost"), "/a"), "one");
});

/** A plain model of one file: every content that a sector, and every size that the file had since the last sync. */
class Model {
  bytes: Buffer = Buffer.alloc(0);
  #contents: Buffer[][] = [];
  #sizes: number[] = [0];

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    const grown = Buffer.alloc(Math.max(this.bytes.length, end));
    this.bytes.copy(grown);
    bytes.copy(grown, position);
    this.bytes = grown;
    this.#sizes.push(grown.length);
    for (let i = Math.floor(position / 512); i * 512 < end; i++) this.#contentsOf(i).push(sector(grown, i));
  }

  sync(): void {
    this.#sizes = [this.bytes.length];
    this.#contents = [];
    for (let i = 0; i * 512 < this.bytes.length; i++) this.#contents[i] = [sector(this.bytes, i)];
  }

  mayLeave(left: Buffer): boolean {
    if (!this.#sizes.includes(left.length)) return false;
    for (let i = 0; i * 512 < left.length; i++) {
      const bytes = left.subarray(i * 512, i * 512 + 512);
      const fits = (content: Buffer): boolean => content.subarray(0, bytes.length).equals(bytes);
      if (!this.#contentsOf(i).some(fits)) return false;
    }
    return true;
  }

  #contentsOf(i: number): Buffer[] {
    this.#contents[i] ??= [Buffer.alloc(512)];
    return this.#contents[i];
  }
}

function sector(bytes: Buffer, i: number): Buffer {
  const sector = Buffer.alloc(512);
  bytes.copy(sector, 0, i * 512);
  return sector;
}

test("whatever is written and synced, each sector is left as it was at some time since the last sync", async () => {
  const lefts = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const random = new Prng(seed);
    const disk = new SimDisk({ seed });
    const file = await disk.open("/file", { mode: "create" });
    await disk.syncDirectory("/");
    const model = new Model();
    for (let step = 0; step < 30; step++) {
      if (random.chance(0.2)) {
        await synced(file);
        model.sync();
      } else {
        const bytes = random.bytes(1 + random.below(2000));
        const position = random.below(6000);
        await written(file, bytes, position);
        model.write(bytes, position);
      }
      for (const kind of ["subset", "all-kept", "all-lost"] as const) {
        const left = disk.afterCrash(kind).snapshotFiles().get("/file")!;
        assert.ok(model.mayLeave(left), `seed ${seed}, step ${step}, ${kind}`);
        lefts.add(left.toString("latin1"));
      }
      assert.ok(disk.snapshotFiles().get("/file")!.equals(model.bytes));
    }
  }
  assert.ok(lefts.size > 1000);
});
