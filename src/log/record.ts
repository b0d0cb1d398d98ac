import { limits } from "../base/limits.ts";
import { readU32, readU48, writeU32, writeU48 } from "../base/numbers.ts";
import { crc32 } from "../platform/crc32.ts";
import { hasBlankSector, isBlank, masked } from "./blank.ts";
import { type EntryKind, entryKinds, type LogEntry } from "./entry.ts";
import { newerKvorumWrote } from "./fault.ts";

/** Records begin at multiples of this, so no header lies in two sectors. */
export const recordAlignment = 64;
export const recordHeaderBytes = 64;
/** The last byte of a header, and of a record. Five bits: no single flip makes it zero, nor zero it. */
const recordMark = 0xa7;

/** What a record with so long a payload takes on disk, padding included. */
export function recordBytes(payloadLength: number): number {
  return (recordHeaderBytes + payloadLength + recordAlignment) & -recordAlignment;
}

/** The bytes behind a payload: the record's last one, then zeros up to the next record. */
export function tailOf(payloadLength: number): Buffer {
  return tails[recordBytes(payloadLength) - recordHeaderBytes - payloadLength]!;
}

const tails: readonly Buffer[] = Array.from({ length: recordAlignment + 1 }, (_, length) =>
  Buffer.alloc(length).fill(recordMark, 0, Math.min(1, length)),
);

/** A payload as it stands on disk. */
export interface StoredPayload {
  readonly bytes: Buffer;
  readonly mask: number;
}

/** Writes the header of a record. See the README for the bytes. `salt` is the segment's. */
export function writeHeader(
  into: Buffer,
  at: number,
  entry: LogEntry,
  stored: StoredPayload,
  sequence: number,
  durable: number,
  salt: number,
): void {
  const length = stored.bytes.length;
  writeU32(into, at + 4, crc32(stored.bytes, 0, length));
  writeU32(into, at + 8, length);
  writeU48(into, at + 12, sequence);
  writeU48(into, at + 18, durable);
  writeU48(into, at + 24, entry.term);
  writeU48(into, at + 30, entry.index);
  writeU32(into, at + 36, stored.mask);
  into[at + 40] = entry.kind;
  // A call of `fill` costs more than so few bytes.
  for (let i = 41; i < 63; i++) into[at + i] = 0;
  into[at + 63] = recordMark;
  writeU32(into, at, crc32(into, at + 4, at + recordHeaderBytes, salt));
}

/** Whether a header with a good checksum stands here. */
export function isHeader(bytes: Uint8Array, at: number, salt: number): boolean {
  return (
    bytes[at + recordHeaderBytes - 1] === recordMark &&
    crc32(bytes, at + 4, at + recordHeaderBytes, salt) === readU32(bytes, at)
  );
}

/** What stands in a place for a record. */
export const WHOLE = 0;
/** A write that broke off: see the README. */
export const UNFINISHED = 1;
export const CORRUPT = 2;
export type Judgement = typeof WHOLE | typeof UNFINISHED | typeof CORRUPT;

/** A record that is looked at. One object looks at many, so that a walk over a log leaves nothing behind. */
export class RecordView {
  length = 0;
  sequence = 0;
  durable = 0;
  term = 0;
  index = 0;
  mask = 0;
  kind: EntryKind = entryKinds.noop;
  /** What is wrong, after CORRUPT. */
  reason = "";
  #payloadCrc = 0;

  /** Bytes on disk. */
  get bytes(): number {
    return recordBytes(this.length);
  }

  /** Judges the header alone, and takes it over if it is whole. */
  readHeader(bytes: Uint8Array, at: number, salt: number): Judgement {
    if (bytes[at + recordHeaderBytes - 1] === 0) return UNFINISHED;
    if (!isHeader(bytes, at, salt)) {
      this.reason = "its header has a wrong checksum";
      return isBlank(bytes, at, at + recordHeaderBytes) ? UNFINISHED : CORRUPT;
    }
    this.take(bytes, at);
    if (this.length > limits.logPayloadBytesMax)
      return this.#corrupt(`its length of ${this.length} is too large`);
    if (!isKind(this.kind)) return this.#corrupt(`kind ${this.kind} is unknown: ${newerKvorumWrote("it")}`);
    return WHOLE;
  }

  /** The fields of a header that `isHeader`. */
  take(bytes: Uint8Array, at: number): void {
    this.#payloadCrc = readU32(bytes, at + 4);
    this.length = readU32(bytes, at + 8);
    this.sequence = readU48(bytes, at + 12);
    this.durable = readU48(bytes, at + 18);
    this.term = readU48(bytes, at + 24);
    this.index = readU48(bytes, at + 30);
    this.mask = readU32(bytes, at + 36);
    this.kind = bytes[at + 40] as EntryKind;
  }

  /** Judges what is behind a whole header. `crc` is that of the payload, `position` the record's place in its file. */
  judgePayload(bytes: Uint8Array, at: number, crc: number, position: number): Judgement {
    const from = at + recordHeaderBytes;
    const last = bytes[from + this.length];
    if (last === 0) return UNFINISHED;
    if (crc === this.#payloadCrc) {
      return last === recordMark ? WHOLE : this.#corrupt("its last byte is wrong");
    }
    if (hasBlankSector(bytes, from, this.length, position + recordHeaderBytes)) return UNFINISHED;
    return this.#corrupt("its payload has a wrong checksum");
  }

  /** The payload, as the entry had it: a view of the bytes, or a copy where it is masked. */
  payload(bytes: Buffer, at: number): Buffer {
    const from = at + recordHeaderBytes;
    const stored = bytes.subarray(from, from + this.length);
    return this.mask === 0 ? stored : masked(stored, this.mask);
  }

  #corrupt(reason: string): Judgement {
    this.reason = reason;
    return CORRUPT;
  }
}

const kinds: ReadonlySet<number> = new Set(Object.values(entryKinds));

function isKind(kind: number): boolean {
  return kinds.has(kind);
}
