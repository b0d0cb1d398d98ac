import type { Glob } from "../../base/glob.ts";
import { limits } from "../../base/limits.ts";
import { ReplyWriter } from "../../protocol/reply-writer.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, keyLength, keyStart, viewOfPage } from "../record.ts";
import { findKey } from "./access.ts";
import { KeyWalk, patternTooCostly, readPattern } from "./key-walk.ts";

/** Keys that nobody named. */
export const keyListingHandlers: Handlers = { keys, randomkey };

function keys(x: Execution): void {
  const glob = readPattern(x, 1);
  if (glob === undefined) return;
  if (glob.isPlain) {
    const found = findKey(x, 1) !== 0;
    x.out.array(found ? 1 : 0);
    if (found) x.out.bulk(x.args.bytes, x.args.start[1]!, x.args.end[1]!);
    return;
  }
  const listing = new KeyListing(new KeyWalk(x.keyspace, 0, glob, new ReplyWriter()), glob, x.out);
  if (listing.go()) return;
  if (x.maySlice) {
    x.slice = () => listing.go();
    return;
  }
  x.out.error(
    `ERR KEYS over more than ${limits.keysPerSlice} keys is not allowed in a transaction, use SCAN`,
  );
}

/** The reply of KEYS: first the walk, since the array's length comes first, then what it found. */
class KeyListing {
  readonly #walk: KeyWalk;
  readonly #glob: Glob;
  readonly #out: ReplyWriter;
  #walked = false;

  constructor(walk: KeyWalk, glob: Glob, out: ReplyWriter) {
    this.#walk = walk;
    this.#glob = glob;
    this.#out = out;
  }

  /** One slice. True: the reply is written. */
  go(): boolean {
    const walk = this.#walk;
    if (!this.#walked) {
      const over = walk.go(limits.keysPerSlice);
      if (this.#glob.gaveUp) return this.#refuse(patternTooCostly);
      if (walk.bytes + headerBytes > limits.outputBytesMax) return this.#refuse(tooLarge);
      if (!over) return false;
      this.#walked = true;
      this.#out.array(walk.count);
    }
    return walk.writeTo(this.#out, writtenBytesMax);
  }

  #refuse(error: string): true {
    this.#out.error(error);
    return true;
  }
}

const headerBytes = 32;
/** Copied in one slice: about 2 ms, and more than one slice of the walk collects. */
const writtenBytesMax = 4 * limits.outputHighWaterBytes;
const tooLarge = `TOO_LARGE KEYS would answer more than ${limits.outputBytesMax} bytes, use SCAN`;

function randomkey(x: Execution): void {
  const handle = randomRecord(x);
  if (handle === 0) {
    x.out.null();
    return;
  }
  const { arena } = x.keyspace;
  const start = keyStart(arena, handle);
  x.out.bulk(bytesOf(arena, handle), start, start + keyLength(arena, handle), viewOfPage(arena, handle));
}

/**
 * One of the records that follow a random place. The first alone would not do: who stands behind a wide gap
 * would be drawn often, and who stands close behind another one hardly ever.
 *
 * Chance comes from the time and from how often it was asked for.
 */
function randomRecord(x: Execution): number {
  const { keyspace, now } = x;
  x.draws = (x.draws + 1) | 0;
  const chance = mix(x.draws ^ (now | 0));
  const found: number[] = [];
  const take = (handle: number): void => {
    if (!found.includes(handle)) found.push(handle);
  };
  const next = keyspace.scan(chance >>> 1, sampleKeys, take);
  if (next === 0) keyspace.scan(0, sampleKeys, take);
  // All of them may have expired, and others not.
  if (found.length === 0) keyspace.scan(0, limits.keysPerSlice, (handle) => found.push(handle));
  return found.length === 0 ? 0 : found[mix(chance) % found.length]!;
}

const sampleKeys = 16;

/** The finish of MurmurHash3 (Appleby): every bit of the result hangs on every bit given. */
function mix(seed: number): number {
  let hash = seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
