import { once } from "node:events";
import net from "node:net";
import { ReplyFrames } from "./reply-tree.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a server answered to one turn. */
export interface Answer {
  /** Raw replies in the order in which they came. */
  readonly replies: readonly Buffer[];
  /** "stalled": replies are missing although the connection is open. */
  readonly end: "open" | "closed" | "stalled";
}

/** Nothing in a conversation takes longer, by far. */
const patienceMs = 5_000;

/** One connection to a server, as raw as a client can be. */
export class Link {
  readonly #socket: net.Socket;
  readonly #frames = new ReplyFrames();
  #replies: Buffer[] = [];
  #isClosed = false;
  #wake = (): void => {};

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#replies.push(...this.#framesOf(chunk));
      this.#wake();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open({ host, port }: Address): Promise<Link> {
    const socket = net.connect(port, host);
    await once(socket, "connect");
    return new Link(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Writes chunk by chunk, with a turn of the event loop between them. */
  async send(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.#isClosed) return;
      this.#socket.write(chunk);
      if (chunks.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits for so many replies, or for the end of the connection. */
  async take(count: number): Promise<Answer> {
    const inTime = await this.#until(() => this.#replies.length >= count || this.#isClosed);
    const end = this.#isClosed ? "closed" : inTime ? "open" : "stalled";
    return { replies: this.#replies.splice(0, end === "open" ? count : this.#replies.length), end };
  }

  /** Waits for the end of the connection, and takes everything that came before it. */
  async takeAll(): Promise<Answer> {
    const inTime = await this.#until(() => this.#isClosed);
    return { replies: this.#replies.splice(0), end: inTime ? "closed" : "stalled" };
  }

  close(): void {
    this.#socket.destroy();
  }

  /** What is no reply is shown as it is: it differs from whatever the other server says. */
  #framesOf(chunk: Buffer): Buffer[] {
    try {
      return this.#frames.push(chunk);
    } catch {
      const { rest } = this.#frames;
      this.#socket.destroy();
      return [rest];
    }
  }

  /** Whether the condition came true in time. */
  async #until(condition: () => boolean): Promise<boolean> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake();
    }, patienceMs);
    while (!condition() && !isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
    return condition();
  }
}
