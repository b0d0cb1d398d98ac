/**
 * Sectors that a crash left out, and the mask that keeps a whole record from looking so.
 *
 *     sector    |      512      |      512      |      512      |      512      |
 *     record       [header|payload ……………………………………………………………………|a7|00 00]
 *     inner                     |     inner     |     inner     |
 *
 * A record's first sector holds its header and its last one its last byte, which tell by themselves whether
 * they were written. The inner sectors are all payload: one that was left out is zero, or has one byte of a
 * flipped bit. So a payload is stored such that each of its inner sectors has three bytes or more that are not
 * zero; with one flipped bit it still has two.
 */
export const sectorBytes = 512;

/** In a written sector at least so many bytes are not zero, and in one that was left out at most one is. */
const writtenBytesMin = 3;
const blankBytesMax = 1;

/** Whether all of these bytes but one at most are zero. */
export function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  return !hasMoreThan(blankBytesMax, bytes, from, to, 0);
}

/** Whether an inner sector of a payload is blank. `position` is where in its file the payload begins. */
export function hasBlankSector(bytes: Uint8Array, from: number, length: number, position: number): boolean {
  const end = innerEnd(length, position);
  for (let at = innerStart(position); at < end; at += sectorBytes)
    if (isBlank(bytes, from + at, from + at + sectorBytes)) return true;
  return false;
}

/**
 * The word with which every four bytes of a payload are xored on disk, 0 where nothing is: almost always. A
 * sector spoils at most one word, the one that it repeats; so of n + 1 words one is good for n sectors.
 */
export function maskFor(payload: Uint8Array, position: number): number {
  const end = innerEnd(payload.length, position);
  const start = innerStart(position);
  return spoils(payload, start, end, 0) ? otherMask(payload, start, end) : 0;
}

function otherMask(payload: Uint8Array, start: number, end: number): number {
  // Almost always the first one is good, and that is seen at once.
  if (!spoils(payload, start, end, maskStep)) return maskStep;
  const spoiled = new Set<number>();
  for (let at = start; at < end; at += sectorBytes) {
    const word = majorityWord(payload, at);
    if (repeats(payload, at, word)) spoiled.add(word);
  }
  let word = maskStep;
  while (word === 0 || spoiled.has(word)) word = (word + maskStep) >>> 0;
  return word;
}

/** Whether some sector would be blank under this word. */
function spoils(payload: Uint8Array, start: number, end: number, word: number): boolean {
  for (let at = start; at < end; at += sectorBytes) if (repeats(payload, at, word)) return true;
  return false;
}

/** A copy of the payload as it stands on disk, or of what stands there as it was. */
export function masked(payload: Uint8Array, mask: number): Buffer {
  // Not out of Node.js' pool: words need a place that four divides.
  const copy = Buffer.allocUnsafeSlow(payload.length);
  copy.set(payload);
  const words = new Int32Array(copy.buffer, 0, payload.length >>> 2);
  for (let i = 0; i < words.length; i++) words[i] = words[i]! ^ mask;
  for (let i = words.length * 4; i < copy.length; i++) copy[i] = copy[i]! ^ (mask >>> ((i & 3) << 3));
  return copy;
}

/** Odd, so that all words come before one comes again. */
const maskStep = 0x9e3779b1;

/** Whether fewer bytes of a sector than a written one needs differ from a repeated word. */
function repeats(bytes: Uint8Array, at: number, word: number): boolean {
  return !hasMoreThan(writtenBytesMin - 1, bytes, at, at + sectorBytes, word);
}

/** If two bytes at most differ from a repeated word, then at least three of the first five words are that one. */
function majorityWord(bytes: Uint8Array, at: number): number {
  const words = [0, 4, 8, 12, 16].map((i) => wordAt(bytes, at + i));
  return words.find((word) => words.filter((other) => other === word).length >= 3) ?? 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Whether more than `count` bytes differ from a repeated word. */
function hasMoreThan(count: number, bytes: Uint8Array, from: number, to: number, word: number): boolean {
  let differing = 0;
  for (let at = from; at < to; at++)
    if (bytes[at] !== ((word >>> (((at - from) & 3) << 3)) & 255) && ++differing > count) return true;
  return false;
}

/** The first inner sector, from the payload's begin: the header's sector is the one before it. */
function innerStart(position: number): number {
  return (sectorBytes - (position % sectorBytes)) % sectorBytes;
}

/** Behind the last inner sector: where the sector of the record's last byte begins. */
function innerEnd(length: number, position: number): number {
  return Math.floor((position + length) / sectorBytes) * sectorBytes - position;
}
