import { assert } from "../base/assert.ts";
import { type HandleOrder, IndexTable, type SegmentPool } from "./index-table.ts";

/**
 * Handles by hash, in a table that grows and shrinks a little with every change and never stops.
 *
 * To change size, a second table takes the entries of the first from front to back. Since both are
 * sorted by hash, one number says where an entry is:
 *
 *     hash <  boundary   in #next      [ moved ……………… |             ]
 *     hash >= boundary   in #current   [ (given back) | still here …… ]
 *
 * A change of size moves `migratedPerWrite` entries with each insert or removal, so it is over long before
 * the next one is due. The load stays between 0.7 and 0.88 while keys come.
 */
export class Index {
  /** Number of entries. */
  size = 0;

  #current: IndexTable;
  #next: IndexTable | undefined;
  #boundary = 0;
  /** Slot of #current that is looked at next. */
  #cursor = 0;
  readonly #pool: SegmentPool;
  readonly #movedPerChange: number;
  readonly #isBefore: HandleOrder;

  /** `isBefore` orders entries with the same hash: a scan then goes the same way however the table came about. */
  constructor(pool: SegmentPool, movedPerChange: number, isBefore: HandleOrder) {
    this.#pool = pool;
    this.#movedPerChange = movedPerChange;
    this.#isBefore = isBefore;
    this.#current = new IndexTable(capacityMin, pool, isBefore);
  }

  /** Makes room for so many entries at once, while there are none. */
  reserve(entries: number): void {
    assert(this.size === 0 && this.#next === undefined, "room is made in an empty index");
    this.#current.releaseAll();
    const capacity = Math.min(Math.ceil(entries / loadReserved), capacityReservedMax);
    this.#current = new IndexTable(Math.max(capacityMin, capacity), this.#pool, this.#isBefore);
  }

  get residentBytes(): number {
    return this.#current.residentBytes + (this.#next?.residentBytes ?? 0);
  }

  get isMigrating(): boolean {
    return this.#next !== undefined;
  }

  /** Slots of the table that is (or is about to be) in use. */
  get capacity(): number {
    return (this.#next ?? this.#current).capacity;
  }

  /** The table that holds the entries of this hash. Start at `table.home(hash)`. */
  tableOf(hash: number): IndexTable {
    return this.#next !== undefined && hash < this.#boundary ? this.#next : this.#current;
  }

  insert(hash: number, handle: number): void {
    this.size++;
    if (this.#next !== undefined) this.#migrate();
    else if (this.size > this.#current.capacity * loadMax) this.#resize(growth);
    this.tableOf(hash).insert(hash, handle);
  }

  remove(hash: number, handle: number): void {
    const table = this.tableOf(hash);
    table.removeAt(this.#slotOf(table, hash, handle));
    this.size--;
    if (this.#next !== undefined) this.#migrate();
    else if (this.size < this.#current.capacity * loadMin && this.#current.capacity > capacityMin) {
      this.#resize(shrinkage);
    }
  }

  /** The record of `from` now stands at `to`. */
  relink(hash: number, from: number, to: number): void {
    const table = this.tableOf(hash);
    table.setHandle(this.#slotOf(table, hash, from), to);
  }

  /**
   * Visits entries in the order of their hashes, from `hash` on, until at least `count` were visited
   * and no other has the hash of the last one. Returns the hash to go on from, or -1 behind the last.
   * The index must not change meanwhile.
   */
  scan(hash: number, count: number, visit: (handle: number) => void): number {
    let visited = 0;
    let lastHash = -1;
    let at = hash;
    for (;;) {
      const table = this.tableOf(at);
      const isFirst = table === this.#next;
      let slot = table.home(at);
      // Behind the home of the boundary and the run there, the second table is still empty.
      const last = isFirst ? table.home(this.#boundary) : table.slots;
      for (const end = table.slots; slot < end; slot++) {
        const handle = table.handleAt(slot);
        if (handle === 0) {
          if (slot > last) break;
          continue;
        }
        const found = table.hashAt(slot);
        // Smaller ones were pushed here, or were moved already and are only still written here.
        if (found < at) continue;
        if (visited >= count && found !== lastHash) return found;
        visit(handle);
        visited++;
        lastHash = found;
        at = found;
      }
      if (!isFirst) return -1;
      at = Math.max(at, this.#boundary);
    }
  }

  /** Gives the memory back to the pool. The index is empty then. */
  clear(): void {
    this.#current.releaseAll();
    this.#next?.releaseAll();
    this.#next = undefined;
    this.#current = new IndexTable(capacityMin, this.#pool, this.#isBefore);
    this.size = 0;
  }

  #slotOf(table: IndexTable, hash: number, handle: number): number {
    for (let slot = table.home(hash); ; slot++) {
      const there = table.handleAt(slot);
      assert(there !== 0, "an entry that is removed or moved is in the index");
      if (there === handle) return slot;
    }
  }

  #resize(factor: number): void {
    const capacity = Math.max(capacityMin, Math.ceil(this.#current.capacity * factor));
    this.#next = new IndexTable(capacity, this.#pool, this.#isBefore);
    this.#cursor = 0;
    this.#boundary = 0;
    this.#migrate();
  }

  /** Moves the next few entries, and those with the same hash as the last of them. */
  #migrate(): void {
    const from = this.#current;
    const to = this.#next!;
    const end = from.slots;
    let slot = this.#cursor;
    let moved = 0;
    let last = -1;
    for (const stop = slot + slotsPerMove * this.#movedPerChange; slot < end; slot++) {
      const handle = from.handleAt(slot);
      if (handle === 0) continue;
      const hash = from.hashAt(slot);
      if ((moved >= this.#movedPerChange || slot > stop) && hash !== last) {
        this.#cursor = slot;
        this.#boundary = hash;
        from.releaseBefore(from.home(hash));
        return;
      }
      to.insert(hash, handle);
      last = hash;
      moved++;
    }
    from.releaseAll();
    this.#current = to;
    this.#next = undefined;
  }
}

const capacityMin = 64;
const loadMax = 0.85;
/** Load after growing: 0.85 / 1.2 = 0.71. */
const growth = 1.2;
/** Where the number of entries is known: some may come before the table has to grow. */
const loadReserved = 0.78;
/** Slots, hence entries, that are reserved on somebody's word. */
const capacityReservedMax: number = 2 ** 30;
/** Below this the table shrinks, to a load of 0.5 and then on. */
const loadMin = 0.35;
const shrinkage = 0.7;
/** An almost empty table has many slots between two entries: so many are passed for each entry. */
const slotsPerMove = 8;
