import { limits } from "../base/limits.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { BROKEN, COMMAND, PARTIAL, RequestDecoder } from "../protocol/request-decoder.ts";
import type { Command } from "../protocol/spec/row.ts";
import { TextDecoder } from "../protocol/text.ts";
import { FULL, LATER, type Origin, type Request, type Verdict } from "../replica/contract.ts";
import type { Server } from "./server.ts";
import { Session } from "./session.ts";
import { TextFace } from "./text-face.ts";

const STAR = 42;

/**
 * One client: bytes in, commands out to dispatch, replies back in order.
 *
 *     received ─► [kept bytes] ─► decoder ─► dispatch ─► replica ─► out ─► one write at the end of the turn
 *                      ▲                        │
 *                      └── stays here while ────┘ FULL, or while too many replies are unsent
 *
 * Invariant: replies stand in `out` in the order of their commands. What this connection answers by itself
 * waits until the replica has answered everything before it (`#outstanding` is 0).
 */
export class Connection implements StreamHandler, Origin {
  readonly out: ReplyWriter;
  readonly session: Session;
  readonly server: Server;
  readonly stream: Stream;
  readonly request: Request;

  #decoder: RequestDecoder | TextDecoder | undefined;
  #text: TextFace | undefined;
  /** Bytes that came and are not worked off: [0, #keptLength). */
  #kept: Buffer = nothing;
  #keptLength = 0;
  /** Commands that the replica took and has not answered. */
  #outstanding = 0;
  /** No command is decoded: the replica is full, or too many replies are unsent. */
  #isBlocked = false;
  /** An error of the decoder that waits for its turn. */
  #heldError = "";
  /** The client will send no more: what it sent is answered, then the connection closes. */
  #hasEnded = false;
  /** Nothing more is carried out: the connection closes when its replies are sent. */
  #isClosing = false;
  #isGone = false;
  readonly #send: (bytes: Buffer) => boolean;

  constructor(server: Server, stream: Stream, id: number) {
    this.server = server;
    this.stream = stream;
    this.out = new ReplyWriter(server.outputPool);
    this.session = new Session(id, stream, server.coarseMs);
    this.#send = (bytes) => stream.write(bytes);
    this.request = {
      command: server.anyCommand,
      args: noArguments,
      db: 0,
      origin: this,
      readMode: "linearizable",
      writeQuorum: 0,
    };
  }

