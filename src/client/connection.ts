import { formatAddress } from "../base/address.ts";
import type { Applied } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Stream } from "../platform/net.ts";
import type { ConnectHandler, Dialer } from "../platform/net-connect.ts";
import type { Reply } from "../protocol/reply.ts";
import { BROKEN, type BulkForm, PARTIAL, PUSH, ReplyDecoder } from "../protocol/reply-decoder.ts";
import { encodeRequest, type RequestArgument } from "../protocol/request-encoder.ts";
import { ConnectionError, socketFailure, withApplied } from "./errors.ts";
import { type Credentials, handshake } from "./handshake.ts";

export interface ConnectionOptions extends Credentials {
  readonly host: string;
  readonly port: number;
  /** How bulk strings are given out. */
  readonly bulkForm: BulkForm;
  /** For connecting and the handshake together. */
  readonly connectMs: number;
  /** A call's deadline where it names none; 0: none. */
  readonly callMs: number;
  /** Messages that answer no call. */
  readonly onPush?: (items: readonly Reply[]) => void;
  /** The connection, which had come about, is gone; undefined after close(). Comes once. */
  readonly onClosed?: (error: ConnectionError | undefined) => void;
}

export interface CallOptions {
  /** 0: wait as long as it takes. */
  readonly deadlineMs?: number;
}

export interface Outside {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

interface Call {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ConnectionError) => void;
  timer: Timer | undefined;
  /** Past its deadline: its reply is still to come, and is dropped then. */
  isSettled: boolean;
}

const keepAliveMs = 60_000;

/** Connects and introduces itself. Rejects with ConnectionError. */
export async function connect(options: ConnectionOptions, outside: Outside): Promise<Connection> {
  const connection = new Connection(options, outside);
  await connection.introduce();
  return connection;
}

export type { Connection };

/**
 * One connection to one server. Calls are pipelined: those of one turn leave in one write, and replies
 * come back in the order of the calls. Every call settles exactly once: with the server's reply (an
 * error is a reply too), or with a ConnectionError that says whether it may have been carried out.
 *
 *     call() ─┬─► #unsent ── end of the turn ──► stream ──► server
 *             └─► #waiting ── its reply ──► resolve, or dropped when past its deadline
 */
class Connection {
  /** "127.0.0.1:6379" */
  readonly address: string;
  /** 2 where the server does not know HELLO. */
  protocol: 2 | 3 = 3;

  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #stream: Stream;
  readonly #decoder: ReplyDecoder;
  /** Only goes forward. Calls are taken until "closing", and settled until "closed". */
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Whether connect() has given this to its caller. Before that, its rejection tells what happened. */
  #isIntroduced = false;
  /** Calls whose replies are to come, in order; those past their deadline are among them. */
  readonly #waiting = new Fifo<Call>();
  /** How many of them have not settled. */
  #unsettled = 0;
  /** One buffer for each of the last calls of #waiting: these leave at the end of the turn. */
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  readonly #gone: Promise<void>;
  #settleGone!: () => void;

