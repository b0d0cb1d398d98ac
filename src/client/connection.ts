import { formatAddress } from "../base/address.ts";
import type { Applied } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { ConnectHandler, Dialer, DialledStream, TlsOptions } from "../platform/net-connect.ts";
import type { Reply } from "../protocol/reply.ts";
import { BROKEN, type BulkForm, PARTIAL, PUSH, ReplyDecoder } from "../protocol/reply-decoder.ts";
import { type RequestArgument, RequestWriter } from "../protocol/request-encoder.ts";
import { Deadlines } from "./deadlines.ts";
import { ConnectionError, socketFailure, withApplied } from "./errors.ts";
import { type Credentials, handshake } from "./handshake.ts";
import { Call, heartbeat, type Waiter } from "./waiter.ts";

export interface ConnectionOptions extends Credentials {
  readonly host: string;
  readonly port: number;
  /** How bulk strings are given out. */
  readonly bulkForm: BulkForm;
  /** For connecting and the handshake together. */
  readonly connectMs: number;
  /** A call's deadline where it names none; 0: none. */
  readonly callMs: number;
  /** A connection on which replies are waited for, and nothing comes for so long, is given up; absent: never. */
  readonly silenceMs?: number;
  /** Silence counts only where nobody but a PING waits: callers may wait for what takes its time. */
  readonly isPatient?: boolean;
  /** After so long without use PING is sent, to see whether the connection still stands; absent: never. */
  readonly heartbeatMs?: number;
  /** TLS, with what it needs to know; absent: none. */
  readonly tls?: TlsOptions | undefined;
  /** Messages that answer no call. */
  readonly onPush?: (items: readonly Reply[]) => void;
  /** The connection, which had come about, is gone; undefined after close(). Comes once. */
  readonly onClosed?: (error: ConnectionError | undefined) => void;
}

export interface CallOptions {
  /** How bulk strings of this reply are given out; absent: as the connection's. */
  readonly bulkForm?: BulkForm | undefined;
  /** 0: wait as long as it takes. */
  readonly deadlineMs?: number;
  /** Ends it: it rejects with KvClientError ABORTED, whether or not it is carried out. */
  readonly signal?: AbortSignal | undefined;
}

export interface Outside {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

const keepAliveMs = 60_000;
const outputBytes = 16_384;
/** How often a connection is looked at that may be silent or idle. */
const watchMs = 100;

/** Connects and introduces itself. Rejects with ConnectionError. */
export async function connect(options: ConnectionOptions, outside: Outside): Promise<Connection> {
  const connection = dialled(options, outside);
  await connection.introduce();
  return connection;
}

/**
 * A connection that is to `introduce` itself, and can be destroyed meanwhile. Throws ConnectionError for what cannot even be
 * tried, such as a key for TLS that is none.
 */
export function dialled(options: ConnectionOptions, outside: Outside): Connection {
  try {
    return new Connection(options, outside);
  } catch (error) {
    throw socketFailure(formatAddress(options), error as Error, false);
  }
}

export type { Connection };

/**
 * One connection to one server. Commands are pipelined: those of one turn leave in one write, and replies
 * come back in the order of the commands. Everyone who waits is told exactly once for each reply: the server's reply (an
 * error is a reply too), or a ConnectionError that says whether it may have been carried out.
 *
 *     send() ─┬─► #output ── end of the turn ──► stream ──► server
 *             └─► #waiting ── its reply ──► answered
 */
class Connection {
  /** "127.0.0.1:6379" */
  readonly address: string;
  /** 2 where the server does not know HELLO. */
  protocol: 2 | 3 = 3;
  /** Somebody may stand between MULTI and EXEC here, where a PING would be one of the commands: none is sent. */
  isLent = false;

  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #stream: DialledStream;
  readonly #decoder: ReplyDecoder;
  /** Only goes forward. Commands are taken until "closing", and answered until "closed". */
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Whether connect() has given this to its caller. Before that, its rejection tells what happened. */
  #isIntroduced = false;
  /** Why it is closed. */
  #reason: ConnectionError | undefined;
  /** One for each reply that is to come, in order. */
  readonly #waiting = new Fifo<Waiter>();
  readonly #output = new RequestWriter(outputBytes);
  /** How many of the last of #waiting have their commands in #output. */
  #unsent = 0;
  readonly #deadlines: Deadlines;
  #watch: Timer | undefined;
  /** Looks at the connection since something was received, taken of a long write, or sent behind nothing. */
  #quietLooks = 0;
  #queuedBytes = 0;
  readonly #gone: Promise<void>;
  #settleGone!: () => void;