  received(buffer: Buffer, length: number): boolean {
    this.session.lastActiveMs = this.server.coarseMs;
    this.server.stats.receivedBytes += length;
    if (this.#keptLength === 0) {
      const done = this.#work(buffer, 0, length);
      if (done < length) this.#keep(buffer, done, length);
    } else {
      this.#keep(buffer, 0, length);
      this.#workKept();
    }
    this.server.flushSoon(this);
    if (this.#isBlocked || this.#isClosing) return false;
    if (length < limits.turnBytesMax) return true;
    // There is surely more to read: the other connections come first.
    this.server.clock.nextTurn(() => this.#readOn());
    return false;
  }

  drained(): void {
    if (this.#isBlocked) this.drain();
  }

  ended(): void {
    this.#hasEnded = true;
    this.flush();
  }

  closed(error: Error | undefined): void {
    this.#isGone = true;
    this.#kept = nothing;
    this.#keptLength = 0;
    this.server.forget(this, error);
  }

  /** After FULL, or when the client has taken its replies. */
  drain(): void {
    if (!this.#isBlocked || this.stream.unsentBytes > limits.outputHighWaterBytes) return;
    this.#isBlocked = false;
    this.server.clock.nextTurn(() => this.#goOn());
  }

  settled(count: number): void {
    this.#outstanding -= count;
    if (this.#outstanding === 0) this.#text?.settled();
    this.server.flushSoon(this);
  }

  perform(command: Command, args: Arguments): void {
    this.server.perform(this, command, args);
  }

  /** Sends the waiting replies. Called at the end of a turn, and in between when there are many. */
  flush(): void {
    if (this.#isGone) return;
    if (this.out.overflowed) {
      this.server.cutOff(this, "its replies are over the limit");
      return;
    }
    if (this.out.length > 0) {
      this.server.stats.sentBytes += this.out.length;
      this.out.flush(this.#send);
      if (this.stream.unsentBytes > limits.outputHighWaterBytes) this.#block();
    }
    if (this.#outstanding === 0) this.#afterReplies();
  }

  /** Closes once the replies so far are sent; nothing more is read. */
  closeWhenSent(): void {
    this.#isClosing = true;
    this.stream.pause();
    this.server.flushSoon(this);
  }

  /** Answers what was received, then closes. */
  closeWhenAnswered(): void {
    this.#hasEnded = true;
    this.stream.pause();
    this.server.flushSoon(this);
  }

  /** Whether replies of the replica are still to come: then a command of our own has to wait. */
  get isWaiting(): boolean {
    return this.#outstanding > 0;
  }

  get isIdle(): boolean {
    return this.#outstanding === 0 && this.#keptLength === 0;
  }

  get keptBytes(): number {
    return this.#kept.length;
  }

  /** Offers the request to the replica. False: not now; the command stays where it is. */
  submit(): boolean {
    const verdict: Verdict = this.server.replica.submit(this.request);
    if (verdict === FULL) return false;
    if (verdict === LATER) this.#outstanding++;
    return true;
  }

  /** Works off bytes [at, end) as far as possible. Returns the first byte to keep. */
  #work(bytes: Buffer, at: number, end: number): number {
    let p = at;
    const decoder = this.#decoder ?? this.#choose(bytes[at]!);
    while (!this.#isBlocked && !this.#isClosing) {
      const found = decoder.next(bytes, p, end);
      if (found === COMMAND) {
        if (!this.#carryOut(decoder.args)) {
          this.#isBlocked = true;
          return p;
        }
        p = decoder.position;
        if (this.out.length > limits.outputFlushBytes) this.flush();
        continue;
      }
      p = decoder.position;
      if (found === PARTIAL) return p;
      this.#reject(found === BROKEN, decoder.error);
    }
    return this.#isClosing ? end : p;
  }

  #carryOut(args: Arguments): boolean {
    if (this.#text !== undefined) return this.#text.carryOut(args);
    return args.count === 0 || this.server.dispatch(this, args);
  }

  /** Answers an error of the decoder, in its turn. */
  #reject(isBroken: boolean, error: string): void {
    if (this.#outstanding > 0) {
      this.#heldError = error;
      this.#isBlocked = true;
    } else if (this.#text !== undefined) {
      this.#text.error(isBroken ? "" : error);
    } else {
      this.server.stats.protocolErrors += isBroken ? 1 : 0;
      this.out.error(error);
    }
    if (isBroken) this.closeWhenSent();
  }

  #choose(first: number): RequestDecoder | TextDecoder {
    if (first === STAR) {
      this.#decoder = new RequestDecoder();
    } else {
      const decoder = new TextDecoder();
      this.#text = new TextFace(this, decoder);
      this.#decoder = decoder;
    }
    return this.#decoder;
  }

  #keep(buffer: Buffer, from: number, to: number): void {
    const length = this.#keptLength + to - from;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#kept.length * 2, keptBytesMin));
      this.#kept.copy(grown, 0, 0, this.#keptLength);
      this.#kept = grown;
    }
    buffer.copy(this.#kept, this.#keptLength, from, to);
    this.#keptLength = length;
  }

  #workKept(): void {
    const done = this.#work(this.#kept, 0, this.#keptLength);
    if (done === 0) return;
    this.#kept.copyWithin(0, done, this.#keptLength);
    this.#keptLength -= done;
    if (this.#keptLength === 0) this.#kept = nothing;
  }

  /** Everything that was taken is answered: what had to wait for that comes now. */
  #afterReplies(): void {
    if (this.#heldError !== "") {
      this.out.error(this.#heldError);
      this.#heldError = "";
      this.flush();
      return;
    }
    if (this.#isClosing || (this.#hasEnded && !this.#isBlocked)) this.stream.end();
    else if (this.#isBlocked) this.drain();
  }

  #goOn(): void {
    if (this.#isGone) return;
    if (this.#keptLength > 0) this.#workKept();
    this.flush();
    this.#readOn();
  }

  #readOn(): void {
    if (!this.#isGone && !this.#isBlocked && !this.#isClosing) this.stream.resume();
  }

  #block(): void {
    this.#isBlocked = true;
    this.stream.pause();
  }
}

const nothing: Buffer = Buffer.alloc(0);
const noArguments: Arguments = new Arguments();
/** Most requests that are split by a read fit into this. */
const keptBytesMin = 1024;
