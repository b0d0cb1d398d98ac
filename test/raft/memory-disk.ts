import {
  CONFIGURATION,
  type Configuration,
  decodeConfiguration,
  type Entry,
  type HardState,
  type LogIndex,
  type LogView,
  type PlacedConfiguration,
  type Restored,
  type Snapshot,
  type Term,
  type Write,
} from "../../src/raft/index.ts";

/** What of a write a crash left on the disk. */
export interface Torn {
  readonly hardState: boolean;
  readonly snapshot: boolean;
  /** So many of its entries. */
  readonly entries: number;
}

/**
 * A disk with a log on it, in memory. Writes lie in `pending` until they are finished; a crash loses them, or leaves
 * parts of them. What is seen as the LogView is what was finished.
 */
export class MemoryDisk implements LogView {
  hardState: HardState = { term: 0, vote: undefined };
  snapshot: Snapshot;
  firstIndex: LogIndex = 1;
  /** Entries below this have to be loaded before they can be read. */
  inMemoryFrom: LogIndex = 0;
  readonly pending: Write[] = [];
  #entries: Entry[] = [];

  constructor(configuration: Configuration) {
    this.snapshot = { index: 0, term: 0, configuration };
  }

  get lastIndex(): LogIndex {
    return this.firstIndex + this.#entries.length - 1;
  }

  /** Of the log, in order. */
  get all(): readonly Entry[] {
    return this.#entries;
  }

  termOf(index: LogIndex): Term | undefined {
    if (index === this.snapshot.index) return this.snapshot.term;
    return this.#entries[index - this.firstIndex]?.term;
  }

  at(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.firstIndex];
  }

  entries(from: LogIndex, bytesMax: number): readonly Entry[] | undefined {
    if (from < this.inMemoryFrom) return undefined;
    const start = from - this.firstIndex;
    let end = start;
    for (let bytes = 0; end < this.#entries.length; end++) {
      bytes += this.#entries[end]!.payload.length + 64;
      if (bytes > bytesMax && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  /** What a node finds when it starts. */
  restored(): Restored {
    return { hardState: this.hardState, log: this, configurations: this.#configurations() };
  }

  /** The oldest write is on the disk now. */
  finishOne(): Write | undefined {
    const write = this.pending.shift();
    if (write !== undefined)
      this.#keep(write, { hardState: true, snapshot: true, entries: write.entries.length });
    return write;
  }

  /** Whole writes that made it, then parts of the next one; the rest is lost. */
  crash(whole: number, torn: Torn): void {
    for (let i = 0; i < whole; i++) this.finishOne();
    const next = this.pending[0];
    if (next !== undefined) this.#keep(next, torn);
    this.pending.length = 0;
  }

  /** A snapshot of what was applied; the log is kept from `firstIndex` on. */
  compact(snapshot: Snapshot, firstIndex: LogIndex): void {
    this.snapshot = snapshot;
    const gone = firstIndex - this.firstIndex;
    if (gone <= 0) return;
    this.#entries = this.#entries.slice(gone);
    this.firstIndex = firstIndex;
  }

  /** Puts entries there, as an earlier life would have left them. */
  plant(entries: readonly Entry[], term: Term): void {
    for (const entry of entries) this.#put(entry);
    this.hardState = { term, vote: undefined };
  }

  #keep({ hardState, snapshot, entries }: Write, torn: Torn): void {
    if (hardState !== undefined && torn.hardState) this.hardState = hardState;
    if (snapshot !== undefined) {
      if (!torn.snapshot) return;
      this.snapshot = snapshot;
      this.firstIndex = snapshot.index + 1;
      this.#entries = [];
    }
    for (const entry of entries.slice(0, torn.entries)) this.#put(entry);
  }

  #put(entry: Entry): void {
    this.#entries.length = entry.index - this.firstIndex;
    this.#entries.push(entry);
  }

  #configurations(): PlacedConfiguration[] {
    return this.#entries
      .filter(({ kind, index }) => kind === CONFIGURATION && index > this.snapshot.index)
      .map(({ index, payload }) => ({ index, configuration: decodeConfiguration(payload) }));
  }
}
