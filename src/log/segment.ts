import { limits } from "../base/limits.ts";
import type { Disk, DiskFile } from "../platform/disk.ts";
import { sectorBytes } from "./blank.ts";
import { syncFile, withFile, writeTo } from "./calls.ts";
import {
  decodeSuccessor,
  encodeSuccessor,
  type SegmentHeader,
  segmentHeaderBytes,
  successorOffset,
} from "./segment-header.ts";

/**
 * What is known of a file of records: where it ends, and where reading may begin.
 *
 *     |header|record|record|record|record|record|zeros ………|
 *             ^mark                ^mark         ^end        ^fileBytes
 *
 * A mark is kept for every 64 KiB; a sparse index of a bounded size.
 */
export class Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Behind the last record: where the next one goes. */
  end: number = segmentHeaderBytes;
  /** Of the last record; one less than the first of this segment while there is none. */
  lastSequence: number;

  readonly #markSequences: number[] = [];
  readonly #markOffsets: number[] = [];
  #nextMark = 0;

  constructor(path: string, header: SegmentHeader) {
    this.path = path;
    this.header = header;
    this.lastSequence = header.firstSequence - 1;
  }

  get firstSequence(): number {
    return this.header.firstSequence;
  }

  /** Bytes of all records in it. */
  get recordBytes(): number {
    return this.end - segmentHeaderBytes;
  }

  /** Takes the next record at the end. */
  add(bytes: number): void {
    this.lastSequence++;
    if (this.end >= this.#nextMark) {
      this.#markSequences.push(this.lastSequence);
      this.#markOffsets.push(this.end);
      this.#nextMark = this.end + limits.logMarkBytes;
    }
    this.end += bytes;
  }

  /** The last marked record that is not behind this one of the segment. */
  markBefore(sequence: number): Mark {
    let low = 0;
    let high = this.#markSequences.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#markSequences[middle]! <= sequence) low = middle;
      else high = middle - 1;
    }
    return { sequence: this.#markSequences[low]!, offset: this.#markOffsets[low]! };
  }
}

/** Where a record begins. */
export interface Mark {
  readonly sequence: number;
  readonly offset: number;
}

/** Writes into a segment which one is behind it: without this nobody would miss that one. */
export async function link(file: DiskFile, segment: Segment, next: Segment): Promise<void> {
  await writeTo(file, [encodeSuccessor(next.firstSequence, segment.header.salt)], successorOffset);
  await syncFile(file);
}

/** The same after a crash that may have come in between. */
export async function ensureLink(disk: Disk, segment: Segment, next: Segment): Promise<void> {
  await withFile(disk, segment.path, { mode: "write" }, async (file) => {
    const sector = Buffer.alloc(sectorBytes);
    await file.read(sector, 0, sectorBytes, successorOffset);
    if (decodeSuccessor(sector, 0, segment.header.salt) !== next.firstSequence)
      await link(file, segment, next);
  });
}

/**
 * Writes the records from this one on again, as they are read, and syncs them: after a failed sync of an earlier
 * process they may be in the memory of the operating system alone, which takes them for written.
 */
export async function rewrite(file: DiskFile, segment: Segment, sequence: number): Promise<void> {
  const isNone = segment.recordBytes === 0 || sequence > segment.lastSequence;
  let position = isNone ? segment.end : segment.markBefore(sequence).offset;
  const bytes = Buffer.allocUnsafeSlow(limits.logReadBytes);
  while (position < segment.end) {
    const length = await file.read(bytes, 0, Math.min(bytes.length, segment.end - position), position);
    await writeTo(file, [bytes.subarray(0, length)], position);
    position += length;
  }
  await syncFile(file);
}
