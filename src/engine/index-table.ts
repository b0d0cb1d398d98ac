/** Which of two handles comes first, in an order that does not depend on the handles themselves. */
export type HandleOrder = (a: number, b: number) => boolean;

/**
 * One table of (hash, handle) pairs, sorted by hash, with gaps: linear probing in which the home of a
 * hash is its share of the capacity, so that position and hash grow together.
 *
 *     hash:   03 . 17 22 22 . 31 . . 58 60 60 61 . 77 …       . = empty (handle 0)
 *     home:    0    2  2  3    4       7  7  8  8     10
 *
 * Invariants: entries are sorted by hash, those with the same hash by `isBefore`; between the home of an entry
 * and its place there is no gap; an entry is never in front of its home.
 *
 * The order does not depend on the capacity. That makes cursors that survive any growth, and lets a
 * table be moved to one of another size from front to back (see index.ts).
 */
export class IndexTable {
  readonly capacity: number;
  /** Slots in pieces of one size, so that a table can be given back while it is still being emptied. */
  readonly #segments: (Int32Array | undefined)[] = [];
  readonly #scale: number;
  readonly #pool: SegmentPool;
  readonly #isBefore: HandleOrder;

  constructor(capacity: number, pool: SegmentPool, isBefore: HandleOrder) {
    this.capacity = capacity;
    this.#scale = capacity / hashes;
    this.#pool = pool;
    this.#isBefore = isBefore;
    // The last run may go on behind the end: room for it, and more is added when it needs more.
    const slots = capacity + overrunSlots;
    for (let at = 0; at < slots; at += segmentSlots) this.#segments.push(undefined);
  }

  get residentBytes(): number {
    return this.#live * segmentBytes;
  }

  #live = 0;

  home(hash: number): number {
    return (hash * this.#scale) | 0;
  }

  /** 0 where the slot is empty. */
  handleAt(slot: number): number {
    const segment = this.#segments[slot >> segmentBits];
    return segment === undefined ? 0 : segment[((slot & segmentMask) << 1) | 1]!;
  }

  hashAt(slot: number): number {
    return this.#segments[slot >> segmentBits]![(slot & segmentMask) << 1]!;
  }

  /** The first slot from `slot` on that holds this hash, or -1. */
  seek(slot: number, hash: number): number {
    for (let at = slot; ; at++) {
      const segment = this.#segments[at >> segmentBits];
      if (segment === undefined) return -1;
      const pair = (at & segmentMask) << 1;
      if (segment[pair | 1] === 0) return -1;
      const there = segment[pair]!;
      if (there >= hash) return there === hash ? at : -1;
    }
  }

  /** Behind the last slot that can hold anything. */
  get slots(): number {
    return this.#segments.length << segmentBits;
  }

  setHandle(slot: number, handle: number): void {
    this.#segments[slot >> segmentBits]![((slot & segmentMask) << 1) | 1] = handle;
  }

  /** Puts an entry in its place, moving the rest of the run by one. */
  insert(hash: number, handle: number): void {
    let slot = this.home(hash);
    let movingHash = hash;
    let moving = handle;
    for (;;) {
      const segment = this.#segments[slot >> segmentBits] ?? this.#addSegment(slot >> segmentBits);
      const at = (slot & segmentMask) << 1;
      const there = segment[at | 1]!;
      if (there === 0) {
        segment[at] = movingHash;
        segment[at | 1] = moving;
        return;
      }
      const thereHash = segment[at]!;
      if (
        thereHash > movingHash ||
        (thereHash === movingHash && (moving !== handle || this.#isBefore(moving, there)))
      ) {
        segment[at] = movingHash;
        segment[at | 1] = moving;
        movingHash = thereHash;
        moving = there;
      }
      slot++;
    }
  }

  /** Empties a slot and moves back what its entry had pushed behind its home. */
  removeAt(slot: number): void {
    let gap = slot;
    for (;;) {
      const next = gap + 1;
      const handle = next < this.slots ? this.handleAt(next) : 0;
      if (handle === 0) break;
      const hash = this.hashAt(next);
      if (this.home(hash) === next) break;
      const segment = this.#segments[gap >> segmentBits]!;
      const at = (gap & segmentMask) << 1;
      segment[at] = hash;
      segment[at | 1] = handle;
      gap = next;
    }
    this.setHandle(gap, 0);
  }

  /** Gives back the memory of all slots before the segment of `slot`. */
  releaseBefore(slot: number): void {
    for (let i = (slot >> segmentBits) - 1; i >= 0 && this.#segments[i] !== undefined; i--) this.#release(i);
  }

  releaseAll(): void {
    for (let i = 0; i < this.#segments.length; i++) if (this.#segments[i] !== undefined) this.#release(i);
  }

  #release(i: number): void {
    this.#pool.give(this.#segments[i]!);
    this.#segments[i] = undefined;
    this.#live--;
  }

  #addSegment(i: number): Int32Array {
    const segment = this.#pool.take();
    this.#segments[i] = segment;
    this.#live++;
    return segment;
  }
}

/** Zeroed segments, used again: what one table gives back, the next one takes. */
export class SegmentPool {
  readonly #spares: Int32Array[] = [];

  take(): Int32Array {
    const spare = this.#spares.pop();
    if (spare === undefined) return new Int32Array(segmentSlots * 2);
    return spare.fill(0);
  }

  give(segment: Int32Array): void {
    if (this.#spares.length < sparesMax) this.#spares.push(segment);
  }

  get spareBytes(): number {
    return this.#spares.length * segmentBytes;
  }
}

const segmentBits = 13;
const segmentSlots = 1 << segmentBits;
const segmentMask = segmentSlots - 1;
const segmentBytes = segmentSlots * 8;
/** 4 MiB of segments wait for use. */
const sparesMax = 64;
const overrunSlots = 64;
/** Hashes have 31 bits. */
const hashes = 2 ** 31;
