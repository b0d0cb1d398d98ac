import type { LogIndex, ReadToken } from "../raft/types.ts";
import type { Batch } from "./batch.ts";

/**
 * Batches of reads that wait to hear which entry they have to see. Where the leader is unknown or has changed, they
 * ask again.
 */
export class ReadRounds {
  readonly #ask: (token: ReadToken) => void;
  readonly #asked = new Map<ReadToken, Batch>();
  #failed: Batch[] = [];
  #lastToken = 0;

  constructor(ask: (token: ReadToken) => void) {
    this.#ask = ask;
  }

  begin(batch: Batch): void {
    const token = ++this.#lastToken;
    this.#asked.set(token, batch);
    this.#ask(token);
  }

  confirmed(token: ReadToken, index: LogIndex): void {
    const batch = this.#asked.get(token);
    this.#asked.delete(token);
    if (batch !== undefined) batch.readIndex = index;
  }

  failed(token: ReadToken): void {
    const batch = this.#asked.get(token);
    this.#asked.delete(token);
    if (batch !== undefined) this.#failed.push(batch);
  }

  /** Asks again for those that failed and that still have callers. */
  repeat(): void {
    const failed = this.#failed;
    this.#failed = [];
    for (const batch of failed) if (batch.error === undefined) this.begin(batch);
  }
}
