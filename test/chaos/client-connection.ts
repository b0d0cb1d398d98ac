import net from "node:net";
import type { Reply } from "../../src/protocol/reply.ts";
import { REPLY, ReplyDecoder } from "../../src/protocol/reply-decoder.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";

/** One connection of a client; replies come in the order of what was sent. */
export class ClientConnection {
  readonly node: string;
  readonly #socket: net.Socket;
  readonly #decoder = new ReplyDecoder("text");
  #waiting: ((reply: Reply | undefined) => void)[] = [];
  isOpen = true;
  /** There is somebody at the other end: what is sent may arrive. */
  isConnected = false;

  constructor(node: string, address: { readonly host: string; readonly port: number }) {
    this.node = node;
    this.#socket = net.connect({ ...address, noDelay: true });
    this.#socket.on("connect", () => {
      this.isConnected = true;
    });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.close());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls back with the reply; undefined where the connection ends without one. */
  send(words: readonly string[], answered: (reply: Reply | undefined) => void): void {
    this.#waiting.push(answered);
    this.#socket.write(encodeRequest(words.map((word) => Buffer.from(word, "latin1"))));
  }

  call(...words: readonly string[]): Promise<Reply | undefined> {
    return new Promise((resolve) => this.send(words, resolve));
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.isConnected = false;
    this.#socket.destroy();
    for (const answered of this.#waiting.splice(0)) answered(undefined);
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk);
    while (this.#decoder.next() === REPLY) this.#waiting.shift()?.(this.#decoder.value);
  }
}
