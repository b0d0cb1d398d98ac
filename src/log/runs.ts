import { assert } from "../base/assert.ts";
import type { EntryId } from "./entry.ts";

/**
 * Which entries the log holds, and under which sequence each stands in the files. A run is a row of entries of
 * one term that were written one behind the other; there are as many as there were terms and truncations.
 *
 *     sequence   1 2 3 4 5 6 7 8 9 …           index   1 2 3 4 5 6
 *     index      1 2 3 4 5 3 4 5 6             run     a a b b b b
 *     term       1 1 1 1 1 2 2 2 2
 *                └─a─┘ dead  └──b──┘           index and sequence grow together
 */
export class Runs {
  /** The first and last index of the log: first = last + 1 while it is empty. */
  firstIndex = 1;
  lastIndex = 0;

  readonly #indexes: number[] = [];
  readonly #terms: number[] = [];
  readonly #sequences: number[] = [];
  /** The entry before the first, where it is known: a log that was cut at the front may have forgotten it. */
  #before: EntryId | undefined;
  /** Nothing is known: the first entry may have any index. */
  #isNew = true;

  get isEmpty(): boolean {
    return this.lastIndex < this.firstIndex;
  }

  /** The index that the next entry would have, undefined while any would do. */
  get nextIndex(): number | undefined {
    return this.#isNew ? undefined : this.lastIndex + 1;
  }

  /** The term of the last entry, 0 where it is unknown. */
  get lastTerm(): number {
    return this.termOf(this.lastIndex) ?? 0;
  }

  termOf(index: number): number | undefined {
    if (index === this.#before?.index) return this.#before.term;
    if (index < this.firstIndex || index > this.lastIndex) return undefined;
    return this.#terms[this.#runOf(index)]!;
  }

  sequenceOf(index: number): number {
    assert(index >= this.firstIndex && index <= this.lastIndex, "an entry of the log");
    const run = this.#runOf(index);
    return this.#sequences[run]! + index - this.#indexes[run]!;
  }

  /** The last index of the run in which this entry is. */
  endOfRun(index: number): number {
    const next = this.#indexes[this.#runOf(index) + 1];
    return next === undefined ? this.lastIndex : next - 1;
  }

  /** The highest index of the log that was written with this sequence or before it; firstIndex - 1: none. */
  indexAt(sequence: number): number {
    let run = this.#sequences.length - 1;
    while (run >= 0 && this.#sequences[run]! > sequence) run--;
    if (run < 0) return this.firstIndex - 1;
    const end = run + 1 < this.#indexes.length ? this.#indexes[run + 1]! - 1 : this.lastIndex;
    const index = this.#indexes[run]! + sequence - this.#sequences[run]!;
    return Math.max(Math.min(end, index), this.firstIndex - 1);
  }

  /** Why this entry cannot be the next one, undefined if it can. */
  objection(id: EntryId): string | undefined {
    if (id.index < 1) return "an entry before the first one";
    if (this.#isNew) return undefined;
    if (id.index > this.lastIndex + 1) return `entry ${id.index} follows entry ${this.lastIndex}`;
    const before = this.termOf(id.index - 1);
    if (before !== undefined && id.term < before) return `term ${id.term} follows term ${before}`;
    return undefined;
  }

  /** Takes an entry for which there is no objection, in place of what stood there and behind. */
  add(term: number, index: number, sequence: number): void {
    if (index <= this.lastIndex || this.#isNew) this.#truncate(index);
    this.lastIndex = index;
    const run = this.#terms.length - 1;
    const isSame =
      run >= 0 &&
      this.#terms[run] === term &&
      this.#sequences[run]! + index - this.#indexes[run]! === sequence;
    if (isSame) return;
    this.#indexes.push(index);
    this.#terms.push(term);
    this.#sequences.push(sequence);
  }

  /** The log begins anew behind this entry. */
  reset(base: EntryId): void {
    this.#dropRunsFrom(0);
    this.#isNew = false;
    this.#before = { term: base.term, index: base.index };
    this.firstIndex = base.index + 1;
    this.lastIndex = base.index;
  }

  /** Tells which entry is before the first. */
  learnBefore(id: EntryId): void {
    assert(id.index === this.firstIndex - 1, "the entry before the first");
    this.#before = { term: id.term, index: id.index };
  }

  /** Forgets what was written before this sequence. */
  dropBefore(sequence: number): void {
    const first = this.indexAt(sequence - 1) + 1;
    if (first === this.firstIndex) return;
    const term = this.termOf(first - 1);
    this.#before = term === undefined ? undefined : { term, index: first - 1 };
    const runs = first > this.lastIndex ? this.#indexes.length : this.#runOf(first);
    for (const column of [this.#indexes, this.#terms, this.#sequences]) column.splice(0, runs);
    this.firstIndex = first;
  }

  #truncate(index: number): void {
    let keep = this.#indexes.length;
    while (keep > 0 && this.#indexes[keep - 1]! >= index) keep--;
    this.#dropRunsFrom(keep);
    if (!this.#isNew && index > this.firstIndex) return;
    // Nothing of what was there is left, or there was nothing.
    if (index !== this.firstIndex || this.#isNew) this.#before = undefined;
    this.firstIndex = index;
    this.#isNew = false;
  }

  #dropRunsFrom(keep: number): void {
    for (const column of [this.#indexes, this.#terms, this.#sequences]) column.length = keep;
  }

  /** The last run that begins at or before this index. */
  #runOf(index: number): number {
    let low = 0;
    let high = this.#indexes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#indexes[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