  constructor(options: ConnectionOptions, { dialer, clock }: Outside) {
    this.#options = options;
    this.#clock = clock;
    this.address = formatAddress(options);
    this.#decoder = new ReplyDecoder(options.bulkForm);
    this.#gone = new Promise((resolve) => {
      this.#settleGone = resolve;
    });
    const { host, port } = options;
    this.#stream = dialer.connect({ host, port, keepAliveMs, handler: this.#handler() });
  }

  async introduce(): Promise<void> {
    const { connectMs } = this.#options;
    const timer = this.#clock.after(connectMs, () => this.destroy(this.#timeout(connectMs, "no")));
    try {
      this.protocol = await handshake((args) => this.call(args, { deadlineMs: 0 }), this.#options);
      this.#isIntroduced = true;
    } catch (error) {
      this.destroy(error as ConnectionError);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** Sends one command. Resolves with the server's reply, rejects with ConnectionError. */
  async call(args: readonly RequestArgument[], options: CallOptions = {}): Promise<Reply> {
    if (this.#state === "closing" || this.#state === "closed") {
      throw new ConnectionError("CLOSED", `the connection to ${this.address} is closed`);
    }
    const bytes = encodeRequest(args);
    if (!this.#hasRoom(bytes.length)) {
      throw new ConnectionError("BUSY", `too much waits for ${this.address} already: call again later`);
    }
    const { deadlineMs = this.#options.callMs } = options;
    return new Promise((resolve, reject) => {
      const call: Call = { resolve, reject, timer: undefined, isSettled: false };
      if (deadlineMs > 0) call.timer = this.#clock.after(deadlineMs, () => this.#expire(call, deadlineMs));
      this.#waiting.push(call);
      this.#unsettled++;
      this.#send(bytes);
    });
  }

  /** Takes no more calls, waits until all have settled, then closes. */
  close(): Promise<void> {
    if (this.#state !== "closed") this.#state = "closing";
    this.#endWhenIdle();
    return this.#gone;
  }

  /** Fails every call that waits, and closes at once. */
  destroy(error: ConnectionError): void {
    this.#leave(error);
    this.#stream.destroy();
  }

  #hasRoom(byteCount: number): boolean {
    const unsentBytes = this.#stream.unsentBytes + this.#unsentBytes + byteCount;
    return this.#waiting.size < limits.callsWaitingMax && unsentBytes <= limits.callBytesUnsentMax;
  }

  #send(bytes: Buffer): void {
    if (this.#unsent.length === 0) queueMicrotask(() => this.#flush());
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
  }

  #flush(): void {
    const batch = this.#unsent;
    if (batch.length === 0) return;
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#stream.write(batch.length === 1 ? batch[0]! : Buffer.concat(batch));
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
    this.#decoder.push(buffer, length);
    while (this.#state !== "closed") {
      const found = this.#decoder.next();
      if (found === PARTIAL) return true;
      if (found === BROKEN) this.#giveUp(this.#decoder.error);
      else if (found === PUSH) this.#options.onPush?.(this.#decoder.value as readonly Reply[]);
      else this.#answer(this.#decoder.value);
    }
    return false;
  }

  /** The reply to the call that has waited longest. */
  #answer(reply: Reply): void {
    const call = this.#waiting.shift();
    if (call === undefined) {
      this.#giveUp("a reply came that nobody asked for");
      return;
    }
    if (call.isSettled) return;
    this.#settle(call);
    call.resolve(reply);
    this.#endWhenIdle();
  }

  /** The caller is told now; the place in the queue stays, for the reply that may still come. */
  #expire(call: Call, deadlineMs: number): void {
    this.#settle(call);
    call.reject(this.#timeout(deadlineMs, "maybe"));
    this.#endWhenIdle();
  }

  #settle(call: Call): void {
    call.isSettled = true;
    call.timer?.cancel();
    this.#unsettled--;
  }

  #endWhenIdle(): void {
    if (this.#state === "closing" && this.#unsettled === 0) this.#stream.end();
  }

  #giveUp(reason: string): void {
    this.destroy(new ConnectionError("BROKEN", `${this.address} does not speak RESP: ${reason}`));
  }

  #timeout(deadlineMs: number, applied: Applied): ConnectionError {
    return new ConnectionError("TIMEOUT", `${this.address} did not answer within ${deadlineMs} ms`, applied);
  }

  #streamClosed(error: Error | undefined): void {
    if (error !== undefined) this.#leave(socketFailure(this.address, error, this.#state !== "connecting"));
    else
      this.#leave(this.#unsettled > 0 ? new ConnectionError("CLOSED", `${this.address} closed`) : undefined);
  }

  /** The one way into "closed". */
  #leave(error: ConnectionError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (error !== undefined) this.#failAll(error);
    if (this.#isIntroduced) this.#options.onClosed?.(error);
    this.#settleGone();
  }

  #failAll(error: ConnectionError): void {
    const sent = this.#waiting.size - this.#unsent.length;
    for (let i = 0, call = this.#waiting.shift(); call !== undefined; i++, call = this.#waiting.shift()) {
      if (call.isSettled) continue;
      this.#settle(call);
      // Before the connection stood, nothing went out, whatever the stream had taken.
      const applied = i < sent && error.code !== "UNREACHABLE" ? "maybe" : "no";
      call.reject(withApplied(error, applied));
    }
    this.#unsent = [];
    this.#unsentBytes = 0;
  }
}
