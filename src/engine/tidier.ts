import type { Arena } from "./arena.ts";

/** With less of this in free slots, nothing is done. */
const wasteBytesMin = 8 << 20;
/** The part of the memory that may be free slots. */
const wasteFraction = 0.2;
/** A page is emptied when less than this part of it is in use. */
const sparseFraction = 0.75;
/** Records moved, or pages looked at, in one step. */
const movesPerStep = 4;

/**
 * Gives memory back where records were deleted or changed their size: moves the records of sparse pages
 * into the free slots of others of their class, a few with every write, until the page is empty.
 */
export class Tidier {
  readonly #arena: Arena;
  readonly #relocate: (handle: number) => boolean;
  /** The page that is being emptied, 0: none. */
  #page = 0;
  /** Where to go on in it, in units of 8 bytes. */
  #unit = 0;

  constructor(arena: Arena, relocate: (handle: number) => boolean) {
    this.#arena = arena;
    this.#relocate = relocate;
  }

  step(): void {
    if (this.#page !== 0) {
      this.#empty();
      return;
    }
    const { residentBytes, usedBytes } = this.#arena;
    const waste = residentBytes - usedBytes;
    if (waste < wasteBytesMin || waste < residentBytes * wasteFraction) return;
    this.#page = this.#arena.sparsePage(sparseFraction, movesPerStep);
    this.#unit = 0;
    if (this.#page !== 0) this.#arena.avoid(this.#page);
  }

  forget(): void {
    this.#page = 0;
  }

  #empty(): void {
    for (let moves = 0; moves < movesPerStep; moves++) {
      const handle = this.#arena.nextInPage(this.#page, this.#unit);
      if (handle === 0 || !this.#relocate(handle)) {
        this.#page = 0;
        return;
      }
      this.#unit = (handle & 0x1ffff) + 1;
    }
  }
}
