import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { allEntries, assertEntries, entry, scanned, TestLog } from "../../test/log-harness.ts";
import { entriesOf, hardPayloads, sparse } from "../../test/log-shapes.ts";
import type { LogEntry } from "./entry.ts";

const sector = 512;
const path = "/data/wal/0000000000000001.log";
const segmentBytes = 16_384;

/** A segment as it was after each of its writes. */
interface History {
  readonly entries: readonly LogEntry[];
  readonly images: readonly Buffer[];
  /** How many entries are in each image. */
  readonly counts: readonly number[];
}

/**
 * Writes entries, those of each row at once: the first of a row with a write of its own, the rest with another one.
 * Nothing is synced later than the write itself.
 */
async function written(fsync: "always" | "interval", rows: readonly (readonly Buffer[])[]): Promise<History> {
  const disk = new SimDisk();
  const log = await TestLog.open(disk, { fsync, segmentBytes });
  const images: Buffer[] = [];
  const counts: number[] = [];
  const look = (): void => {
    images.push(disk.snapshotFiles().get(path)!);
    counts.push(log.wal.stableIndex);
  };
  disk.onCall = (_, call, file) => {
    if (call === "write" && file.endsWith("1.log")) look();
  };
  const entries = entriesOf(rows.flat());
  for (let next = 0, row = 0; next < entries.length; next += rows[row++]!.length) {
    log.append(...entries.slice(next, next + rows[row]!.length));
    await log.settled();
  }
  look();
  return { entries, images, counts };
}

function diskWith(image: Buffer): SimDisk {
  return SimDisk.fromFiles(new Map([[path, image]]));
}

/** Where two images differ: from the first such byte to behind the last. */
function difference(before: Buffer, after: Buffer): [from: number, to: number] {
  const differing = [...before.keys()].filter((at) => before[at] !== after[at]);
  return [differing[0]!, differing.at(-1)! + 1];
}

/** An image of which each sector, from one on, is as it was in another image. */
function mixed(images: readonly Buffer[], versions: readonly number[], firstSector: number): Buffer {
  const mix = Buffer.from(images[0]!);
  for (const [i, version] of versions.entries()) {
    const at = (firstSector + i) * sector;
    images[version]!.copy(mix, at, at, at + sector);
  }
  return mix;
}

/** All rows of `length` numbers below `base`. */
function* countings(base: number, length: number): Generator<number[]> {
  for (let n = 0; n < base ** length; n++)
    yield Array.from({ length }, (_, i) => Math.floor(n / base ** i) % base);
}

/** Nothing is refused, what was acknowledged is there, and behind it the begin of what was on its way. */
async function judge(
  image: Buffer,
  acknowledged: number,
  { entries }: History,
  what: string,
): Promise<SimDisk> {
  const disk = diskWith(image);
  const found = await scanned(disk);
  assert.equal(found.fault, undefined, what);
  assert.ok(found.entries.length >= acknowledged, `${what}: all that was acknowledged is there`);
  assertEntries(found.entries, entries.slice(0, found.entries.length), what);
  return disk;
}

/** The log is cut and goes on behind what is left. */
async function goOn(disk: SimDisk): Promise<void> {
  const log = await TestLog.open(disk, { segmentBytes });
  const kept = await allEntries(log.wal);
  const added = entry(log.wal.lastIndex + 1, 9, sparse(700));
  log.append(added);
  await log.settled();
  await log.wal.close();
  const found = await scanned(disk);
  assert.equal(found.state, "whole");
  assertEntries(found.entries, [...kept, added], "what was kept, and what was added");
}

/** The last writes of some histories that break off in as many ways as there can be. */
const lastRows: readonly (readonly Buffer[])[] = [
  [sparse(3), ...hardPayloads.slice(0, 6)],
  [sparse(63), sparse(600, [300, 1]), sparse(1100)],
  [sparse(447), Buffer.alloc(2000, "text"), sparse(0), sparse(511)],
  [sparse(0), sparse(448 + 512), sparse(447), Buffer.alloc(700, 0xa7)],
];

test("a write that breaks off at any byte is cut, and all before it stays", async () => {
  for (const [row, last] of lastRows.entries()) {
    const history = await written("always", [[sparse(5)], [sparse(100)], last]);
    const [before, after] = history.images.slice(-2) as [Buffer, Buffer];
    const acknowledged = history.counts.at(-2)!;
    const [from, to] = difference(before, after);
    for (let end = from; end <= to + 1; end++) {
      const torn = Buffer.concat([after.subarray(0, end), before.subarray(end)]);
      const disk = await judge(torn, acknowledged, history, `row ${row}, torn at ${end}`);
      if (end % 16 === 0) await goOn(disk);
    }
  }
});

