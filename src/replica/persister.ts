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
  isHardStateSaved: boolean;
  /** The last record of its entries; infinite until they are appended. */
  sequence: number;
}

/**
 * Makes the core's writes durable, and tells about them in their order (raft/README.md, duties 1 and 2).
 *
 *     begin ──► hard state ──┐
 *          └──► entries ─────┴──► persisted        side by side
 *          └──► snapshot ──► entries               what is behind a snapshot waits for it
 *
 * After a failure nothing is told any more.
 */
export class Persister {
  readonly #parts: PersisterParts;
  readonly #pending: Pending[] = [];
  /** How many of `#pending` were begun. */
  #begun = 0;
  #isInstalling = false;
  #hasFailed = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: PersisterParts) {
    this.#parts = parts;
  }

  /** Something is on its way to the disk. */
  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  begin(write: Write): void {
    this.#pending.push({ write, isHardStateSaved: true, sequence: Number.POSITIVE_INFINITY });
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
    while (!this.#isInstalling && this.#begun < this.#pending.length)
      this.#start(this.#pending[this.#begun++]!);
  }

  #start(pending: Pending): void {
    const { hardState, snapshot } = pending.write;
    if (hardState !== undefined) this.#saveHardState(pending, hardState);
    if (snapshot === undefined) this.#append(pending);
    else void this.#install(pending, snapshot);
  }

  #append(pending: Pending): void {
    const { log } = this.#parts;
    const { entries } = pending.write;
    for (const entry of entries) log.append(entry);
    pending.sequence = log.appendedSequence;
    if (entries.length === 0) this.#report();
  }

  #saveHardState(pending: Pending, state: HardState): void {
    pending.isHardStateSaved = false;
    const save = async (): Promise<void> => {
      if (this.#hasFailed) return;
      await this.#parts.saveHardState(state);
      pending.isHardStateSaved = true;
      this.#report();
    };
    this.#saving = this.#saving.then(save).catch((error) => this.#failed(error));
  }

  async #install(pending: Pending, snapshot: Snapshot): Promise<void> {
    this.#isInstalling = true;
    try {
      await this.#parts.install(snapshot);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#isInstalling = false;
    this.#append(pending);
    this.#goOn();
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#parts.onFailed(error);
  }

  #report(): void {
    const { log, onPersisted } = this.#parts;
    while (this.#pending.length > 0 && !this.#hasFailed) {
      const { write, isHardStateSaved, sequence } = this.#pending[0]!;
      if (!isHardStateSaved || sequence > log.writtenSequence) return;
      this.#pending.shift();
      this.#begun--;
      onPersisted(write);
    }
  }
}
