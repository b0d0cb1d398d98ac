import { RecordView, recordHeaderBytes } from "../../src/log/record.ts";
import { segmentHeaderBytes } from "../../src/log/segment-header.ts";
import type { SimDisk } from "../disk.ts";
import type { Prng } from "../prng.ts";

const places = [
  "the tail",
  "the middle",
  "a segment's header",
  "a snapshot",
  "a small file",
  "a lost write",
] as const;

type Place = (typeof places)[number];

const sectorBytes = 512;
const sectorsMax = 8;

/**
 * Changes one bit of a file, or some near each other; or sectors in the middle of the log become empty, as where a disk has
 * said that it wrote them and had not. Returns where; undefined: there is no such file.
 */
export function flipBits(disk: SimDisk, random: Prng): Place | undefined {
  const place = random.pick(places);
  const files = [...disk.snapshotFiles()].filter(([path, bytes]) => bytes.length > 0 && isOf(place, path));
  if (files.length === 0) return undefined;
  const isLast = place === "the tail" || (place === "a lost write" && random.chance(0.5));
  const [path, bytes] = isLast ? files.at(-1)! : random.pick(files);
  const [from, to] = rangeOf(place, bytes);
  if (to <= from) return undefined;
  if (place === "a lost write") return loseWrite(disk, path, bytes, random);
  const bit = from * 8 + random.below((to - from) * 8);
  const bits = random.pick([1, 1, 1, 8]);
  for (let i = 0; i < bits; i++) if (i === 0 || random.chance(0.5)) flip(disk, path, bit + i, bytes.length);
  return place;
}

/**
 * The last record stays: it shows that what is missing was on the disk. Without it, nobody could tell this from a crash
 * before the write was done. Undefined: there is nothing of which that is true.
 */
function loseWrite(disk: SimDisk, path: string, bytes: Buffer, random: Prng): Place | undefined {
  const records = recordsIn(bytes);
  const last = records.at(-1);
  const lost = records.filter((record) => record.sequence <= last!.durable && record !== last);
  if (lost.length === 0) return undefined;
  const at = random.pick(lost).at;
  const from = at - (at % sectorBytes);
  const most = from + sectorBytes * (1 + random.below(sectorsMax));
  const to = Math.min(most, last!.at - (last!.at % sectorBytes));
  let isEmpty = true;
  for (let bit = Math.max(from, segmentHeaderBytes) * 8; bit < to * 8; bit++) {
    if ((bytes[bit >> 3]! & (1 << (bit & 7))) === 0) continue;
    disk.flipBit(path, bit);
    isEmpty = false;
  }
  return isEmpty ? undefined : "a lost write";
}

interface RecordAt {
  readonly at: number;
  readonly sequence: number;
  readonly durable: number;
}

function recordsIn(bytes: Buffer): RecordAt[] {
  const view = new RecordView();
  const records: RecordAt[] = [];
  for (let at = segmentHeaderBytes; at + recordHeaderBytes < bytes.length; at += view.bytes) {
    if (bytes[at + recordHeaderBytes - 1] === 0) break;
    view.take(bytes, at);
    records.push({ at, sequence: view.sequence, durable: view.durable });
  }
  return records;
}

function flip(disk: SimDisk, path: string, bit: number, length: number): void {
  if (bit < length * 8) disk.flipBit(path, bit);
}

function isOf(place: Place, path: string): boolean {
  if (place === "a snapshot") return path.endsWith(".snapshot");
  if (place === "a small file") return path.endsWith(".json") || path.endsWith("/hard-state");
  return path.endsWith(".log");
}

/** Bytes that say something. */
function rangeOf(place: Place, bytes: Buffer): [from: number, to: number] {
  if (place === "a snapshot" || place === "a small file") return [0, bytes.length];
  if (place === "a segment's header") return [0, Math.min(512, bytes.length)];
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return place === "the tail" ? [Math.max(1024, end - 512), end] : [1024, end];
}
