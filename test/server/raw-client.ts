import { once } from "node:events";
import net from "node:net";
import { type Reply, ReplyError } from "../../src/protocol/reply.ts";
import { PUSH, REPLY, ReplyDecoder } from "../../src/protocol/reply-decoder.ts";
import { encodeRequest, type RequestArgument } from "../../src/protocol/request-encoder.ts";

/** Something that should have come by now never will. */
const patienceMs = 20_000;
const star = 0x2a;

/** A client that says exactly what it is told to, right or wrong, and shows what comes back. */
export class RawClient {
  readonly socket: net.Socket;
  /** Replies that nobody has asked for yet; errors as "-ERR …". */
  readonly #replies: Reply[] = [];
  readonly #decoder = new ReplyDecoder("text");
  #text = "";
  #bytesReceived = 0;
  /** The protocol, which the first byte chooses. */
  #isText: boolean | undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect(port: number, host: string = "127.0.0.1"): Promise<RawClient> {
    const socket = net.connect({ port, host });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(bytes: string | Buffer): void {
    const buffer = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    this.#isText ??= buffer[0] !== star;
    this.socket.write(buffer);
  }

  /** Sends one command and resolves with its reply. */
  async call(...args: readonly RequestArgument[]): Promise<Reply> {
    this.send(encodeRequest(args));
    return this.reply();
  }

  /** The next reply of a RESP connection. */
  async reply(): Promise<Reply> {
    await this.until(() => this.#replies.length > 0, "a reply");
    return this.#replies.shift()!;
  }

  async replies(count: number): Promise<Reply[]> {
    await this.until(() => this.#replies.length >= count, `${count} replies`);
    return this.#replies.splice(0, count);
  }

  /** Replies that have come and were not asked for. */
  get buffered(): number {
    return this.#replies.length;
  }

  /** All of them. */
  take(): Reply[] {
    return this.#replies.splice(0);
  }

  /** The next line of a text connection. */
  async line(): Promise<string> {
    await this.until(() => this.#text.includes("\n"), "a line");
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Everything that comes until the server closes: replies, and lines of a text connection. */
  async rest(): Promise<{ readonly replies: Reply[]; readonly text: string }> {
    await this.until(() => this.#isClosed, "a close", true);
    return { replies: this.#replies.splice(0), text: this.#text };
  }

  /** Waits for a condition that a reply or the close brings about. */
  async until(condition: () => boolean, what: string, closes: boolean = false): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, patienceMs);
    while (!condition()) {
      if (isLate || (this.#isClosed && !closes)) {
        clearTimeout(timer);
        throw new Error(`waited in vain for ${what}: ${this.#state()}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#bytesReceived += chunk.length;
    if (this.#isText) {
      this.#text += chunk.toString("latin1");
    } else {
      this.#decoder.push(chunk);
      for (
        let found = this.#decoder.next();
        found === REPLY || found === PUSH;
        found = this.#decoder.next()
      ) {
        this.#replies.push(plain(this.#decoder.value));
      }
    }
    this.#wake();
  }

  #state(): string {
    const { error } = this.#decoder;
    const seen = this.#isText ? this.#text.slice(-200) : JSON.stringify(this.#replies.slice(-3));
    return `${this.#isClosed ? "closed" : "open"}, ${this.#bytesReceived} bytes received, last ${seen} ${error}`;
  }
}

/** Errors as the text that they have on the wire, so that replies compare as plain values. */
function plain(reply: Reply): Reply {
  if (reply instanceof ReplyError) return `-${reply.message}`;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}
