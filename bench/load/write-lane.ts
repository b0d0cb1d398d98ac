import net from "node:net";
import type { Duplex } from "node:stream";
import { etcdCalls } from "./etcd-requests.ts";
import { SetBatch } from "./set-batch.ts";

export type Protocol = "redis" | "etcd";

/** Sends the write of one key; its answer is told to whoever made it. */
type Send = (index: number) => void;

/** How one write after the other goes over a connection: `onAnswer` gets the error of each, or undefined. */
function writesOver(protocol: Protocol, socket: Duplex, onAnswer: (error: string | undefined) => void): Send {
  return protocol === "redis" ? redisWrites(socket, onAnswer) : etcdCalls("put", socket, onAnswer);
}

function redisWrites(socket: Duplex, onAnswer: (error: string | undefined) => void): Send {
  const set = new SetBatch(1, false);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (!text.endsWith("\r\n")) return;
    const answer = text.trimEnd();
    text = "";
    onAnswer(answer === "+OK" ? undefined : answer);
  });
  // A copy: it may still be on its way when the next connection sends the next one.
  return (index) => socket.write(Buffer.from(set.commands(index, 1)));
}

export interface LaneOptions {
  readonly protocol: Protocol;
  /** Of all members; the lane begins at the first one, its home. */
  readonly ports: readonly number[];
  /** Writes of keys from here on, each once. */
  readonly firstIndex: number;
  readonly paceMs: number;
}

/** A member that does not answer for so long is left for the next one, on either side. */
const answerMs = 500;
/** Between two tries to connect: all members may be away for a moment. */
const retryMs = 5;

/**
 * A client that writes one key after the other and waits for each answer. Where a connection breaks, a write is refused
 * or no answer comes, it repeats the same write at the next member until it is acknowledged, as a client does that
 * wants its write done. It knows how long it ever went without an acknowledgement.
 */
export class WriteLane {
  readonly #options: LaneOptions;
  #socket: net.Socket | undefined;
  #send: Send | undefined;
  #port = 0;
  #isWaiting = false;
  #isGoingHome = false;
  #isStopping = false;
  #lastMs = performance.now();
  #patience: NodeJS.Timeout | undefined;
  acknowledged = 0;
  /** Since they were last set back. */
  longestMs = 0;
  errors = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#connect();
  }

  get isHome(): boolean {
    return this.#port === 0 && this.#send !== undefined && !this.#isGoingHome;
  }

  get isStopped(): boolean {
    return this.#isStopping && !this.#isWaiting;
  }

  /** Back to the first member, with the next write. */
  goHome(): void {
    this.#isGoingHome = this.#port !== 0;
  }

  /** Ends with the write that is on its way. */
  stop(): void {
    this.#isStopping = true;
  }

  #connect(): void {
    const port = this.#options.ports[this.#port]!;
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    socket.on("error", () => {});
    socket.once("close", () => {
      if (socket === this.#socket) this.#failed();
    });
    socket.once("connect", () => {
      this.#send = writesOver(this.#options.protocol, socket, (error) => {
        if (socket !== this.#socket) return;
        if (error === undefined) this.#answered();
        else this.#failed();
      });
      if (!this.isStopped) this.#write();
    });
    this.#waitFor(socket);
  }

  #waitFor(socket: net.Socket): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => socket === this.#socket && this.#failed(), answerMs);
  }

  #write(): void {
    this.#isWaiting = true;
    this.#waitFor(this.#socket!);
    this.#send!(this.#options.firstIndex + this.acknowledged);
  }

  #answered(): void {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.acknowledged++;
    this.#isWaiting = false;
    clearTimeout(this.#patience);
    setTimeout(() => this.#next(), this.#options.paceMs);
  }

  #next(): void {
    // The connection broke meanwhile, and the next one has written already.
    if (this.#isWaiting) return;
    if (this.#isStopping) this.#leave();
    else if (this.#isGoingHome) this.#goTo(0);
    else if (this.#send !== undefined) this.#write();
  }

  #failed(): void {
    this.errors++;
    this.#leave();
    // Where it stopped, the write that is on its way is still to be acknowledged.
    if (this.isStopped) return;
    setTimeout(() => this.#goTo((this.#port + 1) % this.#options.ports.length), retryMs);
  }

  #goTo(port: number): void {
    this.#leave();
    this.#port = port;
    if (port === 0) this.#isGoingHome = false;
    this.#connect();
  }

  #leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#send = undefined;
    clearTimeout(this.#patience);
    socket?.destroy();
  }
}
