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

/** Writes the head of a frame whose payload is these parts. Returns the frame's CRC. */
export function writeFrameHead(
  head: Buffer,
  kind: FrameKind,
  number: number,
  salt: number,
  parts: readonly Buffer[],
): number {
  head.fill(0);
  writeU32(
    head,
    4,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  writeU32(head, 8, number);
  writeU32(head, 12, salt);
  head[16] = kind;
  let crc = crc32(head, 4, frameHeadBytes);
  for (const part of parts) crc = crc32(part, 0, part.length, crc);
  writeU32(head, 0, crc);
  return crc;
}

/** Length of the payload that a head announces. */
export function payloadLengthOf(head: Uint8Array): number {
  return readU32(head, 4);
}

/** What is wrong with a frame, "" where nothing is. */
export function frameProblem(frame: Buffer, number: number, salt: number): string {
  if (crc32(frame, 4, frame.length) !== readU32(frame, 0)) return "its checksum is wrong";
  if (readU32(frame, 8) !== number) return `frame ${readU32(frame, 8)} stands where frame ${number} should`;
  if (readU32(frame, 12) !== salt) return "it belongs to another snapshot";
  return "";
}

export function snapshotRefusal(path: string, offset: number, why: string): KvorumError {
  return new KvorumError("ERR", `snapshot ${path} is damaged at byte ${offset}: ${why}`);
}
