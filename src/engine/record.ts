import type { Arena } from "./arena.ts";

/**
 * A record is a key with everything that belongs to it, in one place of the arena:
 *
 *     word 0   history 1 bit | deadline 1 bit | raw 1 bit | value length 29 bits
 *     word 1   key length 16 bits | modified revision, high 16 bits
 *     word 2   modified revision, low 32 bits
 *   ┌ word     deadline, low 32 bits          ┐
 *   │ word     deadline, high 21 bits         │ with `deadline`: ms since 1970
 *   └ word     place in the heap of deadlines ┘
 *   ┌ word     created revision, low 32 bits                              ┐
 *   │ word     version, high 16 bits | created revision, high 16 bits     │ with `history`
 *   └ word     version, low 32 bits                                       ┘
 *     key bytes, value bytes
 *
 * Most keys of a cache are written once: without history, created = modified and version = 1, which
 * saves 12 bytes for each of them. Revisions and versions have 48 bits: at a million writes a second
 * they last for nine years.
 */
export const historyFlag: number = 1 << 31;
export const deadlineFlag: number = 1 << 30;
/** The value was edited in place (APPEND, SETRANGE): OBJECT ENCODING answers raw. */
export const rawFlag: number = 1 << 29;
export const lengthMask = 0x1fffffff;

const headerWords = 3;
const deadlineWords = 3;

/** Bytes before the key. */
export function headerBytes(word0: number): number {
  return 12 + ((word0 >>> 31) + ((word0 >>> 30) & 1)) * 12;
}

/** Index of a record's first word in the words of its page. */
export function firstWord(handle: number): number {
  return (handle & 0x1ffff) << 1;
}

/** Index of a record's first byte in the bytes of its page. */
export function firstByte(handle: number): number {
  return (handle & 0x1ffff) << 3;
}

export function wordsOf(arena: Arena, handle: number): Int32Array {
  return arena.words[handle >>> 17]!;
}

export function bytesOf(arena: Arena, handle: number): Buffer {
  return arena.bytes[handle >>> 17]!;
}

/** The bytes of bytesOf(handle), for words at any place. */
export function viewOfPage(arena: Arena, handle: number): DataView {
  return arena.views[handle >>> 17]!;
}

export function keyLength(arena: Arena, handle: number): number {
  return wordsOf(arena, handle)[firstWord(handle) + 1]! >>> 16;
}

/** First byte of the key in bytesOf(handle). */
export function keyStart(arena: Arena, handle: number): number {
  return firstByte(handle) + headerBytes(wordsOf(arena, handle)[firstWord(handle)]!);
}

/** Orders two records by the bytes of their keys: less than 0 where `a` comes first. */
export function compareKeys(arena: Arena, a: number, b: number): number {
  const startA = keyStart(arena, a);
  const startB = keyStart(arena, b);
  return bytesOf(arena, a).compare(
    bytesOf(arena, b),
    startB,
    startB + keyLength(arena, b),
    startA,
    startA + keyLength(arena, a),
  );
}

export function valueLength(arena: Arena, handle: number): number {
  return wordsOf(arena, handle)[firstWord(handle)]! & lengthMask;
}

/** First byte of the value in bytesOf(handle). */
export function valueStart(arena: Arena, handle: number): number {
  return keyStart(arena, handle) + keyLength(arena, handle);
}

/** Bytes of a record as it is, its header included. */
export function recordLength(arena: Arena, handle: number): number {
  const word0 = wordsOf(arena, handle)[firstWord(handle)]!;
  return recordBytes(word0, keyLength(arena, handle), word0 & lengthMask);
}

export function isRaw(arena: Arena, handle: number): boolean {
  return (wordsOf(arena, handle)[firstWord(handle)]! & rawFlag) !== 0;
}

export function markRaw(arena: Arena, handle: number): void {
  const words = wordsOf(arena, handle);
  const at = firstWord(handle);
  words[at] = words[at]! | rawFlag;
}

/** In ms since 1970; 0: never. */
export function deadlineOf(arena: Arena, handle: number): number {
  const words = wordsOf(arena, handle);
  const at = firstWord(handle);
  if ((words[at]! & deadlineFlag) === 0) return 0;
  return words[at + headerWords + 1]! * 2 ** 32 + (words[at + headerWords]! >>> 0);
}

export function writeDeadline(words: Int32Array, at: number, deadline: number): void {
  words[at + headerWords] = deadline | 0;
  words[at + headerWords + 1] = Math.floor(deadline / 2 ** 32);
}

export function heapPlaceOf(arena: Arena, handle: number): number {
  return wordsOf(arena, handle)[firstWord(handle) + headerWords + 2]!;
}

export function setHeapPlace(arena: Arena, handle: number, place: number): void {
  wordsOf(arena, handle)[firstWord(handle) + headerWords + 2] = place;
}

export function modifiedOf(arena: Arena, handle: number): number {
  const words = wordsOf(arena, handle);
  const at = firstWord(handle);
  return (words[at + 1]! & 0xffff) * 2 ** 32 + (words[at + 2]! >>> 0);
}

export function createdOf(arena: Arena, handle: number): number {
  const words = wordsOf(arena, handle);
  const at = firstWord(handle);
  if (words[at]! >= 0) return modifiedOf(arena, handle);
  const history = historyAt(words[at]!, at);
  return (words[history + 1]! & 0xffff) * 2 ** 32 + (words[history]! >>> 0);
}

/** Writes to this key since it was created, the first one counted. */
export function versionOf(arena: Arena, handle: number): number {
  const words = wordsOf(arena, handle);
  const at = firstWord(handle);
  if (words[at]! >= 0) return 1;
  const history = historyAt(words[at]!, at);
  return (words[history + 1]! >>> 16) * 2 ** 32 + (words[history + 2]! >>> 0);
}

/** Words 1 and 2: the key's length stays with its record, the revision changes. */
export function writeModified(words: Int32Array, at: number, length: number, revision: number): void {
  words[at + 1] = (length << 16) | Math.floor(revision / 2 ** 32);
  words[at + 2] = revision | 0;
}

export function writeHistory(words: Int32Array, at: number, created: number, version: number): void {
  const history = historyAt(words[at]!, at);
  words[history] = created | 0;
  words[history + 1] = (Math.floor(version / 2 ** 32) << 16) | Math.floor(created / 2 ** 32);
  words[history + 2] = version | 0;
}

/** Adds one to the version of a record that has history. */
export function bumpVersion(words: Int32Array, at: number): void {
  const history = historyAt(words[at]!, at);
  const low = (words[history + 2]! + 1) | 0;
  words[history + 2] = low;
  if (low === 0) words[history + 1] = words[history + 1]! + 0x10000;
}

function historyAt(word0: number, at: number): number {
  return at + headerWords + ((word0 & deadlineFlag) === 0 ? 0 : deadlineWords);
}

/** Bytes of a record with this shape. */
export function recordBytes(shape: number, keyBytes: number, valueBytes: number): number {
  return headerBytes(shape) + keyBytes + valueBytes;
}
