import { limits } from "../base/limits.ts";
import type { LogIndex } from "../raft/types.ts";

/** How far something is behind the end of a log. */
export interface Lag {
  readonly entries: number;
  /** Of the payloads of these entries. */
  readonly bytes: number;
  /** How long ago the first of these entries came, at most. */
  readonly ms: number;
}

/** The log grew up to here between this look and the one before. */
interface Mark {
  readonly index: LogIndex;
  /** Payloads up to here. */
  readonly bytes: number;
  /** Of the look before: nothing behind the mark before was there. */
  readonly sinceMs: number;
  readonly atMs: number;
}

/**
 * When the log of a node grew, so that of whoever has it up to some entry can be told how far behind that is, in bytes
 * and milliseconds. It is looked at with each tick, and a look costs the same however much was written.
 *
 *     marks    ─┼───────┼───┼──┼─┼┼┼     the longer ago, the fewer: what is long ago is known less exactly
 *              old                now
 */
export class LagHistory {
  #marks: Mark[] = [];
  /** As of the first look, before which nothing is known. */
  #first: Mark | undefined;
  #lookedMs = 0;

  /** The log ends at this entry, with so many bytes of payloads since it was opened. */
  look(nowMs: number, index: LogIndex, bytes: number): void {
    this.#first ??= { index, bytes, sinceMs: nowMs, atMs: nowMs };
    const last = this.#marks.at(-1) ?? this.#first;
    if (index < last.index) this.#cut(index);
    if (index > last.index) this.#marks.push({ index, bytes, sinceMs: this.#lookedMs, atMs: nowMs });
    if (this.#marks.length > limits.lagMarks) this.#thin(nowMs);
    this.#lookedMs = nowMs;
  }

  /** Of who has the log up to `index`, where it ends at `last`. */
  behind(index: LogIndex, last: LogIndex, nowMs: number): Lag {
    const entries = Math.max(0, last - index);
    const at = this.#markBehind(index);
    const mark = this.#marks[at];
    if (entries === 0 || this.#first === undefined) return { entries, bytes: 0, ms: 0 };
    // What came since the last look.
    if (mark === undefined) return { entries, bytes: 0, ms: Math.ceil(nowMs - this.#lookedMs) };
    const before = this.#marks[at - 1] ?? this.#first;
    const bytesEach = (mark.bytes - before.bytes) / Math.max(1, mark.index - before.index);
    const newest = this.#marks.at(-1)!;
    const bytes = Math.round(newest.bytes - mark.bytes + (mark.index - index) * bytesEach);
    return { entries, bytes, ms: Math.ceil(nowMs - mark.sinceMs) };
  }

  /** The first mark behind this entry. */
  #markBehind(index: LogIndex): number {
    let [from, to] = [0, this.#marks.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#marks[middle]!.index > index) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** The log was truncated behind this entry. */
  #cut(index: LogIndex): void {
    this.#marks.length = this.#markBehind(index);
    if (this.#first!.index > index) this.#first = undefined;
  }

  /** Marks that lie together become one, where that is little beside their age; of the oldest, whatever it is. */
  #thin(nowMs: number): void {
    const kept: Mark[] = [];
    for (const mark of this.#marks) {
      const before = kept.at(-1);
      const isClose = before !== undefined && mark.atMs - before.sinceMs <= (nowMs - mark.atMs) * coarseness;
      if (isClose) kept[kept.length - 1] = { ...mark, sinceMs: before.sinceMs };
      else kept.push(mark);
    }
    this.#marks = kept.slice(-thinnedMarks);
  }
}

/** What is told of something long ago is too high by this part of it at most. */
const coarseness = 1 / 16;
/** So that there is room for some time. */
const thinnedMarks = limits.lagMarks * 0.75;
