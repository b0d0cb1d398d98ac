/** Byte streams. The real twin is in net-system.ts. */
export interface StreamHandler {
  /**
   * Bytes [0, length) of `buffer` arrived. The buffer is shared by all streams: it holds these bytes
   * until this returns. False: read no more until `resume`.
   */
  received(buffer: Buffer, length: number): boolean;
  /** Everything that `write` took has been sent. */
  drained(): void;
  /** The other side will send no more (it may still read). */
  ended(): void;
  /** The stream is gone; no call follows. `error` is undefined after an orderly close. */
  closed(error: Error | undefined): void;
}

export interface Stream {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /**
   * Sends bytes. True: they are with the operating system, and the buffer is the caller's again.
   * False: the stream keeps the buffer until it has sent it.
   */
  write(bytes: Buffer): boolean;
  /** Sends several buffers one behind the other, in one call of the system where that is possible. As `write`. */
  writeAll(parts: readonly Buffer[]): boolean;
  /** Bytes taken by `write` and not sent yet. */
  readonly unsentBytes: number;
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface Listener {
  /** The port listened on: the chosen one where 0 was asked for. */
  readonly port: number;
  /** Takes no more connections; those that are there go on. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** TCP keep-alive probes after this much silence. */
  readonly keepAliveMs: number;
  /** What chooses the address, for the one who is told that it cannot be had; --listen where absent. */
  readonly flag?: string;
  /** Makes the handler for a new stream. */
  accept(stream: Stream): StreamHandler;
}

export interface Net {
  /** Rejects with KvorumError where the address is taken or not allowed. */
  listen(options: ListenOptions): Promise<Listener>;
}
