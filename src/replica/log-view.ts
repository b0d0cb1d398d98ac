import type { SnapshotStore } from "../log/snapshots.ts";
import type { Wal } from "../log/wal.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { Load } from "../raft/raft.ts";
import type { Entry, LogIndex, LogView, NodeId, Snapshot, Term } from "../raft/types.ts";

/**
 * The log and the newest snapshot, as the core sees them (raft/README.md, duty 4).
 *
 *     snapshot │ firstIndex … on the disk only … │ … in memory … lastIndex
 *                └ loaded for one member ┘
 *
 * What a member that lags needs is read from the disk for it alone, one message at a time.
 */
export class StoredLog implements LogView {
  readonly #log: Wal;
  readonly #store: SnapshotStore;
  /** Who the members are as long as neither log nor snapshot says so. */
  readonly #first: Configuration;
  readonly #loaded = new Map<NodeId, readonly Entry[]>();
  #snapshot: Snapshot | undefined;

  constructor(log: Wal, store: SnapshotStore, first: Configuration) {
    this.#log = log;
    this.#store = store;
    this.#first = first;
  }

  get firstIndex(): LogIndex {
    return this.#log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#log.lastIndex;
  }

  get snapshot(): Snapshot {
    const newest = this.#store.newest();
    const { index, term, configuration = this.#first } = newest ?? { index: 0, term: 0 };
    if (this.#snapshot?.index !== index) this.#snapshot = { index, term, configuration };
    return this.#snapshot!;
  }

  termOf(index: LogIndex): Term | undefined {
    if (index === this.snapshot.index) return this.snapshot.term;
    return this.#log.termOf(index);
  }

  entries(from: LogIndex, bytesMax: number): readonly Entry[] | undefined {
    const cached = this.#log.cached(from, bytesMax);
    if (cached !== undefined) return cached;
    for (const entries of this.#loaded.values()) {
      if (entries[0]?.index === from) return this.#stillTrue(entries);
    }
    return undefined;
  }

  /** Reads what a member needs. Resolves when `entries` shows it, or when it is not in the log any more. */
  async load({ to, from, bytesMax }: Load): Promise<void> {
    this.#loaded.set(to, await this.#log.read(from, bytesMax));
  }

  /** What was loaded for this member is not needed any more. */
  forget(id: NodeId): void {
    this.#loaded.delete(id);
  }

  /** Entries up to the first that was replaced since they were read. */
  #stillTrue(entries: readonly Entry[]): readonly Entry[] | undefined {
    const replaced = entries.findIndex(({ index, term }) => this.#log.termOf(index) !== term);
    if (replaced < 0) return entries;
    return replaced === 0 ? undefined : entries.slice(0, replaced);
  }
}
