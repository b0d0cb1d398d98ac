import type { Arena } from "./arena.ts";
import { compareKeys, deadlineOf, heapPlaceOf, setHeapPlace } from "./record.ts";

/**
 * The records that have a deadline, the earliest first: a heap with four children to a node. It holds
 * handles alone (4 bytes a key); the deadline is in the record, and so is the record's place here, so that
 * any of them can leave.
 *
 *     0 ─┬─ 1 ─ 5 6 7 8          deadline(parent) <= deadline(child)
 *        ├─ 2 ─ 9 10 11 12       record(heap[i]).place = i
 *        ├─ 3 …
 *        └─ 4 …
 *
 * Equal deadlines are ordered by key, so that every replica removes the same keys in one step, however
 * its heap came about.
 */
export class Deadlines {
  /** The earliest deadline, in ms; Infinity where there is none. */
  earliest: number = Number.POSITIVE_INFINITY;

  readonly #arena: Arena;
  /** The heap in pieces, so that growing never copies it. */
  readonly #pieces: Int32Array[] = [];
  #size = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get size(): number {
    return this.#size;
  }

  get residentBytes(): number {
    return this.#pieces.length * pieceSlots * 4;
  }

  /** Takes in a record whose deadline is written. */
  add(handle: number): void {
    if (this.#size >> pieceBits >= this.#pieces.length) this.#pieces.push(new Int32Array(pieceSlots));
    this.#size++;
    this.#rise(this.#size - 1, handle, deadlineOf(this.#arena, handle));
    this.#lookAtFirst();
  }

  /** Lets a record go, before its deadline is cleared. */
  remove(handle: number): void {
    const place = heapPlaceOf(this.#arena, handle);
    this.#size--;
    const last = this.#at(this.#size);
    if (place !== this.#size) this.#settle(place, last);
    // One spare piece stays, so that a size at a border does not allocate again and again.
    if (this.#pieces.length > (this.#size >> pieceBits) + 2) this.#pieces.pop();
    this.#lookAtFirst();
  }

  /** The deadline of a record was changed in place. */
  changed(handle: number): void {
    this.#settle(heapPlaceOf(this.#arena, handle), handle);
    this.#lookAtFirst();
  }

  /** The record now stands at another place of the arena. */
  moved(handle: number): void {
    this.#put(heapPlaceOf(this.#arena, handle), handle);
  }

  /** The record with the earliest deadline, 0 where there is none. */
  first(): number {
    return this.#size === 0 ? 0 : this.#at(0);
  }

  /** How many deadlines are not behind `now`, counting no further than `most`. */
  countUpTo(now: number, most: number): number {
    if (this.earliest > now) return 0;
    let counted = 0;
    const open = [0];
    while (open.length > 0 && counted < most) {
      const place = open.pop()!;
      if (place >= this.#size || deadlineOf(this.#arena, this.#at(place)) > now) continue;
      counted++;
      for (let child = place * 4 + 1; child <= place * 4 + 4; child++) open.push(child);
    }
    return counted;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#size = 0;
    this.earliest = Number.POSITIVE_INFINITY;
  }

  #settle(place: number, handle: number): void {
    const deadline = deadlineOf(this.#arena, handle);
    if (place > 0 && this.#isBefore(handle, deadline, this.#at((place - 1) >> 2))) {
      this.#rise(place, handle, deadline);
    } else {
      this.#sink(place, handle, deadline);
    }
  }

  #rise(from: number, handle: number, deadline: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const above = this.#at(parent);
      if (!this.#isBefore(handle, deadline, above)) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, handle);
  }

  #sink(from: number, handle: number, deadline: number): void {
    let place = from;
    for (;;) {
      const first = place * 4 + 1;
      if (first >= this.#size) break;
      let best = this.#at(first);
      let bestPlace = first;
      let bestDeadline = deadlineOf(this.#arena, best);
      const stop = Math.min(first + 4, this.#size);
      for (let child = first + 1; child < stop; child++) {
        const other = this.#at(child);
        const otherDeadline = deadlineOf(this.#arena, other);
        if (otherDeadline > bestDeadline || !this.#isBefore(other, otherDeadline, best)) continue;
        best = other;
        bestPlace = child;
        bestDeadline = otherDeadline;
      }
      if (!this.#isBefore(best, bestDeadline, handle, deadline)) break;
      this.#put(place, best);
      place = bestPlace;
    }
    this.#put(place, handle);
  }

  #isBefore(a: number, deadlineA: number, b: number, deadlineB?: number): boolean {
    const other = deadlineB ?? deadlineOf(this.#arena, b);
    return deadlineA < other || (deadlineA === other && compareKeys(this.#arena, a, b) < 0);
  }

  #at(place: number): number {
    return this.#pieces[place >> pieceBits]![place & pieceMask]!;
  }

  #put(place: number, handle: number): void {
    this.#pieces[place >> pieceBits]![place & pieceMask] = handle;
    setHeapPlace(this.#arena, handle, place);
  }

  #lookAtFirst(): void {
    this.earliest = this.#size === 0 ? Number.POSITIVE_INFINITY : deadlineOf(this.#arena, this.#at(0));
  }
}

const pieceBits = 14;
const pieceSlots = 1 << pieceBits;
const pieceMask = pieceSlots - 1;
