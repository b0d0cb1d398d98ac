import { Fifo } from "../base/fifo.ts";
import { limits } from "../base/limits.ts";
import { RequestWriter } from "../protocol/request-encoder.ts";

/** The number of a write: it stays the same however often the write is sent. */
export interface WriteNumber {
  readonly session: WriteSession;
  readonly sequence: number;
}

/**
 * A session of the server (docs/sessions.md), as its client keeps it: which numbers are outstanding.
 *
 *     low              next
 *      ▼                ▼
 *      5  6* 7  8* 9* 10         * is over; 5 and 7 are outstanding, and `low` waits for 5
 */
export class WriteSession {
  readonly id: number | bigint;
  /** `SESSION ID id`, as they stand in front of each of its writes. */
  readonly words: Buffer;
  #next = 1;
  #low = 1;
  /** By sequence modulo its length: over, between low and next. */
  readonly #isOver = new Uint8Array(limits.sessionRepliesMax);
  #lastUseMs: number;

  constructor(id: number | bigint, nowMs: number) {
    this.id = id;
    const writer = new RequestWriter(64);
    for (const word of ["SESSION", "ID", id]) writer.argument(word, 0);
    this.words = Buffer.from(writer.written);
    this.#lastUseMs = nowMs;
  }

  /** The lowest sequence that is outstanding; the next one where none is. */
  get low(): number {
    return this.#low;
  }

  get isAtRest(): boolean {
    return this.#low === this.#next;
  }

  /** It may have expired, or will before a write that begins now is over. */
  isOld(nowMs: number): boolean {
    return this.isAtRest && nowMs - this.#lastUseMs > sessionTtlMs / 2;
  }

  /** The next number; undefined where as many are outstanding as the server keeps replies for. */
  take(nowMs: number): WriteNumber | undefined {
    if (this.#next - this.#low >= this.#isOver.length) return undefined;
    this.#lastUseMs = nowMs;
    const sequence = this.#next++;
    this.#isOver[sequence % this.#isOver.length] = 0;
    return { session: this, sequence };
  }

  /** Nobody will ask for the reply of this number any more, nor send its write. */
  release(sequence: number): void {
    this.#isOver[sequence % this.#isOver.length] = 1;
    while (this.#low < this.#next && this.#isOver[this.#low % this.#isOver.length] === 1) this.#low++;
  }
}

/** How long a session lasts without being used: longer than any write is tried. */
export const sessionTtlMs = 300_000;

/** Opens a session; undefined where the server knows none. Rejects where it cannot be told. */
export type OpenSession = () => Promise<number | bigint | undefined>;

/** Who wants a number. */
export interface Writer {
  readonly isOver: boolean;
  number: WriteNumber | undefined;
}

/**
 * Gives writes their numbers. The session is opened with the first write, and again when the server has forgotten it; who
 * comes meanwhile, or finds too many outstanding, waits in a line (which the client's bound on operations bounds).
 */
export class Sessions<W extends Writer> {
  readonly #open: OpenSession;
  readonly #nowMs: () => number;
  /** Is told that a write has its number, or needs none. */
  readonly #ready: (writer: W) => void;
  /** Is told that there will be no number. */
  readonly #failed: (writer: W, error: Error) => void;
  readonly #line = new Fifo<W>();
  #session: WriteSession | undefined;
  #isOpening = false;
  /** The server knows no sessions: writes go without numbers. */
  #areUnknown = false;

  constructor(
    open: OpenSession,
    nowMs: () => number,
    ready: (writer: W) => void,
    failed: (writer: W, error: Error) => void,
  ) {
    this.#open = open;
    this.#nowMs = nowMs;
    this.#ready = ready;
    this.#failed = failed;
  }

  get current(): WriteSession | undefined {
    return this.#session;
  }

  /** Calls back once the writer has a number: mostly at once. */
  number(writer: W): void {
    if (this.#line.size === 0 && this.#assign(writer)) this.#ready(writer);
    else this.#line.push(writer);
  }

  /** The write is over. */
  release({ session, sequence }: WriteNumber): void {
    session.release(sequence);
    if (this.#line.size > 0) this.#serve();
  }

  /** The server does not know it any more. */
  lost(session: WriteSession): void {
    if (session === this.#session) this.#session = undefined;
  }

  /** False: it has to wait. */
  #assign(writer: W): boolean {
    if (this.#areUnknown) return true;
    const nowMs = this.#nowMs();
    if (this.#session?.isOld(nowMs)) this.#session = undefined;
    if (this.#session === undefined) void this.#openOne();
    writer.number = this.#session?.take(nowMs);
    return writer.number !== undefined;
  }

  async #openOne(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      const id = await this.#open();
      if (id === undefined) this.#areUnknown = true;
      else this.#session = new WriteSession(id, this.#nowMs());
      this.#isOpening = false;
      this.#serve();
    } catch (error) {
      this.#isOpening = false;
      const failed = Array.from({ length: this.#line.size }, () => this.#line.shift()!);
      for (const writer of failed) if (!writer.isOver) this.#failed(writer, error as Error);
    }
  }

  #serve(): void {
    for (let writer = this.#line.peek(); writer !== undefined; writer = this.#line.peek()) {
      if (!writer.isOver && !this.#assign(writer)) return;
      this.#line.shift();
      // To be ready may be to be over at once, and to release a number: this is called again then.
      if (!writer.isOver) this.#ready(writer);
    }
  }
}
