import { parseInt64 } from "../../base/int64.ts";
import type { Execution, Handlers } from "../execution.ts";
import {
  bytesOf,
  deadlineOf,
  firstWord,
  isRaw,
  keyLength,
  recordBytes,
  valueLength,
  valueStart,
  wordsOf,
} from "../record.ts";
import { placeBytes } from "../size-classes.ts";
import { findKey, readInteger, readKey, syntaxError } from "./access.ts";

/** How a value is kept, in Redis' words. */
export const introspectHandlers: Handlers = {
  "object|encoding": encoding,
  "object|freq": freq,
  "object|idletime": idletime,
  "object|refcount": refcount,
  "memory|usage": memoryUsage,
};

/** The longest value that Redis keeps in one piece with its object. */
const embeddedBytesMax = 44;
/** Redis shares the objects of smaller whole numbers and does not count who uses them. */
const sharedIntegers = 10_000;
const sharedCount = 2 ** 31 - 1;

function encoding(x: Execution): void {
  const handle = readKey(x, 2);
  if (handle === 0) x.out.null();
  else x.out.bulkText(encodingOf(x, handle));
}

function encodingOf(x: Execution, handle: number): "int" | "embstr" | "raw" {
  const { arena } = x.keyspace;
  if (isRaw(arena, handle)) return "raw";
  const size = valueLength(arena, handle);
  const start = valueStart(arena, handle);
  if (parseInt64(bytesOf(arena, handle), start, start + size) !== undefined) return "int";
  return size <= embeddedBytesMax ? "embstr" : "raw";
}

/** No access is counted: the answer of a Redis whose eviction policy does not need it. */
function freq(x: Execution): void {
  if (readKey(x, 2) === 0) x.out.null();
  else x.out.error(notTracked);
}

const notTracked =
  "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when " +
  "switching between policies at runtime LRU and LFU data will take some time to adjust.";

/** The time of the last access is not kept: every key has just been used. */
function idletime(x: Execution): void {
  if (readKey(x, 2) === 0) x.out.null();
  else x.out.integer(0);
}

function refcount(x: Execution): void {
  const handle = readKey(x, 2);
  if (handle === 0) {
    x.out.null();
    return;
  }
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  const value = parseInt64(bytesOf(arena, handle), start, start + valueLength(arena, handle));
  const shared = value !== undefined && value >= 0 && value < sharedIntegers && !isRaw(arena, handle);
  x.out.integer(shared ? sharedCount : 1);
}

function memoryUsage(x: Execution): void {
  const { args } = x;
  for (let i = 3; i < args.count; i += 2) {
    const isSamples = i + 1 < args.count && args.is(i, "samples");
    const samples = isSamples ? readInteger(x, i + 1) : -1;
    if (samples === undefined) return;
    if (samples < 0) {
      x.out.error(syntaxError);
      return;
    }
  }
  const handle = findKey(x, 2);
  if (handle === 0) x.out.null();
  else x.out.integer(bytesTakenBy(x, handle));
}

/**
 * The record's place, its entry in the index, and the one in the heap of deadlines. The place is the one it would
 * be given now: a record that became shorter may still have a larger one, on some members and not on others.
 */
function bytesTakenBy(x: Execution, handle: number): number {
  const { arena } = x.keyspace;
  const shape = wordsOf(arena, handle)[firstWord(handle)]!;
  const place = placeBytes(recordBytes(shape, keyLength(arena, handle), valueLength(arena, handle)));
  return place + entryBytes + (deadlineOf(arena, handle) === 0 ? 0 : heapEntryBytes);
}

/** A slot of 8 bytes, at the load that the index has in the middle of its growth. */
const entryBytes = 10;
const heapEntryBytes = 4;
