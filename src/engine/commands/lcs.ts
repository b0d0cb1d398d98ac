import type { Int64 } from "../../base/int64.ts";
import { limits } from "../../base/limits.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, valueLength, valueStart } from "../record.ts";
import { readInteger, readKey, syntaxError } from "./access.ts";

export const lcsHandlers: Handlers = { lcs };

interface LcsOptions {
  length: boolean;
  ranges: boolean;
  withLengths: boolean;
  lengthMin: Int64;
}

/** The longest common subsequence of two values. */
function lcs(x: Execution): void {
  const wanted = parse(x);
  if (wanted === undefined) return;
  const a = valueAt(x, 1);
  const b = valueAt(x, 2);
  if ((a.length + 1) * (b.length + 1) > limits.lcsCellsMax) {
    x.out.error(`TOO_LARGE LCS compares values whose lengths multiply to ${limits.lcsCellsMax} at most`);
    return;
  }
  const lengths = fillTable(a, b);
  const length = lengths[lengths.length - 1]!;
  if (wanted.ranges) {
    const { ranges } = walkBack(a, b, lengths, length);
    replyRanges(x, ranges, length, wanted);
  } else if (wanted.length) {
    x.out.integer(length);
  } else {
    const { common } = walkBack(a, b, lengths, length);
    x.out.bulk(common, 0, common.length);
  }
}

function parse(x: Execution): LcsOptions | undefined {
  const { args } = x;
  const found: LcsOptions = { length: false, ranges: false, withLengths: false, lengthMin: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "idx")) found.ranges = true;
    else if (args.is(i, "len")) found.length = true;
    else if (args.is(i, "withmatchlen")) found.withLengths = true;
    else if (args.is(i, "minmatchlen") && i + 1 < args.count) {
      const least = readInteger(x, ++i);
      if (least === undefined) return undefined;
      found.lengthMin = least;
    } else {
      x.out.error(syntaxError);
      return undefined;
    }
  }
  if (!found.ranges || !found.length) return found;
  x.out.error("ERR If you want both the length and indexes, please just use IDX.");
  return undefined;
}

function valueAt(x: Execution, index: number): Buffer {
  const handle = readKey(x, index);
  if (handle === 0) return Buffer.alloc(0);
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  return bytesOf(arena, handle).subarray(start, start + valueLength(arena, handle));
}

/**
 * lengths[i × (b.length + 1) + j] is the length for the first i bytes of a and the first j of b. It is never
 * more than the shorter of the two, and the square of that is under lcsCellsMax: 16 bits hold it.
 */
function fillTable(a: Buffer, b: Buffer): Uint16Array {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = 1, row = width; i <= a.length; i++, row += width) {
    const byte = a[i - 1]!;
    let left = 0;
    let diagonal = 0;
    for (let j = 1, at = row + 1; j < width; j++, at++) {
      const above = lengths[at - width]!;
      // 1 where the bytes are equal. Neighbours differ by 1 at most, and no branch can be guessed here.
      const match = ((byte ^ b[j - 1]!) - 1) >>> 31;
      left = diagonal + ((above - diagonal) | (left - diagonal) | match);
      diagonal = above;
      lengths[at] = left;
    }
  }
  return lengths;
}

/** Bytes [start, end] of one value that stand in the other one too, from `other` on. */
interface Range {
  start: number;
  end: number;
  other: number;
}

interface Walk {
  readonly common: Buffer;
  /** The last one first. */
  readonly ranges: readonly Range[];
}

/**
 * Goes back through the table from its last cell. Of equally long ways Redis takes the one that leaves b
 * first, and so must we: the answer depends on it.
 */
function walkBack(a: Buffer, b: Buffer, lengths: Uint16Array, length: number): Walk {
  const common = Buffer.alloc(length);
  const ranges: Range[] = [];
  const width = b.length + 1;
  let range: Range | undefined;
  for (let i = a.length, j = b.length, rest = length; i > 0 && j > 0; ) {
    if (a[i - 1] !== b[j - 1]) {
      range = undefined;
      if (lengths[(i - 1) * width + j]! > lengths[i * width + j - 1]!) i--;
      else j--;
      continue;
    }
    i--;
    j--;
    common[--rest] = a[i]!;
    if (range === undefined) {
      range = { start: i, end: i, other: j };
      ranges.push(range);
    } else {
      range.start = i;
      range.other = j;
    }
  }
  return { common, ranges };
}

function replyRanges(x: Execution, all: readonly Range[], length: number, wanted: LcsOptions): void {
  const { out } = x;
  const ranges = all.filter(({ start, end }) => end - start + 1 >= wanted.lengthMin);
  out.map(2);
  out.bulkText("matches");
  out.array(ranges.length);
  for (const { start, end, other } of ranges) {
    out.array(wanted.withLengths ? 3 : 2);
    replyPair(x, start, end);
    replyPair(x, other, other + end - start);
    if (wanted.withLengths) out.integer(end - start + 1);
  }
  out.bulkText("len");
  out.integer(length);
}

function replyPair(x: Execution, start: number, end: number): void {
  x.out.array(2);
  x.out.integer(start);
  x.out.integer(end);
}
