import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import { decodeConfiguration } from "./configuration.ts";
import { Membership } from "./membership.ts";
import {
  CONFIGURATION,
  type Entry,
  type EntryId,
  type LogIndex,
  type LogView,
  type Restored,
  type Snapshot,
  type Term,
} from "./types.ts";

/** What an entry counts beside its payload: its object, and its head in a message and on disk. */
const entryOverheadBytes = 64;

export function bytesOf(entry: Entry): number {
  return entry.payload.length + entryOverheadBytes;
}

/** A write that the host was given and has not reported. */
interface PendingWrite {
  readonly number: number;
  /** Where the log will be stable; moves back when what it wrote is truncated meanwhile. */
  lastIndex: LogIndex;
  readonly snapshot: Snapshot | undefined;
}

/**
 * The log: what the host keeps, and behind it the tail that is not known to be durable yet.
 *
 *     snapshot │     view (the host's)     │         tail (here)
 *     ─────────┼───────────────────────────┼──────────────┬───────────────┐
 *              firstIndex                  #tailStart     #givenIndex     lastIndex
 *                                                (in a write)    (in no write yet)
 *
 * While a snapshot is being installed, it takes the place of the view: firstIndex is the one behind it.
 *
 * Invariants:
 * - commitIndex <= lastIndex, and no entry up to it is ever replaced;
 * - stableIndex <= #givenIndex <= lastIndex; what is stable is durable here *and* part of this log: an entry that
 *   was written, truncated and appended again is stable when its last write is;
 * - everything in the tail is in memory, so that what is new can be sent while it is being written.
 */
export class Log {
  readonly membership: Membership;
  commitIndex: LogIndex;
  stableIndex: LogIndex;

  readonly #view: LogView;
  #tail: Entry[] = [];
  #tailStart: LogIndex;
  #givenIndex: LogIndex;
  /** A snapshot that is not known to be installed. */
  #installing: Snapshot | undefined;
  #isSnapshotGiven = false;
  readonly #writes: PendingWrite[] = [];
  /** Highest index that the engine was let have. */
  #applyIndex: LogIndex;