  constructor(options: ConnectionOptions, { dialer, clock }: Outside) {
    this.#options = options;
    this.#clock = clock;
    this.address = formatAddress(options);
    this.#decoder = new ReplyDecoder(options.bulkForm);
    this.#deadlines = new Deadlines(clock);
    this.#gone = new Promise((resolve) => {
      this.#settleGone = resolve;
    });
    const { host, port, tls } = options;
    this.#stream = dialer.connect({ host, port, tls, keepAliveMs, handler: this.#handler() });
  }

  async introduce(): Promise<void> {
    const { connectMs } = this.#options;
    const timer = this.#clock.after(connectMs, () => this.destroy(this.#timeout(connectMs, "no")));
    try {
      this.protocol = await handshake((args) => this.call(args, { deadlineMs: 0 }), this.#options);
      // What came right behind the last reply may have been the end of it.
      if (!this.isOpen) throw this.#reason ?? new ConnectionError("CLOSED", `${this.address} closed`);
      this.#isIntroduced = true;
      this.#watch = this.#clock.every(watchMs, () => this.#look());
    } catch (error) {
      // Whatever became of its first words: nothing was sent yet of those who wait for it.
      const failure = withApplied(error as ConnectionError, "no");
      this.destroy(failure);
      throw failure;
    } finally {
      timer.cancel();
    }
  }

  /** Replies that are waited for. */
  get inFlight(): number {
    return this.#waiting.size;
  }

  /** Takes more commands. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * Sends what the waiter encodes. Returns why it was not taken, and then the waiter hears nothing more of it. Throws
   * what `encode` throws.
   */
  send(waiter: Waiter): ConnectionError | undefined {
    if (this.#state === "closing" || this.#state === "closed") {
      return new ConnectionError("CLOSED", `the connection to ${this.address} is closed`);
    }
    const output = this.#output;
    const before = output.length;
    let count = 0;
    try {
      count = waiter.encode(output);
    } finally {
      if (count === 0) output.truncate(before);
    }
    if (!this.#hasRoom(count)) {
      output.truncate(before);
      return new ConnectionError("BUSY", `too much waits for ${this.address} already: call again later`);
    }
    if (before === 0) queueMicrotask(() => this.#flush());
    if (this.#waiting.size === 0) this.#quietLooks = 0;
    this.#unsent += count;
    for (let i = 0; i < count; i++) this.#waiting.push(waiter);
    return undefined;
  }

  /** Sends one command. Resolves with the server's reply, rejects with ConnectionError. */
  call(args: readonly RequestArgument[], options: CallOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { callMs } = this.#options;
      const { deadlineMs = callMs, bulkForm = this.#options.bulkForm, signal } = options;
      const call = new Call(args, bulkForm, resolve, reject);
      const refusal = this.send(call);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      if (signal !== undefined) call.heeds(signal);
      if (deadlineMs > 0)
        call.expiresAfter(deadlineMs, this.#deadlines, () => this.#timeout(deadlineMs, "maybe"));
    });
  }

  /** Takes no more commands, waits until all are answered, then closes. */
  close(): Promise<void> {
    if (this.#state !== "closed") this.#state = "closing";
    this.#endWhenIdle();
    return this.#gone;
  }

  /** Fails everyone who waits, and closes at once. */
  destroy(error: ConnectionError): void {
    this.#leave(error);
    this.#stream.destroy();
  }

  #hasRoom(count: number): boolean {
    const unsentBytes = this.#stream.unsentBytes + this.#output.length;
    return this.#waiting.size + count <= limits.callsWaitingMax && unsentBytes <= limits.callBytesUnsentMax;
  }

  #flush(): void {
    if (this.#output.length === 0) return;
    this.#unsent = 0;
    const isSent = this.#stream.write(this.#output.written);
    this.#output.clear(!isSent);
  }

  #handler(): ConnectHandler {
    return {
      connected: () => {
        if (this.#state === "connecting") this.#state = "open";
      },
      received: (buffer, length) => this.#receive(buffer, length),
      drained: () => {},
      ended: () => this.destroy(new ConnectionError("CLOSED", `${this.address} closed the connection`)),
      closed: (error) => this.#streamClosed(error),
    };
  }

  #receive(buffer: Buffer, length: number): boolean {
    this.#quietLooks = 0;
    this.#decoder.push(buffer, length);
    while (this.#state !== "closed") {
      const first = this.#waiting.peek();
      if (first !== undefined) this.#decoder.bulkForm = first.bulkForm;
      const found = this.#decoder.next();
      if (found === PARTIAL) return true;
      if (found === BROKEN) this.#giveUp(this.#decoder.error);
      else if (found === PUSH) this.#options.onPush?.(this.#decoder.value as readonly Reply[]);
      else this.#answer(this.#decoder.value);
    }
    return false;
  }

  /** The reply to who has waited longest. */
  #answer(reply: Reply): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) {
      this.#giveUp("a reply came that nobody asked for");
      return;
    }
    waiter.answered(reply);
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.#state === "closing" && this.#waiting.every(({ isOver }) => isOver)) this.#stream.end();
  }

  /** Now and then: a server that does not answer may be gone without a word, and so may one that nobody asks. */
  #look(): void {
    this.#endWhenIdle();
    // A long value on a slow link is no silence.
    const { queuedBytes } = this.#stream;
    if (queuedBytes < this.#queuedBytes) this.#quietLooks = 0;
    this.#queuedBytes = queuedBytes;
    this.#quietLooks++;
    const quietMs = (this.#quietLooks - 1) * watchMs;
    const { silenceMs = Number.POSITIVE_INFINITY, heartbeatMs = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#waiting.size > 0) {
      if (this.#options.isPatient === true && !this.#waiting.peek()!.isOver) return;
      if (quietMs >= silenceMs) this.destroy(this.#timeout(silenceMs, "no"));
    } else if (quietMs >= heartbeatMs && this.#state === "open" && !this.isLent) this.send(heartbeat);
  }

  #giveUp(reason: string): void {
    this.destroy(new ConnectionError("BROKEN", `${this.address} does not speak RESP: ${reason}`));
  }

  #timeout(ms: number, applied: Applied): ConnectionError {
    return new ConnectionError("TIMEOUT", `${this.address} did not answer within ${ms} ms`, applied);
  }

  #streamClosed(error: Error | undefined): void {
    if (error !== undefined) this.#leave(socketFailure(this.address, error, this.#state !== "connecting"));
    else
      this.#leave(
        this.#waiting.size > 0 ? new ConnectionError("CLOSED", `${this.address} closed`) : undefined,
      );
  }

  /** The one way into "closed". */
  #leave(error: ConnectionError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#reason = error;
    this.#watch?.cancel();
    if (error !== undefined) this.#failAll(error);
    if (this.#isIntroduced) this.#options.onClosed?.(error);
    this.#settleGone();
  }

  #failAll(error: ConnectionError): void {
    const sent = this.#waiting.size - this.#unsent;
    // Before the connection stood, nothing went out, whatever the stream had taken.
    const ofSent = withApplied(error, error.code === "UNREACHABLE" ? "no" : "maybe");
    const ofUnsent = withApplied(error, "no");
    const { size } = this.#waiting;
    let last: Waiter | undefined;
    for (let i = 0; i < size; i++) {
      const waiter = this.#waiting.shift()!;
      // The replies that one waits for stand together.
      if (waiter !== last) waiter.failed(i < sent ? ofSent : ofUnsent);
      last = waiter;
    }
    this.#unsent = 0;
    this.#output.clear(false);
  }
}
