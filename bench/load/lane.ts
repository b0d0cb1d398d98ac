import type { Duplex } from "node:stream";
import { valueBytes } from "./set-batch.ts";

export interface LaneRequest {
  readonly bytes: Buffer;
  readonly kind: "set" | "get";
  /** When it was to be sent, whether or not it was. */
  readonly intendedMs: number;
}

const plus = 43;
const minus = 45;
const dollar = 36;
/** How a right answer begins, and its length: keys exist, and every value has the same size. */
const answers = {
  set: { firstByte: plus, bytes: "+OK\r\n".length },
  get: { firstByte: dollar, bytes: `$${valueBytes}\r\n\r\n`.length + valueBytes },
} as const;

/** Requests that may wait on one connection: minutes of any load that makes sense. */
const waitingMax = 1 << 16;

/** One connection of an open load: requests go out whether or not earlier ones were answered. */
export class Lane {
  readonly #socket: Duplex;
  readonly #onAnswer: (latencyMs: number) => void;
  /** A ring: requests sent, not answered. */
  readonly #intendedMs: Float64Array = new Float64Array(waitingMax);
  readonly #isGet: Uint8Array = new Uint8Array(waitingMax);
  #sent = 0;
  #answered = 0;
  /** Bytes still to come of the answer that has begun. */
  #bytesLeft = 0;

  constructor(socket: Duplex, onAnswer: (latencyMs: number) => void) {
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk, performance.now()));
  }

  get isIdle(): boolean {
    return this.#sent === this.#answered;
  }

  send({ bytes, kind, intendedMs }: LaneRequest): void {
    if (this.#sent - this.#answered === waitingMax) throw new Error("the server does not answer");
    const place = this.#sent++ % waitingMax;
    this.#intendedMs[place] = intendedMs;
    this.#isGet[place] = kind === "get" ? 1 : 0;
    this.#socket.write(bytes);
  }

  #receive(chunk: Buffer, nowMs: number): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bytesLeft === 0) this.#bytesLeft = this.#begin(chunk, at);
      const taken = Math.min(this.#bytesLeft, chunk.length - at);
      at += taken;
      this.#bytesLeft -= taken;
      if (this.#bytesLeft === 0) this.#onAnswer(nowMs - this.#intendedMs[this.#answered++ % waitingMax]!);
    }
  }

  /** The length of the answer that begins here. */
  #begin(chunk: Buffer, at: number): number {
    const answer = this.#isGet[this.#answered % waitingMax] === 1 ? answers.get : answers.set;
    const isMiss = chunk[at] === dollar && chunk[at + 1] === minus;
    if (this.isIdle || chunk[at] !== answer.firstByte || isMiss) {
      throw new Error(`an unexpected answer: ${JSON.stringify(chunk.toString("latin1", at, at + 200))}`);
    }
    return answer.bytes;
  }
}
