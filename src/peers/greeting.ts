import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import type { ConnectHandler } from "../platform/net-connect.ts";
import { Handshake, type Judgement } from "./handshake.ts";
import type { Hello } from "./hello.ts";

export interface GreetingParts {
  readonly own: Hello;
  readonly secret: string;
  readonly clock: Clock;
  judge(theirs: Hello): Judgement;
  /** Both know each other. Returns who takes the connection over. */
  opened(stream: Stream, theirs: Hello): StreamHandler;
  /** It never came about. Comes once, instead of `opened`. */
  failed(failure: GreetingFailure): void;
}

export interface GreetingFailure {
  readonly reason: string;
  /** Nobody listens there: the process is gone. */
  readonly isRefusal: boolean;
  /** Of the other side, as far as it had come. */
  readonly theirs: Hello | undefined;
}

/** The beginning of a connection between members, up to where it is handed over. */
export class Greeting implements ConnectHandler {
  readonly #parts: GreetingParts;
  readonly #handshake: Handshake;
  readonly #timer: Timer;
  #stream: Stream | undefined;
  /** Said before there was a stream. */
  #unsaid = "";
  #pending: Buffer = Buffer.alloc(0);
  #isTaking = false;
  #heir: StreamHandler | undefined;
  #isOver = false;

  constructor(role: "dialer" | "acceptor", parts: GreetingParts) {
    this.#parts = parts;
    const { own, secret, clock } = parts;
    this.#timer = clock.after(limits.peerGreetingMsMax, () =>
      this.#fail(`it did not introduce itself within ${limits.peerGreetingMsMax} ms`),
    );
    this.#handshake = new Handshake(role, {
      own,
      secret,
      judge: (theirs) => parts.judge(theirs),
      say: (line) => this.#say(line),
    });
  }

  /** An accepted stream; a dialed one is given before it is connected. */
  use(stream: Stream): this {
    this.#stream = stream;
    return this;
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#isOver = true;
    this.#timer.cancel();
    this.#stream?.destroy();
  }

  connected(): void {
    this.#stream!.write(Buffer.from(this.#unsaid));
    this.#unsaid = "";
  }

  received(buffer: Buffer, length: number): boolean {
    if (this.#heir !== undefined) return this.#heir.received(buffer, length);
    if (this.#isOver) return true;
    this.#pending = Buffer.concat([this.#pending, buffer.subarray(0, length)]);
    if (!this.#isTaking) void this.#takeLines();
    return true;
  }

  drained(): void {
    this.#heir?.drained();
  }

  ended(): void {
    if (this.#heir !== undefined) this.#heir.ended();
    else this.#fail("it closed the connection");
  }

  closed(error: Error | undefined): void {
    if (this.#heir !== undefined) {
      this.#heir.closed(error);
      return;
    }
    const isRefusal = (error as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED";
    this.#fail(
      isRefusal ? "nothing listens there" : (error?.message ?? "it closed the connection"),
      isRefusal,
    );
  }

  async #takeLines(): Promise<void> {
    this.#isTaking = true;
    const handshake = this.#handshake;
    while (!this.#isOver && !handshake.isDone && handshake.refusal === undefined) {
      const end = this.#pending.indexOf(10);
      if (end < 0 || end > limits.peerLineBytesMax) break;
      const line = this.#pending.toString("utf8", 0, end);
      this.#pending = this.#pending.subarray(end + 1);
      await handshake.take(line);
    }
    this.#isTaking = false;
    if (this.#isOver) return;
    if (handshake.refusal !== undefined)
      this.#fail(handshake.isRefusedByThem ? `it refuses: ${handshake.refusal}` : handshake.refusal);
    else if (handshake.isDone) this.#handOver();
    else if (this.#pending.length > limits.peerLineBytesMax) this.#fail("no member speaks like that");
  }

  #handOver(): void {
    this.#isOver = true;
    this.#timer.cancel();
    this.#heir = this.#parts.opened(this.#stream!, this.#handshake.theirs!);
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (rest.length > 0 && !this.#heir.received(rest, rest.length)) this.#stream!.pause();
  }

  #say(line: string): void {
    if (this.#stream === undefined) this.#unsaid += `${line}\n`;
    else this.#stream.write(Buffer.from(`${line}\n`));
  }

  #fail(reason: string, isRefusal = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    // What was said last is to arrive.
    this.#stream?.end();
    this.#parts.failed({ reason, isRefusal, theirs: this.#handshake.theirs });
  }
}
