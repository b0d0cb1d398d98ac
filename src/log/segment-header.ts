import { readU32, readU48, writeU32, writeU48 } from "../base/numbers.ts";
import { crc32 } from "../platform/crc32.ts";
import { sectorBytes } from "./blank.ts";
import { newerKvorumWrote } from "./fault.ts";

/** Records begin here: behind the header's sector, and the one for the next segment's name. */
export const segmentHeaderBytes: number = 2 * sectorBytes;
/** Where the second sector is. */
export const successorOffset: number = sectorBytes;

const formatVersion = 1;
const magic = Buffer.from("kvorumwl", "latin1");
const successorMagic = Buffer.from("kvorumnx", "latin1");
const crcOffset = sectorBytes - 4;
const successorBytes = 18;

export interface SegmentHeader {
  readonly firstSequence: number;
  /** The file's length, which never changes. */
  readonly fileBytes: number;
  readonly clusterId: Buffer;
  /** Chance, with which the checksums of this segment's record headers begin. */
  readonly salt: number;
  /** The salt of the segment before it, 0 for the first of all: ties each segment to its place. */
  readonly previousSalt: number;
}

/** "0000000000000001.log" */
export function segmentName(firstSequence: number): string {
  return `${firstSequence.toString(16).padStart(16, "0")}.log`;
}

/** The sequence in a segment's name, undefined for any other name. */
export function sequenceInName(name: string): number | undefined {
  const digits = /^0{4}([0-9a-f]{12})\.log$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export function encodeSegmentHeader(header: SegmentHeader, version: number = formatVersion): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.set(magic, 0);
  writeU32(sector, 8, version);
  writeU48(sector, 12, header.firstSequence);
  writeU48(sector, 18, header.fileBytes);
  sector.set(header.clusterId, 24);
  writeU32(sector, 40, header.salt);
  writeU32(sector, 44, header.previousSalt);
  writeU32(sector, crcOffset, crc32(sector, 0, crcOffset));
  return sector;
}

/** Why this is no header that can be read. Magic, version and checksum stay where they are in every version. */
export function segmentHeaderFault(sector: Buffer): { reason: string; isForeign: boolean } | undefined {
  if (crc32(sector, 0, crcOffset) !== readU32(sector, crcOffset))
    return { reason: "the segment's header has a wrong checksum", isForeign: false };
  if (!sector.subarray(0, magic.length).equals(magic))
    return { reason: "it is no segment of a log", isForeign: true };
  const version = readU32(sector, 8);
  if (version === formatVersion) return undefined;
  const versions = `format ${version}, and this one knows ${formatVersion}`;
  return { reason: `${newerKvorumWrote("it")} (${versions}): start that one`, isForeign: true };
}

/** A header without a fault. */
export function decodeSegmentHeader(sector: Buffer): SegmentHeader {
  return {
    firstSequence: readU48(sector, 12),
    fileBytes: readU48(sector, 18),
    clusterId: Buffer.from(sector.subarray(24, 40)),
    salt: readU32(sector, 40),
    previousSalt: readU32(sector, 44),
  };
}

/** The second sector of a segment, once the one behind it is in place. */
export function encodeSuccessor(firstSequence: number, salt: number): Buffer {
  const bytes = Buffer.alloc(successorBytes);
  bytes.set(successorMagic, 0);
  writeU48(bytes, 8, firstSequence);
  writeU32(bytes, 14, crc32(bytes, 0, 14, salt));
  return bytes;
}

/** The first sequence of the segment behind, 0 where none is known. */
export function decodeSuccessor(sector: Uint8Array, at: number, salt: number): number {
  if (crc32(sector, at, at + 14, salt) !== readU32(sector, at + 14)) return 0;
  return readU48(sector, at + 8);
}
