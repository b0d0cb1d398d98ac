/**
 * HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", its 32-bit sibling as
 * used by the Linux kernel's hash tables): a keyed hash of 32 bits. Who does not know the key cannot
 * choose keys that collide; the usual faster hashes are seeded, but have collisions for every seed.
 * Only 31 bits are given back, so that a hash is a small integer that is never negative.
 */
export function halfSipHash(key0: number, key1: number, bytes: DataView, start: number, end: number): number {
  let a = key0;
  let b = key1;
  let c = key0 ^ 0x6c796765;
  let d = key1 ^ 0x74656462;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    const word = bytes.getInt32(at, true);
    d ^= word;
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    a ^= word;
  }
  let last = (end - start) << 24;
  for (let shift = 0; at < end; at++, shift += 8) last |= bytes.getUint8(at) << shift;
  d ^= last;
  // One round for the last word, then three to finish.
  for (let round = 0; round < 4; round++) {
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    if (round === 0) {
      a ^= last;
      c ^= 0xff;
    }
  }
  return (b ^ d) & 0x7fffffff;
}
