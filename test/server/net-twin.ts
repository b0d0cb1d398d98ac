import { limits } from "../../src/base/limits.ts";
import type { Listener, ListenOptions, Net, Stream, StreamHandler } from "../../src/platform/net.ts";
import type { Chance } from "../differential/chance.ts";

/**
 * A network in memory that is as unpleasant as the contract allows: it overwrites the shared buffer when
 * `received` returns, and by chance it delivers any split of the bytes and takes any part of a write at once.
 * Without chance it delivers and takes all there is.
 */
export class NetTwin implements Net {
  readonly #chance: Chance | undefined;
  readonly #streams: StreamTwin[] = [];
  readonly #buffer = Buffer.alloc(limits.receiveBytes);
  #accept: ((stream: Stream) => StreamHandler) | undefined;

  constructor(chance?: Chance) {
    this.#chance = chance;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    this.#accept = options.accept;
    return {
      port: 1,
      close: async () => {
        this.#accept = undefined;
      },
    };
  }

  connect(): ClientTwin {
    const stream = new StreamTwin(this.#chance, this.#buffer);
    stream.handler = this.#accept!(stream);
    this.#streams.push(stream);
    return stream.client;
  }

  /** One turn's input and output of all streams. False: there was none. */
  turn(): boolean {
    let isBusy = false;
    for (const stream of this.#streams) isBusy = stream.turn() || isBusy;
    return isBusy;
  }
}

/** The client's end of a stream. */
export class ClientTwin {
  readonly replies: Buffer[] = [];
  /** Set to false, the client takes no replies. */
  isReading = true;
  isClosed = false;
  /** What it sent and the server has not read. */
  unread: Buffer = Buffer.alloc(0);
  hasEnded = false;

  send(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
  }

  /** It will send no more, and still reads. */
  end(): void {
    this.hasEnded = true;
  }

  get received(): Buffer {
    return Buffer.concat(this.replies);
  }
}

class StreamTwin implements Stream {
  readonly remoteAddress = "client:1";
  readonly localAddress = "server:1";
  readonly client: ClientTwin = new ClientTwin();
  handler!: StreamHandler;

  readonly #chance: Chance | undefined;
  readonly #buffer: Buffer;
  /** Bytes of the writer that are not sent: kept, not copied, as the system does. */
  #unsent: Buffer[] = [];
  #isPaused = false;
  #saidEnd = false;
  #isEnding = false;
  #isDestroyed = false;

  constructor(chance: Chance | undefined, buffer: Buffer) {
    this.#chance = chance;
    this.#buffer = buffer;
  }

  get unsentBytes(): number {
    return this.#unsent.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  write(bytes: Buffer): boolean {
    if (this.#isEnding || this.#isDestroyed) return true;
    const isIdle = this.#unsent.length === 0 && this.client.isReading;
    const sent = isIdle ? this.#partOf(bytes.length) : 0;
    if (sent > 0) this.client.replies.push(Buffer.from(bytes.subarray(0, sent)));
    if (sent === bytes.length) return true;
    this.#unsent.push(bytes.subarray(sent));
    return false;
  }

  writeAll(parts: readonly Buffer[]): boolean {
    return this.write(Buffer.concat(parts));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  end(): void {
    this.#isEnding = true;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#unsent = [];
  }

  turn(): boolean {
    if (this.client.isClosed) return false;
    const wasBusy = this.#sendSome();
    if (this.#isDestroyed || (this.#isEnding && this.#unsent.length === 0)) {
      this.client.isClosed = true;
      this.handler.closed(undefined);
      return true;
    }
    return this.#receiveSome() || wasBusy;
  }

  #sendSome(): boolean {
    if (this.#unsent.length === 0 || !this.client.isReading) return false;
    const first = this.#unsent[0]!;
    const sent = this.#partOf(first.length);
    this.client.replies.push(Buffer.from(first.subarray(0, sent)));
    if (sent < first.length) this.#unsent[0] = first.subarray(sent);
    else this.#unsent.shift();
    if (this.#unsent.length === 0 && !this.#isEnding) this.handler.drained();
    return true;
  }

  #receiveSome(): boolean {
    const { client } = this;
    if (this.#isPaused) return false;
    if (client.unread.length > 0) {
      const length = Math.min(client.unread.length, this.#chunkLength());
      client.unread.copy(this.#buffer, 0, 0, length);
      client.unread = client.unread.subarray(length);
      if (!this.handler.received(this.#buffer, length)) this.#isPaused = true;
      this.#buffer.fill(0xee, 0, length);
      return true;
    }
    if (!client.hasEnded || this.#saidEnd) return false;
    this.#saidEnd = true;
    this.handler.ended();
    return true;
  }

  #partOf(length: number): number {
    return this.#chance?.percent(30) ? this.#chance.below(length + 1) : length;
  }

  /** Often a handful of bytes, often all there is. */
  #chunkLength(): number {
    if (this.#chance === undefined) return limits.receiveBytes;
    const most = [8, 100, 5_000, limits.receiveBytes][this.#chance.below(4)]!;
    return 1 + this.#chance.below(most);
  }
}
