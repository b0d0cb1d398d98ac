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

/** A session that is being opened, for as long as it takes: those who wait for it have deadlines of their own. */
export interface Opening {
  /** Undefined where the server knows no sessions. Rejects where it cannot be told, and where it is given up. */
  readonly id: Promise<number | bigint | undefined>;
  /** Why it is not open yet, where that is known. */
  readonly lastError: Error | undefined;
  giveUp(): void;
}
export type OpenSession = () => Opening;

/** Who wants a number. */
export interface Writer {
  number: WriteNumber | undefined;
  /** It stands in the line for a number. */
  isInLine: boolean;
}

/**
 * Gives writes their numbers. The session is opened with the first write, and again when the server has forgotten it; who
 * comes meanwhile, or finds too many outstanding, waits in a line (which the client's bound on operations bounds). When the
 * last of them has left, the opening is given up.
 */
export class Sessions<W extends Writer> {
  readonly #open: OpenSession;
  readonly #nowMs: () => number;
  /** Is told that a write has its number, or needs none. */
  readonly #ready: (writer: W) => void;
  /** Is told that there will be no number. */
  readonly #failed: (writer: W, error: Error) => void;
  /** Those that wait, and at most as many that have left. */
  #line = new Fifo<W>();
  /** Those of the line that still wait. */
  #waiting = 0;
  #session: WriteSession | undefined;
  #opening: Opening | undefined;
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
    if (this.#waiting === 0 && this.#assign(writer)) {
      this.#ready(writer);
      return;
    }
    writer.isInLine = true;
    this.#waiting++;
    this.#line.push(writer);
  }

  /** Why those in the line are there, where that is known. */
  get trouble(): Error | undefined {
    return this.#opening?.lastError;
  }

  /** It does not wait any more. */
  leave(writer: W): void {
    if (!writer.isInLine) return;
    this.#left(writer);
    if (this.#waiting === 0) this.#giveUp();
    if (this.#line.size > 2 * this.#waiting) this.#closeUp();
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
    if (this.#session === undefined) this.#openOne();
    writer.number = this.#session?.take(nowMs);
    return writer.number !== undefined;
  }

  #openOne(): void {
    if (this.#opening !== undefined) return;
    const opening = this.#open();
    this.#opening = opening;
    opening.id.then(
      (id) => {
        if (opening === this.#opening) this.#opened(id);
      },
      (error: Error) => {
        if (opening === this.#opening) this.#failAll(error);
      },
    );
  }

  #opened(id: number | bigint | undefined): void {
    this.#opening = undefined;
    if (id === undefined) this.#areUnknown = true;
    else this.#session = new WriteSession(id, this.#nowMs());
    this.#serve();
  }

  #giveUp(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.giveUp();
  }

  #failAll(error: Error): void {
    this.#opening = undefined;
    const line = this.#line;
    this.#line = new Fifo();
    for (let writer = line.shift(); writer !== undefined; writer = line.shift()) {
      if (!writer.isInLine) continue;
      this.#left(writer);
      this.#failed(writer, error);
    }
  }

  #serve(): void {
    for (let writer = this.#line.peek(); writer !== undefined; writer = this.#line.peek()) {
      if (writer.isInLine && !this.#assign(writer)) return;
      this.#line.shift();
      if (!writer.isInLine) continue;
      this.#left(writer);
      // To be ready may be to be over at once, and to release a number: this is called again then.
      this.#ready(writer);
    }
  }

  #left(writer: W): void {
    writer.isInLine = false;
    this.#waiting--;
  }

  /** Takes those out of the line that have left it. */
  #closeUp(): void {
    const line = this.#line;
    this.#line = new Fifo();
    for (let writer = line.shift(); writer !== undefined; writer = line.shift())
      if (writer.isInLine) this.#line.push(writer);
  }
}
