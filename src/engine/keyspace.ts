import { assert } from "../base/assert.ts";
import { halfSipHash } from "../base/half-sip-hash.ts";
import { limits } from "../base/limits.ts";
import { copyRange, viewOf } from "../base/words.ts";
import { Arena } from "./arena.ts";
import { Deadlines } from "./deadlines.ts";
import { pagesAmple } from "./demand.ts";
import { Index } from "./index.ts";
import type { SegmentPool } from "./index-table.ts";
import type { PagePool } from "./pages.ts";
import {
  bumpVersion,
  bytesOf,
  compareKeys,
  createdOf,
  deadlineFlag,
  deadlineOf,
  firstByte,
  firstWord,
  headerBytes,
  heapPlaceOf,
  historyFlag,
  keyLength,
  keyStart,
  lengthMask,
  modifiedOf,
  rawFlag,
  recordBytes,
  setHeapPlace,
  valueLength,
  valueStart,
  versionOf,
  viewOfPage,
  wordsOf,
  writeDeadline,
  writeHistory,
  writeModified,
} from "./record.ts";
import { slabBytesMax } from "./size-classes.ts";
import { Tidier } from "./tidier.ts";

/** What the keyspaces of one engine share. */
export interface Shared {
  readonly pages: PagePool;
  readonly segments: SegmentPool;
  /** Key of the hash: the cluster's, so that SCAN cursors are good on every member. */
  readonly hashKey: readonly [number, number];
  readonly moment: Moment;
}

/** When it is, for all keyspaces. In one place and not handed down: a time in an argument is a number on the heap. */
export interface Moment {
  /** Time of the last entry, in ms since 1970. Deadlines up to it have passed. */
  now: number;
  /** Time as a read sees it, never before `now`: what is due between the two has not passed for certain. */
  estimate: number;
  /** Set where a read met such a key. */
  metOverdue: boolean;
  /** The revision that a write takes if it changes anything. */
  revision: number;
}

/** Takes the old versions of records while an image is taken: see image.ts. */
export interface Saver {
  /** Records with a smaller hash are in the image already. */
  readonly from: number;
  /** Records that were modified later are not of the image. */
  readonly revision: number;
  /** Whether the image still reads from this buffer, which one large record has for itself. */
  hasLent(bytes: Buffer): boolean;
  /** Takes a record that is about to change. True: its place went over to the image and must not be written any more. */
  save(handle: number): boolean;
}

/** What belongs to a record beside its key and its value. */
export interface RecordFacts {
  /** In ms since 1970; 0: none. */
  deadline: number;
  created: number;
  modified: number;
  version: number;
  isRaw: boolean;
}

/**
 * The keys of one database. A record is named by its handle, which is good until the next change of this
 * keyspace; every change that may move a record returns its new handle. Keys and values are ranges of
 * bytes in a buffer of the caller's, and are copied.
 *
 * Invariant: every record is in the index once, and in the heap of deadlines exactly if it has one.
 */
export class Keyspace {
  readonly arena: Arena;
  /** Set while an image is taken that has not come to the end of this keyspace. */
  saver: Saver | undefined = undefined;
  readonly #index: Index;
  readonly #deadlines: Deadlines;
  readonly #tidier: Tidier;
  #key0: number;
  #key1: number;
  readonly #moment: Moment;
  readonly #pages: PagePool;

