import { assert } from "../base/assert.ts";
import type { LogIndex } from "./types.ts";

/**
 * A queue of (index, bytes), bounded by their number and by the sum of their bytes: the messages that a follower
 * has not acknowledged, or the proposals that are not committed. A ring over two plain arrays, which grows up to
 * its bound, so that nothing is allocated for an item.
 *
 *     index:  .  .  31 34 35 .  .        head = 2, count = 3
 *     bytes:  .  .  90 12 40 .  .
 *
 * Invariants: indexes ascend; `bytes` is the sum of all that is held; count <= capacity, a power of two.
 */
export class Inflights {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #indexes: number[];
  #sizes: number[];
  #head = 0;
  #count = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
    this.#indexes = new Array<number>(capacityMin).fill(0);
    this.#sizes = new Array<number>(capacityMin).fill(0);
  }

  get count(): number {
    return this.#count;
  }

  /** One item may go over the bound of bytes, or a large one could never be taken. */
  get isFull(): boolean {
    return this.#count >= this.#countMax || this.#bytes >= this.#bytesMax;
  }

  /** Whether so many bytes more would go over the bound. */
  wouldOverflow(bytes: number): boolean {
    return this.#count > 0 && this.#bytes + bytes > this.#bytesMax;
  }

  add(index: LogIndex, bytes: number): void {
    assert(this.#count < this.#countMax, "nothing is sent into a full window");
    if (this.#count === this.#indexes.length) this.#grow();
    const at = (this.#head + this.#count) & (this.#indexes.length - 1);
    this.#indexes[at] = index;
    this.#sizes[at] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Lets go of all items up to this index. */
  freeTo(index: LogIndex): void {
    while (this.#count > 0 && this.#indexes[this.#head]! <= index) {
      this.#bytes -= this.#sizes[this.#head]!;
      this.#head = (this.#head + 1) & (this.#indexes.length - 1);
      this.#count--;
    }
  }

  clear(): void {
    this.#head = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const { length } = this.#indexes;
    const inOrder = (ring: number[]) => [...ring.slice(this.#head), ...ring.slice(0, this.#head)];
    const room = new Array<number>(length).fill(0);
    this.#indexes = [...inOrder(this.#indexes), ...room];
    this.#sizes = [...inOrder(this.#sizes), ...room];
    this.#head = 0;
  }
}

const capacityMin = 8;
