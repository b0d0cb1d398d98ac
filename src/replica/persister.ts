import { reached } from "../base/reached.ts";
import type { Wal } from "../log/wal.ts";
import type { Write } from "../raft/ready.ts";
import type { HardState, Snapshot } from "../raft/types.ts";

export interface PersisterParts {
  readonly log: Wal;
  /** Resolves when term and vote are durable. */
  readonly saveHardState: (state: HardState) => Promise<void>;
  /** Puts a snapshot that was received in the place of log and engine. Resolves when it is durable and loaded. */
  readonly install: (snapshot: Snapshot) => Promise<void>;
  /** All of this write, and of those before it, is durable. */
  readonly onPersisted: (write: Write) => void;
  readonly onFailed: (error: unknown) => void;
}

interface Pending {
  readonly write: Write;
  /** The last record of its entries; infinite until they are appended. */
  sequence: number;
}

/**
 * Makes the core's writes durable, and tells about them in their order (raft/README.md, duties 1 and 2).
 *
 *     begin ──► hard state ──► snapshot ──► entries ──► persisted
 *
 * What comes meanwhile waits for hard state and snapshot, which are rare; entries go to the log one behind the other.
 * So no log is ever ahead of the term that is on the disk, and one that is has lost its vote (log/README.md).
 * After a failure nothing is told any more.
 */
export class Persister {
  readonly #parts: PersisterParts;
  readonly #pending: Pending[] = [];
  /** How many of `#pending` were begun. */
  #begun = 0;
  #isPreparing = false;
  #hasFailed = false;

  constructor(parts: PersisterParts) {
    this.#parts = parts;
  }

  begin(write: Write): void {
    this.#pending.push({ write, sequence: Number.POSITIVE_INFINITY });
    this.#goOn();
  }

  /** The log has written something. */
  written(): void {
    this.#report();
  }

  fail(): void {
    this.#hasFailed = true;
  }

  #goOn(): void {
    while (!this.#isPreparing && !this.#hasFailed && this.#begun < this.#pending.length) {
      const pending = this.#pending[this.#begun++]!;
      const { hardState, snapshot } = pending.write;
      if (hardState === undefined && snapshot === undefined) this.#append(pending);
      else void this.#prepare(pending);
    }
  }

  async #prepare(pending: Pending): Promise<void> {
    const { hardState, snapshot } = pending.write;
    this.#isPreparing = true;
    try {
      if (hardState !== undefined) await this.#parts.saveHardState(hardState);
      if (snapshot !== undefined && !this.#hasFailed) await this.#parts.install(snapshot);
    } catch (error) {
      this.#failed(error);
    }
    if (this.#hasFailed) return;
    this.#isPreparing = false;
    this.#append(pending);
    this.#goOn();
  }

  #append(pending: Pending): void {
    const { log } = this.#parts;
    const { entries } = pending.write;
    const before = log.appendedSequence;
    for (const entry of entries) log.append(entry);
    pending.sequence = log.appendedSequence;
    // A log that has failed takes nothing, and has said so: what it did not take is never reported.
    if (pending.sequence < before + entries.length) this.#hasFailed = true;
    if (entries.length === 0) this.#report();
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    reached("hard-state-failed");
    this.#hasFailed = true;
    this.#parts.onFailed(error);
  }

  #report(): void {
    const { log, onPersisted } = this.#parts;
    while (this.#pending.length > 0 && !this.#hasFailed) {
      const { write, sequence } = this.#pending[0]!;
      if (sequence > log.writtenSequence) return;
      this.#pending.shift();
      this.#begun--;
      onPersisted(write);
    }
  }
}