  constructor(shared: Shared) {
    this.#pages = shared.pages;
    this.arena = new Arena(shared.pages);
    this.#index = new Index(
      shared.segments,
      limits.migratedPerWrite,
      (a, b) => compareKeys(this.arena, a, b) < 0,
    );
    this.#deadlines = new Deadlines(this.arena);
    this.#tidier = new Tidier(this.arena, (from) => this.#relocate(from));
    this.#key0 = shared.hashKey[0];
    this.#key1 = shared.hashKey[1];
    this.#moment = shared.moment;
  }

  /** Hashes with another key from now on: while there is nothing. */
  rekey([key0, key1]: readonly [number, number]): void {
    assert(this.records === 0, "what is there was placed by the key before");
    this.#key0 = key0;
    this.#key1 = key1;
  }

  /** Records, those included whose deadline has passed and which are not removed yet. */
  get records(): number {
    return this.#index.size;
  }

  get recordsWithDeadline(): number {
    return this.#deadlines.size;
  }

  /** The earliest deadline, Infinity where there is none. */
  get earliestDeadline(): number {
    return this.#deadlines.earliest;
  }

  get residentBytes(): number {
    return this.arena.residentBytes + this.#index.residentBytes + this.#deadlines.residentBytes;
  }

  /** Keys that a reader can see. Exact while no more than expiredPerTick wait to be removed. */
  count(): number {
    const { now, estimate } = this.#moment;
    const expired = this.#deadlines.countUpTo(now, limits.expiredPerTick);
    if (estimate > now && this.#deadlines.countUpTo(estimate, expired + 1) > expired) {
      this.#moment.metOverdue = true;
    }
    return this.#index.size - expired;
  }

  /** The record of a key, or 0 where there is none or its deadline has passed. */
  find(bytes: Buffer, start: number, end: number): number {
    // A longer key is not worth the time that its hash would take: nobody can have set it.
    if (this.#index.size === 0 || end - start > limits.keyBytesMax) return 0;
    const handle = this.#locate(this.#hash(bytes, start, end), bytes, start, end);
    return handle !== 0 && this.isLive(handle) ? handle : 0;
  }

  isLive(handle: number): boolean {
    const deadline = deadlineOf(this.arena, handle);
    return deadline === 0 || deadline > this.#moment.estimate || !this.#isDue(deadline);
  }

  /** Whether a deadline that the estimate has reached has passed for certain. */
  #isDue(deadline: number): boolean {
    if (deadline <= this.#moment.now) return true;
    this.#moment.metOverdue = true;
    return false;
  }

  /**
   * Sets a key, whatever it was. `deadline` 0: none. Gives the record its next version, or the first where
   * the key was absent.
   */
  put(
    key: Buffer,
    keyFrom: number,
    keyTo: number,
    value: Buffer,
    valueFrom: number,
    valueTo: number,
    deadline: number,
  ): number {
    const hash = this.#hash(key, keyFrom, keyTo);
    let handle = this.#locate(hash, key, keyFrom, keyTo);
    if (handle !== 0 && !this.isLive(handle)) {
      this.remove(handle);
      handle = 0;
    }
    const size = valueTo - valueFrom;
    if (handle === 0) {
      handle = this.#create(hash, key, keyFrom, keyTo, size, deadline);
    } else {
      handle = this.#touch(handle, deadline, size, 0);
    }
    this.#write(value, valueFrom, valueTo, handle, valueStart(this.arena, handle));
    return handle;
  }

  /** Sets a key that is absent to so many zeros. */
  putZeros(key: Buffer, keyFrom: number, keyTo: number, size: number): number {
    const hash = this.#hash(key, keyFrom, keyTo);
    const dead = this.#locate(hash, key, keyFrom, keyTo);
    if (dead !== 0) this.remove(dead);
    const handle = this.#create(hash, key, keyFrom, keyTo, size, 0);
    const start = valueStart(this.arena, handle);
    bytesOf(this.arena, handle).fill(0, start, start + size);
    return handle;
  }

  /** Gives a record another value; its deadline stays. */
  replace(handle: number, value: Buffer, valueFrom: number, valueTo: number): number {
    const moved = this.#touch(handle, deadlineOf(this.arena, handle), valueTo - valueFrom, 0);
    this.#write(value, valueFrom, valueTo, moved, valueStart(this.arena, moved));
    return moved;
  }

  /**
   * Gives a record's value another length and keeps its bytes; those that are added are zero. Marks the
   * value as edited in place.
   */
  resize(handle: number, size: number): number {
    const before = valueLength(this.arena, handle);
    const moved = this.#touch(handle, deadlineOf(this.arena, handle), size, Math.min(before, size));
    const words = wordsOf(this.arena, moved);
    words[firstWord(moved)] = words[firstWord(moved)]! | rawFlag;
    if (size > before) {
      const start = valueStart(this.arena, moved);
      bytesOf(this.arena, moved).fill(0, start + before, start + size);
    }
    return moved;
  }

  /** Sets the deadline of a record, 0: none. */
  expire(handle: number, deadline: number): number {
    const size = valueLength(this.arena, handle);
    const raw = wordsOf(this.arena, handle)[firstWord(handle)]! & rawFlag;
    const moved = this.#touch(handle, deadline, size, size);
    const words = wordsOf(this.arena, moved);
    words[firstWord(moved)] = words[firstWord(moved)]! | raw;
    return moved;
  }

  remove(handle: number): void {
    if (this.saver !== undefined) this.#save(handle);
    const hash = this.hashOf(handle);
    this.#index.remove(hash, handle);
    if (deadlineOf(this.arena, handle) !== 0) this.#deadlines.remove(handle);
    this.arena.free(handle);
  }

  /** Removes the record whose deadline passed first. False: none has. */
  removeExpired(): boolean {
    if (this.#deadlines.earliest > this.#moment.now) return false;
    this.remove(this.#deadlines.first());
    return true;
  }

  /**
   * Puts a record back with all that belongs to it; its value stands behind its key. Of a long one only the first
   * bytes are copied (limits.copyBytesPerStep), and `fill` must bring the rest before anything else is done here.
   * 0: the key is there already, and nothing was changed.
   */
  restore(facts: RecordFacts, bytes: Buffer, keyFrom: number, keyTo: number, valueTo: number): number {
    const { arena } = this;
    const hash = this.#hash(bytes, keyFrom, keyTo);
    if (this.#locate(hash, bytes, keyFrom, keyTo) !== 0) return 0;
    const { deadline, created, modified, version } = facts;
    const isNew = version === 1 && created === modified;
    const shape = (isNew ? 0 : historyFlag) | (deadline === 0 ? 0 : deadlineFlag);
    const handle = this.#allocate(recordBytes(shape, keyTo - keyFrom, valueTo - keyTo));
    const words = wordsOf(arena, handle);
    const at = firstWord(handle);
    words[at] = shape | (facts.isRaw ? rawFlag : 0) | (valueTo - keyTo);
    writeModified(words, at, keyTo - keyFrom, modified);
    if (!isNew) writeHistory(words, at, created, version);
    const end = Math.min(keyFrom + limits.copyBytesPerStep, valueTo);
    this.#write(bytes, keyFrom, end, handle, firstByte(handle) + headerBytes(shape));
    this.#enter(hash, handle, deadline);
    return handle;
  }

  /** Copies some more of a record's bytes, which stand from `keyFrom` to `valueTo`: those from `from` on. */
  fill(handle: number, bytes: Buffer, keyFrom: number, from: number, valueTo: number): void {
    const end = Math.min(from + limits.copyBytesPerStep, valueTo);
    this.#write(bytes, from, end, handle, keyStart(this.arena, handle) + from - keyFrom);
  }

  /** Makes room for so many records in an empty keyspace: while they come, the index does not grow. */
  reserve(records: number): void {
    this.#index.reserve(records);
  }

  /** Removes everything; the memory goes back to the pools at once, in time that hardly grows with it. */
  clear(): void {
    this.arena.clear();
    this.#index.clear();
    this.#deadlines.clear();
    this.#tidier.forget();
  }

  /**
   * Visits live records from a cursor on, 0 at first, and returns the next cursor, 0 behind the last. A key
   * that is there all the time from the first call to the last is visited exactly once, however the
   * table grows or shrinks meanwhile. About `count` records are looked at. No change meanwhile.
   */
  scan(cursor: number, count: number, visit: (handle: number) => void): number {
    if (cursor < 0 || cursor >= 2 ** 31) return 0;
    const next = this.#index.scan(cursor, count, (handle) => {
      if (this.isLive(handle)) visit(handle);
    });
    return Math.max(next, 0);
  }

  /** Visits all records, dead ones too, in the order of their hashes, and as far as Index.scan goes. */
  walk(hash: number, count: number, visit: (handle: number) => void): number {
    return this.#index.scan(hash, count, visit);
  }

  hashOf(handle: number): number {
    const start = keyStart(this.arena, handle);
    return this.#hash(bytesOf(this.arena, handle), start, start + keyLength(this.arena, handle));
  }

  /**
   * Moves a few records together where pages have become sparse, and returns their bytes. Call it once with
   * every write.
   */
  tidy(): number {
    return this.#tidier.step();
  }

  /** Moves some more. False: there is nothing to do. */
  tidyTurn(): boolean {
    if (!this.#tidier.isBusy) return false;
    this.#tidier.turn();
    return true;
  }

  #hash(bytes: Buffer, start: number, end: number): number {
    return halfSipHash(this.#key0, this.#key1, viewOf(bytes), start, end);
  }

  #locate(hash: number, bytes: Buffer, start: number, end: number): number {
    const table = this.#index.tableOf(hash);
    let slot = table.seek(table.home(hash), hash);
    while (slot >= 0) {
      const handle = table.handleAt(slot);
      if (this.#keyIs(handle, bytes, start, end)) return handle;
      slot = table.seek(slot + 1, hash);
    }
    return 0;
  }

  #keyIs(handle: number, bytes: Buffer, start: number, end: number): boolean {
    const words = wordsOf(this.arena, handle);
    const at = firstWord(handle);
    if (words[at + 1]! >>> 16 !== end - start) return false;
    const first = firstByte(handle) + headerBytes(words[at]!);
    if (end - start > loopBytesMax) {
      return bytesOf(this.arena, handle).compare(bytes, start, end, first, first + end - start) === 0;
    }
    // A key begins at a word of its page; where the other one begins, nobody knows.
    const view = viewOf(bytes);
    let word = first >> 2;
    let i = start;
    for (const whole = end - 3; i < whole; i += 4) if (words[word++] !== view.getInt32(i, true)) return false;
    const stored = bytesOf(this.arena, handle);
    for (let p = word << 2; i < end; i++) if (stored[p++] !== bytes[i]) return false;
    return true;
  }

  /** Copies a range from outside into the page of a record. */
  #write(from: Buffer, start: number, end: number, handle: number, at: number): void {
    const { arena } = this;
    copyRange(from, viewOf(from), start, end, bytesOf(arena, handle), viewOfPage(arena, handle), at);
  }

  #create(hash: number, key: Buffer, keyFrom: number, keyTo: number, size: number, deadline: number): number {
    const shape = deadline === 0 ? 0 : deadlineFlag;
    const handle = this.#allocate(recordBytes(shape, keyTo - keyFrom, size));
    const words = wordsOf(this.arena, handle);
    const at = firstWord(handle);
    words[at] = shape | size;
    writeModified(words, at, keyTo - keyFrom, this.#moment.revision);
    this.#write(key, keyFrom, keyTo, handle, firstByte(handle) + headerBytes(shape));
    this.#enter(hash, handle, deadline);
    return handle;
  }

  #enter(hash: number, handle: number, deadline: number): void {
    this.#index.insert(hash, handle);
    if (deadline === 0) return;
    writeDeadline(wordsOf(this.arena, handle), firstWord(handle), deadline);
    this.#deadlines.add(handle);
  }

  /**
   * Called before every change of a record. Where an image is taken and needs the record as it is, it is saved.
   * True: its place must not be written any more.
   */
  #save(handle: number): boolean {
    const saver = this.saver!;
    if (saver.hasLent(bytesOf(this.arena, handle))) return true;
    if (modifiedOf(this.arena, handle) > saver.revision || this.hashOf(handle) < saver.from) return false;
    return saver.save(handle);
  }

  /**
   * The next version of a record: with this deadline and room for `size` bytes of value, of which the first
   * `kept` are those it has. Stays in its place where that fits.
   */
  #touch(handle: number, deadline: number, size: number, kept: number): number {
    const words = wordsOf(this.arena, handle);
    const at = firstWord(handle);
    const shape = historyFlag | (deadline === 0 ? 0 : deadlineFlag);
    if (this.saver !== undefined && this.#save(handle)) {
      return this.#reshape(handle, shape, deadline, size, kept);
    }
    const keyBytes = words[at + 1]! >>> 16;
    if ((words[at]! & (historyFlag | deadlineFlag)) === shape) {
      if (this.#fits(handle, recordBytes(shape, keyBytes, size))) {
        words[at] = shape | size;
        writeModified(words, at, keyBytes, this.#moment.revision);
        bumpVersion(words, at);
        if (deadline !== 0 && deadline !== deadlineOf(this.arena, handle)) {
          writeDeadline(words, at, deadline);
          this.#deadlines.changed(handle);
        }
        return handle;
      }
    }
    return this.#reshape(handle, shape, deadline, size, kept);
  }

  /** Writes the next version of a record to another place. */
  #reshape(handle: number, shape: number, deadline: number, size: number, kept: number): number {
    const { arena } = this;
    const keyBytes = keyLength(arena, handle);
    const wanted = recordBytes(shape, keyBytes, size);
    // A large value that grows is about to grow again.
    const spare = kept > 0 && wanted > slabBytesMax ? wanted >>> 3 : 0;
    const moved = this.#allocate(wanted + spare);
    const words = wordsOf(arena, moved);
    const at = firstWord(moved);
    words[at] = shape | size;
    writeModified(words, at, keyBytes, this.#moment.revision);
    writeHistory(words, at, createdOf(arena, handle), versionOf(arena, handle) + 1);
    const from = keyStart(arena, handle);
    const to = firstByte(moved) + headerBytes(shape);
    bytesOf(arena, handle).copy(bytesOf(arena, moved), to, from, from + keyBytes + kept);
    this.#index.relink(this.hashOf(moved), handle, moved);
    this.#moveDeadline(handle, moved, deadline);
    arena.free(handle);
    return moved;
  }

  #moveDeadline(from: number, to: number, deadline: number): void {
    const had = deadlineOf(this.arena, from) !== 0;
    if (deadline === 0) {
      if (had) this.#deadlines.remove(from);
      return;
    }
    writeDeadline(wordsOf(this.arena, to), firstWord(to), deadline);
    if (!had) {
      this.#deadlines.add(to);
      return;
    }
    setHeapPlace(this.arena, to, heapPlaceOf(this.arena, from));
    this.#deadlines.moved(to);
    this.#deadlines.changed(to);
  }

  /** Moves a record as it is to another place and returns its bytes; 0 where there is none. */
  #relocate(handle: number): number {
    const { arena } = this;
    const shape = wordsOf(arena, handle)[firstWord(handle)]!;
    const bytes = recordBytes(shape, keyLength(arena, handle), shape & lengthMask);
    // Where numbers are few, none is taken that a command was promised.
    if (!arena.hasPlace(bytes) && this.#pages.leastLeft <= pagesAmple(this.#pages)) return 0;
    const moved = arena.allocate(bytes);
    if (moved >>> 17 === handle >>> 17) {
      arena.free(moved);
      return 0;
    }
    const from = firstByte(handle);
    bytesOf(arena, handle).copy(bytesOf(arena, moved), firstByte(moved), from, from + bytes);
    this.#index.relink(this.hashOf(moved), handle, moved);
    if ((shape & deadlineFlag) !== 0) this.#deadlines.moved(moved);
    arena.free(handle);
    return bytes;
  }

  /** Whether a place is right for so many bytes: large enough, and not much too large. */
  #fits(handle: number, bytes: number): boolean {
    const capacity = this.arena.capacityOf(handle);
    return bytes <= capacity && capacity - bytes <= 64 + (capacity >>> 2);
  }

  #allocate(bytes: number): number {
    const handle = this.arena.allocate(bytes);
    assert(handle !== 0, "a write was proposed without asking Engine.hasRoomFor");
    return handle;
  }
}

/** Longer keys are compared by one native call. */
const loopBytesMax = 40;
