import { limits } from "../base/limits.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import { aliveFrame } from "./codec.ts";
import { PeerDecoder } from "./decoder.ts";
import type { Hello } from "./hello.ts";
import type { Ends } from "./layouts.ts";
import type { PeerMessage } from "./message.ts";

/** A channel that another member has opened to this one: messages come in, and now and then a word goes back. */
export class Incoming implements StreamHandler {
  readonly hello: Hello;
  readonly #stream: Stream;
  readonly #decoder: PeerDecoder;
  readonly #onClosed: (incoming: Incoming, reason: string) => void;
  #silentTicks = 0;
  #isOver = false;

  constructor(
    stream: Stream,
    hello: Hello,
    ends: Ends,
    take: (message: PeerMessage) => void,
    onClosed: (incoming: Incoming, reason: string) => void,
  ) {
    this.hello = hello;
    this.#stream = stream;
    this.#onClosed = onClosed;
    this.#decoder = new PeerDecoder(ends, (message) => {
      if (!this.#isOver && message.type !== "alive") take(message);
    });
  }

  received(buffer: Buffer, length: number): boolean {
    this.#silentTicks = 0;
    if (!this.#isOver && !this.#decoder.push(buffer.subarray(0, length))) this.close(this.#decoder.damage!);
    return !this.#isOver;
  }

  tick(): void {
    if (++this.#silentTicks > limits.peerSilentTicksMax) this.close("nothing was heard from it");
    else if (this.#stream.unsentBytes === 0) this.#stream.write(aliveFrame);
  }

  drained(): void {}

  ended(): void {
    this.close("it closed the connection");
  }

  closed(error: Error | undefined): void {
    this.close(error?.message ?? "it closed the connection");
  }

  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.destroy();
    this.#onClosed(this, reason);
  }
}
