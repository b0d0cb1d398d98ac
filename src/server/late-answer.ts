import type { Timer } from "../platform/clock.ts";
import type { Connection } from "./connection.ts";

/**
 * The answer of a command of the connection's own that comes later: after a while, when some work is done, or when
 * what the command blocks for has come. Only its own connection waits. There is one at a time, and what a
 * connection that is gone waited for is dropped.
 */
export class LateAnswer {
  readonly #connection: Connection;
  #timer: Timer | undefined;
  /** What a command answers that blocks, when it is not to block any more. */
  #onUnblock: (() => void) | undefined;
  /** Called when the blocking ends, in whatever way. */
  #release: () => void = nothing;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether CLIENT UNBLOCK can end the waiting. */
  get isBlocked(): boolean {
    return this.#onUnblock !== undefined;
  }

  /** Answers after a while, whatever comes. */
  after(delayMs: number, answer: () => void): void {
    this.#begin();
    this.#timer = this.#connection.server.clock.after(delayMs, () => this.#end(answer));
  }

  /** Answers when the work is done, or has failed. */
  when(work: Promise<void>, answer: (failure: Error | undefined) => void): void {
    this.#begin();
    work.then(
      () => this.#end(() => answer(undefined)),
      (failure: Error) => this.#end(() => answer(failure)),
    );
  }

  /** Blocks: answers after the timeout in ms (0: never), unless it is unblocked before. `release`: nobody waits any more. */
  block(timeoutMs: number, onUnblock: () => void, release: () => void = nothing): void {
    this.#begin();
    this.#onUnblock = onUnblock;
    this.#release = release;
    if (timeoutMs > 0) this.#unblockAfter(timeoutMs);
  }

  /** Ends the blocking with an answer, that of the timeout where none is given. False: it does not block. */
  unblock(answer: (() => void) | undefined = this.#onUnblock): boolean {
    if (this.#onUnblock === undefined || answer === undefined) return false;
    this.cancel();
    this.#end(answer);
    return true;
  }

  /** Ends the blocking that was begun with this answer, if it has not ended: another one goes on. */
  unblockFrom(onUnblock: () => void): void {
    if (this.#onUnblock === onUnblock) this.unblock();
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#onUnblock = undefined;
    this.#timer?.cancel();
    this.#release();
    this.#release = nothing;
  }

  #begin(): void {
    this.#connection.answersLater();
  }

  #end(answer: () => void): void {
    if (this.#connection.isGone) return;
    answer();
    this.#connection.settled(1);
  }

  /** A timer takes 31 bits, a timeout 63. */
  #unblockAfter(timeoutMs: number): void {
    const { clock } = this.#connection.server;
    this.#timer = clock.after(Math.min(timeoutMs, timerMsMax), () => {
      if (timeoutMs > timerMsMax) this.#unblockAfter(timeoutMs - timerMsMax);
      else this.unblock();
    });
  }
}

function nothing(): void {}

/** The longest that a timer of Node.js takes: more would be no time at all. */
const timerMsMax = 2 ** 31 - 1;
