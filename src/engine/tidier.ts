import type { Arena } from "./arena.ts";

/** With less of this in free slots, nothing is done. */
const wasteBytesMin = 8 << 20;
/** The part of the memory that may be free slots. */
const wasteFraction = 0.2;
/** A page is emptied when less than this part of it is in use. */
const sparseFraction = 0.75;
/** Records moved, or pages looked at, in one step, which ends sooner behind a large record. */
const movesPerStep = 4;
const bytesPerStep = 1 << 14;
/** Steps in one turn, which ends sooner behind large records: about 10 µs. */
const stepsPerTurn = 16;
const bytesPerTurn = 1 << 16;

/**
 * Gives memory back where records were deleted or changed their size: moves the records of sparse pages
 * into the free slots of others of their class until the page is empty. Takes a step with every write, and
 * several with every turn, since there may be no more writes after those that left the gaps.
 */
export class Tidier {
  readonly #arena: Arena;
  readonly #relocate: (handle: number) => number;
  /** The page that is being emptied, 0: none. */
  #page = 0;
  /** Where to go on in it, in units of 8 bytes. */
  #unit = 0;

  /** `relocate` moves a record elsewhere and returns its bytes, 0 where there is no other place for it. */
  constructor(arena: Arena, relocate: (handle: number) => number) {
    this.#arena = arena;
    this.#relocate = relocate;
  }

  /** Whether there is anything to do. */
  get isBusy(): boolean {
    if (this.#page !== 0) return true;
    const { residentBytes, usedBytes } = this.#arena;
    const waste = residentBytes - usedBytes;
    return waste >= wasteBytesMin && waste >= residentBytes * wasteFraction;
  }

  /** Returns the bytes that were moved. */
  step(): number {
    if (this.#page !== 0) return this.#empty();
    if (!this.isBusy) return 0;
    this.#page = this.#arena.sparsePage(sparseFraction, movesPerStep);
    this.#unit = 0;
    if (this.#page !== 0) this.#arena.avoid(this.#page);
    return 0;
  }

  turn(): void {
    let moved = 0;
    for (let steps = 0; steps < stepsPerTurn && moved < bytesPerTurn; steps++) moved += this.step();
  }

  forget(): void {
    this.#page = 0;
  }

  #empty(): number {
    let moved = 0;
    for (let moves = 0; moves < movesPerStep && moved < bytesPerStep; moves++) {
      const handle = this.#arena.nextInPage(this.#page, this.#unit);
      const bytes = handle === 0 ? 0 : this.#relocate(handle);
      if (bytes === 0) {
        this.#page = 0;
        break;
      }
      moved += bytes;
      this.#unit = (handle & 0x1ffff) + 1;
    }
    return moved;
  }
}
