import { crc32 as zlibCrc32 } from "node:zlib";

/**
 * CRC-32 (the one of zlib and Ethernet) of bytes `from` to `to`, begun with `seed`. Short ranges are computed
 * here: the call into zlib costs as much as 400 bytes do.
 */
export function crc32(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  if (to - from > shortBytesMax) return zlibCrc32(bytes.subarray(from, to), seed);
  let crc = ~seed;
  let at = from;
  for (const whole = to - 7; at < whole; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      tables[0x700 | (low & 255)]! ^
      tables[0x600 | ((low >>> 8) & 255)]! ^
      tables[0x500 | ((low >>> 16) & 255)]! ^
      tables[0x400 | (low >>> 24)]! ^
      tables[0x300 | bytes[at + 4]!]! ^
      tables[0x200 | bytes[at + 5]!]! ^
      tables[0x100 | bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < to; at++) crc = tables[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const shortBytesMax = 400;
const tables = makeTables();

/** Eight tables of 256: table k holds the CRC of a byte with k zero bytes behind it. */
function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!;
    made[i] = made[before & 255]! ^ (before >>> 8);
  }
  return made;
}
