import { limits } from "../base/limits.ts";
import { Arguments } from "../protocol/arguments.ts";
import { commandOf } from "../protocol/spec/table.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";
import { Batch, Slab } from "./batch.ts";
import type { Origin } from "./contract.ts";
import { multi } from "./words.ts";

/**
 * The batches of this node and their waiting callers, from the offer to the reply:
 *
 *     open ──seal──► sealed ──propose──► under way ──commit, apply──► replies
 *                      └─ reads alone ──► confirmed ────────────────► replies
 *
 * Sealed ones stay in one line, since the callers of one origin are answered in their order. Everybody who waits for
 * room is told when there is some.
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

  /** The first in line. */
  get oldest(): Batch | undefined {
    return this.#sealed[0];
  }

  /** The first in line that is not applied. */
  get next(): Batch | undefined {
    return this.#sealed.find((batch) => !batch.isApplied);
  }

  /** The first in line that has, or will have, an entry, and callers who wait for it. */
  get oldestWrite(): Batch | undefined {
    return this.#sealed.find(needsEntry);
  }

  /** The first in line that has still to be proposed. */
  get unproposed(): Batch | undefined {
    return this.#sealed.find(isUnproposed);
  }

  get sealed(): readonly Batch[] {
    return this.#sealed;
  }

  /** Ends the open batch and begins the next. */
  seal(timeMs: number): Batch {
    const batch = this.open;
    batch.sealedBytes = batch.bytes;
    batch.sealedAtMs = timeMs;
    batch.seal();
    this.#sealed.push(batch);
    this.#sealedBytes += batch.sealedBytes;
    this.#sealedPages += batch.pages;
    this.open = new Batch(this.#slab);
    return batch;
  }

  /** The first in line is done. */
  finish(): void {
    const batch = this.#sealed.shift()!;
    batch.isDone = true;
    this.#sealedBytes -= batch.sealedBytes;
    this.#sealedPages -= batch.pages;
  }

  /** The first in line is answered with an error, as far as it is not answered yet. */
  fail(error: string): void {
    const batch = this.#sealed[0]!;
    this.finish();
    settleAll(batch, error);
  }

  /** The first in line is answered with the replies that were kept back; its writes with an error, where there is one. */
  deliver(error?: string): void {
    const batch = this.#sealed[0]!;
    this.finish();
    deliver(batch, error);
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

  /** Answers all with an error, in order: what was proposed with the first, the rest with the second. */
  failAll(error: string, others: string): void {
    const failed = [...this.#sealed.splice(0), this.open];
    this.#sealedBytes = 0;
    this.#sealedPages = 0;
    this.open = new Batch(this.#slab);
    for (const batch of failed) {
      batch.isDone = true;
      if (batch.isApplied && batch.replies?.length === batch.count) deliver(batch, error);
      else settleAll(batch, batch.isProposed ? error : others);
    }
    this.drain();
  }
}

function needsEntry(batch: Batch): boolean {
  return !batch.isReadOnly && !batch.isApplied && batch.error === undefined;
}

function isUnproposed(batch: Batch): boolean {
  return !batch.isProposed && needsEntry(batch);
}

function settleAll(batch: Batch, error: string): void {
  // What is applied and was kept back.
  for (let i = 0; i < (batch.replies?.length ?? 0); i++) answer(batch, i, undefined);
  for (let i = batch.next; i < batch.count; i++) {
    const origin = batch.origins[i]!;
    if (origin.isGone) continue;
    if (!isSaid(batch, i, origin)) origin.out.error(batch.error ?? error);
    origin.settled(1);
  }
}

/**
 * What an origin has decided by itself and only takes its turn (MULTI) is said, whatever becomes of the others: the
 * transaction comes later, and may have another outcome.
 */
function isSaid(batch: Batch, item: number, origin: Origin): boolean {
  if (!batch.isRead(item)) return false;
  readWholeCommand(batch.reads, batch.placeOf(item) + 1, said);
  if (commandOf(said) !== multi) return false;
  origin.perform(multi, said);
  return true;
}

const said = new Arguments();

function deliver(batch: Batch, error: string | undefined): void {
  for (let i = 0; i < batch.count; i++) answer(batch, i, error);
}

/** Gives an item the reply that was kept back, or the error where it is a write. */
function answer(batch: Batch, item: number, error: string | undefined): void {
  const origin = batch.origins[item]!;
  if (origin.isGone) return;
  if (error !== undefined && !batch.isRead(item)) origin.out.error(error);
  else origin.out.raw(batch.replies![item]!);
  origin.settled(1);
}
