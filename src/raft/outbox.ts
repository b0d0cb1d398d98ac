import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import type { Message } from "./message.ts";
import type { NodeId, Term } from "./types.ts";

interface HeldMessage {
  /** The number of the write that must be durable before. */
  readonly write: number;
  readonly message: Message;
}

/**
 * What leaves now, and what waits for the disk. Who promises something (a vote, an acknowledgement) holds it back
 * until the write it rests on is durable: a promise that a crash can undo breaks consensus.
 *
 *     write:     1 ………… 4          5 …… 7          8
 *                  #written          #given           what is not in any write yet
 *
 * Invariants: #written <= #given; what is held waits for a later write than #written, in their order.
 */
export class Outbox {
  #leaving: Message[] = [];
  #held: HeldMessage[] = [];
  /** The last write that the host was given, and the last that it reported. */
  #given = 0;
  #written = 0;

  get isEmpty(): boolean {
    return this.#leaving.length === 0;
  }

  /** The disk has something to do. */
  get isWriting(): boolean {
    return this.#written < this.#given;
  }

  send(message: Message): void {
    this.#leaving.push(message);
  }

  /** What was meant for this member as it was has not left, and never will. */
  forget(to: NodeId): void {
    this.#leaving = this.#leaving.filter((message) => message.to !== to);
  }

  /**
   * Holds a message back until all that is known now is durable. `isDirty`: some of it is in no write yet. Returns
   * false if there is nothing to wait for.
   */
  hold(message: Message, isDirty: boolean): boolean {
    const write = isDirty ? this.#given + 1 : this.#given;
    if (write === this.#written) return false;
    this.#held.push({ write, message });
    return true;
  }

  nextWrite(): number {
    return ++this.#given;
  }

  /** Lets go what waited for the writes up to this one. A promise of an older term interests nobody any more. */
  written(write: number, term: Term): readonly Message[] {
    assert(write > this.#written && write <= this.#given, "writes are reported once, in order");
    this.#written = write;
    const end = this.#held.findIndex((held) => held.write > write);
    const released = this.#held.splice(0, end < 0 ? this.#held.length : end);
    const kept = released.map(({ message }) => message).filter((message) => message.term === term);
    if (kept.length < released.length) reached("promise-outdated");
    return kept;
  }

  take(): readonly Message[] {
    if (this.#leaving.length === 0) return none;
    const messages = this.#leaving;
    this.#leaving = [];
    return messages;
  }
}

const none: readonly Message[] = [];
