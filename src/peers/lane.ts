import { parseAddress } from "../base/address.ts";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import type { Dialer } from "../platform/net-connect.ts";
import type { Random } from "../platform/random.ts";
import type { Channel } from "./channel.ts";
import { aliveFrame } from "./codec.ts";
import { PeerDecoder } from "./decoder.ts";
import { Greeting, type GreetingFailure } from "./greeting.ts";
import type { Judgement } from "./handshake.ts";
import type { Hello } from "./hello.ts";
import type { Ends } from "./layouts.ts";

export interface LaneParts {
  readonly channel: Channel;
  /** Where this member sends from, and to whom. */
  readonly ends: Ends;
  readonly secret: string;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
  hello(): Hello;
  /** HOST:PORT, as it is known now, the likeliest first: they are tried by turns. */
  addresses(): readonly string[];
  judge(theirs: Hello): Judgement;
  opened(channel: Channel, address: string): void;
  /** What was sent last may be lost. */
  lost(channel: Channel, reason: string): void;
  /** A try to connect to `address` came to nothing. */
  failed(channel: Channel, failure: GreetingFailure, address: string): void;
}

/**
 * One connection to another member, which is made again whenever it is gone. What has no room, or no connection,
 * is lost: who sends has to be told by the other's silence.
 *
 *     waiting ──► greeting ──► open ──┐
 *        ▲            │ failed        │ closed, silent or too full
 *        └────────────┴───────────────┘ at once, then after 20 ms … 1 s, with jitter
 */
export class Lane {
  readonly #parts: LaneParts;
  #greeting: Greeting | undefined;
  #stream: Stream | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  /** Tries since it was last open. */
  #tries = 0;
  #silentTicks = 0;
  #hasSent = false;
  #isClosed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#dial();
  }

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Bytes that wait here for the network. */
  get unsentBytes(): number {
    return this.#stream?.unsentBytes ?? 0;
  }

  /** Sends a frame; false: it is lost. */
  send(parts: readonly Buffer[], bytes: number): boolean {
    const stream = this.#stream;
    if (stream === undefined) return false;
    if (stream.unsentBytes + bytes > unsentBytesMax[this.#parts.channel]) return false;
    this.#hasSent = true;
    // Small parts are copied into one write: each write is a call of the system.
    if (parts.length === 1) stream.write(parts[0]!);
    else if (bytes > joinedBytesMax) stream.writeAll(parts);
    // What has to wait keeps its buffer.
    else if (stream.unsentBytes > 0) stream.write(Buffer.concat(parts, bytes));
    else writeJoined(stream, parts);
    return true;
  }

  /** Comes regularly: says that this side lives, and counts how long the other has said nothing. */
  tick(): void {
    if (this.#stream === undefined) return;
    if (++this.#silentTicks > limits.peerSilentTicksMax) {
      this.#stream.destroy();
      this.#ended("nothing was heard from it");
      return;
    }
    if (!this.#hasSent && this.#stream.unsentBytes === 0) this.#stream.write(aliveFrame);
    this.#hasSent = false;
  }

  /** There is news of the member: the next try is made at once. */
  hurry(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#dial();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#greeting?.cancel();
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #dial(): void {
    this.#timer = undefined;
    const { dialer, clock, secret } = this.#parts;
    const addresses = this.#parts.addresses();
    const place = addresses[this.#tries++ % Math.max(1, addresses.length)] ?? "";
    const address = parseAddress(place);
    if (address === undefined) {
      this.#tryLater();
      return;
    }
    const greeting: Greeting = new Greeting("dialer", {
      own: this.#parts.hello(),
      secret,
      clock,
      judge: (theirs) => this.#parts.judge(theirs),
      opened: (stream) => this.#opened(stream, place),
      failed: (failure) => {
        this.#greeting = undefined;
        this.#parts.failed(this.#parts.channel, failure, place);
        if (!this.#isClosed) this.#tryLater();
      },
    });
    this.#greeting = greeting;
    greeting.use(dialer.connect({ ...address, keepAliveMs: 0, handler: greeting }));
  }

  #opened(stream: Stream, place: string): StreamHandler {
    this.#greeting = undefined;
    this.#stream = stream;
    this.#failures = 0;
    this.#tries = 0;
    this.#silentTicks = 0;
    this.#parts.opened(this.#parts.channel, place);
    // All that comes back is that the other side lives.
    const decoder = new PeerDecoder(this.#parts.ends, () => {});
    const isCurrent = (): boolean => this.#stream === stream;
    return {
      received: (buffer, length) => {
        this.#silentTicks = 0;
        if (decoder.push(buffer.subarray(0, length)) || !isCurrent()) return true;
        stream.destroy();
        this.#ended(decoder.damage!);
        return false;
      },
      drained() {},
      ended: () => {
        stream.destroy();
        if (isCurrent()) this.#ended("it closed the connection");
      },
      closed: (error) => {
        if (isCurrent()) this.#ended(error?.message ?? "it closed the connection");
      },
    };
  }

  #ended(reason: string): void {
    this.#stream = undefined;
    if (this.#isClosed) return;
    this.#parts.lost(this.#parts.channel, reason);
    this.#tryLater();
  }

  #tryLater(): void {
    const { clock, random } = this.#parts;
    const most = this.#failures === 0 ? 0 : Math.min(retryMsMax, retryMs * 2 ** (this.#failures - 1));
    this.#failures = Math.min(this.#failures + 1, 10);
    // Half of it is chance, so that members do not meet again and again.
    this.#timer = clock.after(most * (0.5 + random.uint32() / 2 ** 33), () => this.#dial());
  }
}

const retryMs = 20;
const retryMsMax = 1_000;

const joinedBytesMax = 32_768;
/** Of all lanes: what a write leaves in it is with the system, else the buffer is the stream's. */
let joined: Buffer = Buffer.allocUnsafeSlow(joinedBytesMax);

function writeJoined(stream: Stream, parts: readonly Buffer[]): void {
  let length = 0;
  for (const part of parts) {
    joined.set(part, length);
    length += part.length;
  }
  if (!stream.write(joined.subarray(0, length))) joined = Buffer.allocUnsafeSlow(joinedBytesMax);
}

/** What waits for the network at most. The core sends no more ahead than fits into it: see raft's inflight bounds. */
const unsentBytesMax: Readonly<Record<Channel, number>> = {
  urgent: limits.peerUrgentBytesMax,
  bulk: limits.peerBulkBytesMax,
  snapshot: 4 * limits.snapshotPieceBytesMax,
};