test("a write of which any sectors are left is cut, and all before it stays", async () => {
  for (const [row, last] of lastRows.entries()) {
    const history = await written("always", [[sparse(5)], [sparse(100)], last]);
    const images = history.images.slice(-2);
    const acknowledged = history.counts.at(-2)!;
    const [from, to] = difference(images[0]!, images[1]!);
    const first = Math.floor(from / sector);
    for (const versions of countings(2, Math.ceil(to / sector) - first)) {
      const what = `row ${row}, sectors ${versions}`;
      await goOn(await judge(mixed(images, versions, first), acknowledged, history, what));
    }
  }
});

test("several un-synced writes of which each sector may be old or new are cut", async () => {
  const history = await written("interval", [[sparse(5)], [sparse(100)], [sparse(400)], [sparse(700)]]);
  const images = history.images.slice(-4);
  const acknowledged = history.counts.at(-4)!;
  const [from, to] = difference(images[0]!, images.at(-1)!);
  const first = Math.floor(from / sector);
  for (const versions of countings(images.length, Math.ceil(to / sector) - first))
    await judge(mixed(images, versions, first), acknowledged, history, `sectors ${versions}`);
});

test("so it is with long rows of writes, sectors and tears at random", async () => {
  const random = new Prng(7);
  const payloads = (): Buffer[] =>
    Array.from({ length: 1 + random.below(3) }, () => random.pick(hardPayloads));
  for (let run = 0; run < 60; run++) {
    const history = await written("interval", [[sparse(5)], payloads(), payloads(), payloads(), payloads()]);
    const kept = random.below(history.images.length - 1);
    const images = history.images.slice(kept);
    const [from, to] = difference(images[0]!, images.at(-1)!);
    const first = Math.floor(from / sector);
    for (let mix = 0; mix < 20; mix++) {
      const length = Math.ceil(to / sector) - first;
      const versions = Array.from({ length }, () => random.below(images.length - 1));
      const image = mixed(images, versions, first);
      // Of the last write only first bytes are there.
      const [lastFrom, lastTo] = difference(images.at(-2)!, images.at(-1)!);
      const end = lastFrom + random.below(lastTo - lastFrom);
      if (random.chance(0.5))
        images.at(-1)!.copy(image, lastFrom - (lastFrom % sector), lastFrom - (lastFrom % sector), end);
      const disk = await judge(image, history.counts[kept]!, history, `run ${run}, mix ${mix}`);
      if (mix === 0) await goOn(disk);
    }
  }
});

test("a crash while an unfinished write is overwritten leaves it unfinished", async () => {
  const history = await written("always", [[sparse(5)], lastRows[1]!]);
  const [before, after] = history.images.slice(-2) as [Buffer, Buffer];
  const acknowledged = history.counts.at(-2)!;
  const [from, to] = difference(before, after);
  for (const torn of [
    tornAt(before, after, to - 1),
    tornAt(before, after, to - 700),
    missing(before, after, from),
  ]) {
    assert.equal((await scanned(diskWith(torn))).state, "torn");
    await crashEverywhere(diskWith(torn), acknowledged, history);
  }
});

function tornAt(before: Buffer, after: Buffer, end: number): Buffer {
  return Buffer.concat([after.subarray(0, end), before.subarray(end)]);
}

/** All but the write's second sector is there. */
function missing(before: Buffer, after: Buffer, from: number): Buffer {
  const hole = (Math.floor(from / sector) + 1) * sector;
  return Buffer.concat([
    after.subarray(0, hole),
    before.subarray(hole, hole + sector),
    after.subarray(hole + sector),
  ]);
}

/** Recovers again and again, with a crash at each call, and each write torn at each byte. */
async function crashEverywhere(disk: SimDisk, acknowledged: number, history: History): Promise<void> {
  const left: { after: SimDisk; what: string }[] = [];
  const trial = disk.fork();
  trial.onCall = (number, call, file) => {
    for (const seed of [1, 2, 3])
      left.push({ after: trial.afterCrash("subset", { seed }), what: `call ${number}, seed ${seed}` });
    if (call !== "write" || !file.endsWith("1.log")) return;
    for (let bytes = 0; bytes < 2200; bytes += bytes < 70 ? 1 : 64)
      left.push({
        after: trial.afterCrash("torn", { tornAt: bytes }),
        what: `call ${number}, byte ${bytes}`,
      });
  };
  await (await TestLog.open(trial, { segmentBytes })).wal.close();
  for (const { after, what } of left) {
    const found = await scanned(after);
    assert.equal(found.fault, undefined, what);
    assertEntries(found.entries, history.entries.slice(0, found.entries.length), what);
    assert.ok(found.entries.length >= acknowledged, what);
    await goOn(after);
  }
}
