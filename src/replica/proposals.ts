import { limits } from "../base/limits.ts";
import { Batch, Slab } from "./batch.ts";
import type { Origin } from "./contract.ts";

/**
 * The batches of this node and their waiting callers, from the offer to the reply:
 *
 *     open ──seal──► under way (proposed, not committed) ──commit──► due ──apply──► replies
 *
 * Everybody who waits for room is told when a batch has been applied.
 */
export class Proposals {
  open: Batch;
  readonly #slab = new Slab();
  readonly #sealed: Batch[] = [];
  #sealedBytes = 0;
  #sealedPages = 0;
  readonly #waiting = new Set<Origin>();

  constructor() {
    this.open = new Batch(this.#slab);
  }

  /** So much waits for the next entry, or is under way, that nothing more is taken for now. */
  get isFull(): boolean {
    const { bytes } = this.open;
    return bytes > limits.batchBytesMax || this.#sealedBytes + bytes > limits.proposalBytesMax;
  }

  /** Pages that what is not applied yet may take at most. */
  get pages(): number {
    return this.#sealedPages + this.open.pages;
  }

  /** Nobody waits for anything. */
  get isAtRest(): boolean {
    return this.#sealed.length === 0 && this.open.isEmpty;
  }

  /** The oldest batch that is proposed and not applied. */
  get oldest(): Batch | undefined {
    return this.#sealed[0];
  }

  /** Makes the open batch the entry with this index and begins the next. Returns the entry's payload. */
  seal(index: number, timeMs: number): Buffer {
    const batch = this.open;
    batch.index = index;
    const { bytes } = batch;
    const payload = batch.seal(timeMs);
    this.#sealed.push(batch);
    this.#sealedBytes += bytes;
    this.#sealedPages += batch.pages;
    batch.sealedBytes = bytes;
    this.open = new Batch(this.#slab);
    return payload;
  }

  /** The oldest batch is done. */
  finish(): void {
    const batch = this.#sealed.shift()!;
    this.#sealedBytes -= batch.sealedBytes;
    this.#sealedPages -= batch.pages;
  }

  /** Nothing of this origin is taken at the moment: it is told when to offer it again. */
  wait(origin: Origin): void {
    this.#waiting.add(origin);
  }

  /** Lets all who wait offer again. */
  drain(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const origin of waiting) if (!origin.isGone) origin.drain();
  }

  /** Settles everything that is under way with an error, in order. */
  failAll(error: string): void {
    const failed = [...this.#sealed.splice(0), this.open];
    this.#sealedBytes = 0;
    this.#sealedPages = 0;
    this.open = new Batch(this.#slab);
    for (const batch of failed) {
      for (let i = batch.next; i < batch.count; i++) {
        const origin = batch.origins[i]!;
        if (origin.isGone) continue;
        origin.out.error(error);
        origin.settled(1);
      }
    }
    this.drain();
  }
}
