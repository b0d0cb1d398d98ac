import { KvorumError } from "../base/errors.ts";
import { readU32, writeU32 } from "../base/numbers.ts";
import { crc32 } from "../platform/crc32.ts";

/**
 * A snapshot file is frames, one behind the other, and nothing else:
 *
 *     header   what state this is, as JSON
 *     data …   chunks of the engine
 *     end      how many bytes are before it
 *
 *     frame    0  u32  CRC-32 of everything behind it
 *              4  u32  length of the payload
 *              8  u32  number: 0 for the header, then one more each
 *             12  u32  salt: 0 in the header, then the header's CRC: a frame of another file is out of place
 *             16  u8   kind
 *             17  zeros
 *             20  payload
 */
export const frameHeadBytes = 20;

export const frameKinds = { header: 1, data: 2, end: 3 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** Writes the head of a frame, all but its checksum. Returns the checksum of that, which the payload goes on with. */
export function beginFrameHead(
  head: Buffer,
  kind: FrameKind,
  number: number,
  salt: number,
  payloadLength: number,
): number {
  head.fill(0);
  writeU32(head, 4, payloadLength);
  writeU32(head, 8, number);
  writeU32(head, 12, salt);
  head[16] = kind;
  return crc32(head, 4, frameHeadBytes);
}

/** Length of the payload that a head announces. */
export function payloadLengthOf(head: Uint8Array): number {
  return readU32(head, 4);
}

/** What is wrong with a frame whose bytes behind the checksum have this one; "" where nothing is. */
export function frameProblem(head: Buffer, crc: number, number: number, salt: number): string {
  if (crc !== readU32(head, 0)) return "its checksum is wrong";
  if (readU32(head, 8) !== number) return `frame ${readU32(head, 8)} stands where frame ${number} should`;
  if (readU32(head, 12) !== salt) return "it belongs to another snapshot";
  return "";
}

export function snapshotRefusal(path: string, offset: number, why: string): KvorumError {
  return new KvorumError("ERR", `snapshot ${path} is damaged at byte ${offset}: ${why}`);
}
