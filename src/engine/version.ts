import { KvorumError } from "../base/errors.ts";
import { readU32, writeU32 } from "../base/numbers.ts";

/**
 * The newest engine version of this program. A release in which the same entries would lead to another state or other
 * replies has a higher one, and goes on by the old one until an entry says that every member knows the new one.
 *
 *     1   the first
 */
export const engineVersionMax = 1;

const payloadBytes = 4;

/** The payload of an entry that raises the version: u32, little endian. */
export function encodeEngineVersion(version: number): Buffer {
  const payload = Buffer.alloc(payloadBytes);
  writeU32(payload, 0, version);
  return payload;
}

/** Throws KvorumError where the bytes are no such payload. */
export function decodeEngineVersion(payload: Buffer): number {
  if (payload.length === payloadBytes) return readU32(payload, 0);
  throw new KvorumError("ERR", `an entry with an engine version of ${payload.length} bytes`);
}
