/** Slots of a Redis cluster: every key belongs to one of them. */
export const slotCount = 16_384;

const openBrace = 123;
const closeBrace = 125;

/**
 * The slot of the key bytes[start, end): CRC16 of it, or of what stands between its first brace and the next closing one,
 * where there is anything, so that clients can keep keys together (Redis cluster specification, hash tags).
 */
export function keySlot(bytes: Buffer, start = 0, end: number = bytes.length): number {
  const open = indexOf(bytes, openBrace, start, end);
  const close = open < 0 ? -1 : indexOf(bytes, closeBrace, open + 1, end);
  const slot = close <= open + 1 ? crc16(bytes, start, end) : crc16(bytes, open + 1, close);
  return slot & (slotCount - 1);
}

/** Byte by byte: keys are short, and a view of the key would cost more. */
function indexOf(bytes: Buffer, byte: number, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** CRC-16/XMODEM, polynomial 0x1021. */
function crc16(bytes: Buffer, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ table[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}

const table: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});