  constructor({ log, configurations, commitIndex = 0, appliedIndex = 0 }: Restored) {
    this.#view = log;
    this.membership = new Membership(log.snapshot, configurations);
    this.stableIndex = log.lastIndex;
    this.#givenIndex = log.lastIndex;
    this.#tailStart = log.lastIndex + 1;
    this.#applyIndex = Math.max(log.snapshot.index, appliedIndex);
    this.commitIndex = Math.max(this.#applyIndex, commitIndex);
    assert(this.commitIndex <= log.lastIndex, "what is committed is in the log or in the snapshot");
    this.membership.commitTo(this.commitIndex);
  }

  get firstIndex(): LogIndex {
    return this.#installing === undefined ? this.#view.firstIndex : this.#installing.index + 1;
  }

  get lastIndex(): LogIndex {
    return this.#tailStart + this.#tail.length - 1;
  }

  get last(): EntryId {
    const index = this.lastIndex;
    return { term: this.lastTerm, index };
  }

  get lastTerm(): Term {
    const term = this.termOf(this.lastIndex);
    assert(term !== undefined, "the end of the log is known");
    return term;
  }

  get snapshot(): Snapshot {
    return this.#installing ?? this.#view.snapshot;
  }

  /** Undefined: compacted, or behind the end. */
  termOf(index: LogIndex): Term | undefined {
    if (index >= this.#tailStart) return this.#tail[index - this.#tailStart]?.term;
    if (index === 0) return 0;
    if (this.#installing !== undefined)
      return index === this.#installing.index ? this.#installing.term : undefined;
    return this.#view.termOf(index);
  }

  has(id: EntryId): boolean {
    return this.termOf(id.index) === id.term;
  }

  /** Whether a log that ends so holds all that this one can have committed (paper 5.4.1). */
  isCoveredBy(last: EntryId): boolean {
    const term = this.lastTerm;
    return last.term > term || (last.term === term && last.index >= this.lastIndex);
  }

  /**
   * Entries from `from` on, as many as `bytesMax` holds and at least one; none behind the end. Undefined: the host has
   * to load them.
   */
  entries(from: LogIndex, bytesMax: number): readonly Entry[] | undefined {
    assert(from >= this.firstIndex, "compacted entries are not asked for");
    if (from >= this.#tailStart) return upTo(bytesMax, this.#tail, from - this.#tailStart);
    const kept = this.#view.entries(from, bytesMax);
    if (kept === undefined) return undefined;
    assert(kept[0]?.index === from, "the view shows what was asked for");
    // What stands at the tail's place in the view was truncated, or has not been reported.
    return kept.at(-1)!.index < this.#tailStart ? kept : kept.slice(0, this.#tailStart - from);
  }

  /**
   * The last entry that this log can share with one that has an entry of `term` at `index`: whole terms above that
   * one are passed over. Up to `floor` both are known to agree.
   */
  lastShared(index: LogIndex, term: Term, floor: LogIndex): EntryId {
    let at = Math.min(index, this.lastIndex);
    let there = this.termOf(at);
    while (there !== undefined && there > term && at > floor) there = this.termOf(--at);
    return { index: at, term: there ?? 0 };
  }

  /** A leader's own entry. */
  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, "entries follow each other");
    assert(entry.term >= this.lastTerm, "terms never fall along the log");
    this.#push(entry);
  }

  /**
   * A leader's entries, of which the one before the first is in this log. Only what contradicts them is truncated: an
   * old message must not take back what a newer one brought (paper 5.3, fig. 2: AppendEntries, 3). Returns false if
   * that would be something committed; then nothing has changed.
   */
  merge(entries: readonly Entry[]): boolean {
    if (entries.some((entry) => this.#contradictsCommitted(entry))) return false;
    const start = entries.findIndex((entry) => entry.index > this.commitIndex && !this.has(entry));
    if (start < 0) {
      if (entries.length > 0) reached("append-repeated");
      return true;
    }
    this.#cutFrom(entries[start]!.index);
    for (let i = start; i < entries.length; i++) this.append(entries[i]!);
    return true;
  }

  /** Whether a leader that has this entry contradicts what is committed here. */
  #contradictsCommitted({ index, term }: EntryId): boolean {
    if (index > this.commitIndex) return false;
    const there = this.termOf(index);
    return there === undefined ? term > this.snapshot.term : there !== term;
  }

  /** Whether an entry can be the one in front of new ones. Compacted entries are committed, so everybody has them. */
  canFollow(previous: EntryId): boolean {
    if (previous.index < this.firstIndex - 1) reached("append-behind-snapshot");
    return previous.index < this.firstIndex ? previous.index <= this.commitIndex : this.has(previous);
  }

  /** Never goes back: an index that is committed already changes nothing. */
  commitTo(index: LogIndex): void {
    if (index <= this.commitIndex) return;
    assert(index <= this.lastIndex, "only what is in the log is committed");
    if (index > this.stableIndex) reached("committed-before-durable");
    this.commitIndex = index;
    this.membership.commitTo(index);
  }

  /** A snapshot takes the place of the whole log. */
  restore(snapshot: Snapshot): void {
    assert(snapshot.index > this.commitIndex, "a snapshot never takes back what is committed");
    if (this.lastIndex >= snapshot.index) reached("snapshot-installed-over-conflict");
    else if (this.lastIndex > this.commitIndex) reached("snapshot-installed-over-tail");
    this.#unstableFrom(this.commitIndex + 1);
    this.#tail = [];
    this.#tailStart = snapshot.index + 1;
    this.#givenIndex = snapshot.index;
    this.#installing = snapshot;
    this.#isSnapshotGiven = false;
    this.commitIndex = snapshot.index;
    this.membership.restore(snapshot);
  }

  /** There is something that no write has carried. */
  get isDirty(): boolean {
    return this.lastIndex > this.#givenIndex || (this.#installing !== undefined && !this.#isSnapshotGiven);
  }

  /** What the next write carries of the log. */
  give(number: number): { snapshot: Snapshot | undefined; entries: readonly Entry[] } {
    const snapshot = this.#isSnapshotGiven ? undefined : this.#installing;
    const entries = this.#tail.slice(this.#givenIndex + 1 - this.#tailStart);
    this.#isSnapshotGiven = this.#installing !== undefined;
    this.#givenIndex = this.lastIndex;
    this.#writes.push({ number, lastIndex: this.lastIndex, snapshot });
    return { snapshot, entries };
  }

  /** All writes up to this one are durable. */
  written(number: number): void {
    while (this.#writes.length > 0 && this.#writes[0]!.number <= number) {
      const { snapshot, lastIndex } = this.#writes.shift()!;
      if (snapshot !== undefined) this.#installed(snapshot);
      this.stableIndex = Math.max(this.stableIndex, lastIndex);
    }
    const stable = this.stableIndex + 1 - this.#tailStart;
    if (stable <= 0) return;
    const last = this.#tail[stable - 1]!;
    this.#tail = stable === this.#tail.length ? [] : this.#tail.slice(stable);
    this.#tailStart = this.stableIndex + 1;
    assert(this.#view.termOf(last.index) === last.term, "what was reported durable, the view shows");
  }

  /** How far the engine may go: committed, and durable here. Never falls. */
  get applyIndex(): LogIndex {
    if (this.#installing === undefined)
      this.#applyIndex = Math.max(this.#applyIndex, Math.min(this.commitIndex, this.stableIndex));
    return this.#applyIndex;
  }

  #installed(snapshot: Snapshot): void {
    // Another one may have come meanwhile, and is still to be written.
    if (snapshot === this.#installing) this.#installing = undefined;
    else reached("newer-snapshot-while-installing");
    this.#applyIndex = Math.max(this.#applyIndex, snapshot.index);
  }

  #push(entry: Entry): void {
    this.#tail.push(entry);
    if (entry.kind === CONFIGURATION) this.membership.append(entry.index, decodeConfiguration(entry.payload));
  }

  #cutFrom(index: LogIndex): void {
    if (index > this.lastIndex) return;
    assert(index > this.commitIndex, "what is committed is never truncated");
    reached("entries-replaced");
    if (index >= this.#tailStart) this.#tail = this.#tail.slice(0, index - this.#tailStart);
    else {
      reached("durable-entries-replaced");
      this.#tail = [];
      this.#tailStart = index;
    }
    this.#givenIndex = Math.min(this.#givenIndex, index - 1);
    this.#unstableFrom(index);
    this.membership.cutFrom(index);
  }

  /** What was written at these places, or is being written, is no longer part of this log. */
  #unstableFrom(index: LogIndex): void {
    this.stableIndex = Math.min(this.stableIndex, index - 1);
    if (this.#writes.some(({ lastIndex }) => lastIndex >= index)) reached("entry-replaced-while-written");
    for (const write of this.#writes) write.lastIndex = Math.min(write.lastIndex, index - 1);
  }
}

function upTo(bytesMax: number, entries: readonly Entry[], start: number): readonly Entry[] {
  let end = start;
  let bytes = 0;
  while (end < entries.length) {
    bytes += bytesOf(entries[end]!);
    if (bytes > bytesMax && end > start) break;
    end++;
  }
  return entries.slice(start, end);
}
