import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { changesConnection, isRead } from "./call.ts";
import type { Connection } from "./connection.ts";
import { answeredError, ConnectionError, KvClientError } from "./errors.ts";
import type { ReadOptions } from "./keyspace.ts";
import { aborted } from "./patience.ts";
import type { ConnectionPool } from "./pool.ts";

export interface AcquireOptions {
  /**
   * "HOST:PORT" of the node to connect to, as it is reached from here; the leader's by default, or whoever is there while none
   * is known. One that could not be reached a moment ago is not tried at once: UNREACHABLE.
   */
  readonly node?: string;
  /** How long it may take to get it, in ms, within what `connectTimeout` and the pool allow; 0, by default: no less. */
  readonly timeout?: number;
  /** Ends the wait for it; what it is used for has its own. */
  readonly signal?: AbortSignal;
}

/**
 * A connection to one node for one caller alone, from `acquire()` to `release()`: for WATCH, MULTI, and whatever else
 * changes a connection. Nothing is tried again here, and nothing goes to another node.
 */
export class Lease {
  readonly #pool: ConnectionPool;
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #wrote: () => void;
  #isSpoilt = false;
  #isReleased = false;

  /** `timeoutMs`: for calls that name none; 0: none. `wrote` is told of every write that was applied. */
  constructor(pool: ConnectionPool, connection: Connection, timeoutMs: number, wrote: () => void) {
    this.#wrote = wrote;
    this.#pool = pool;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** "127.0.0.1:6379" */
  get address(): string {
    return this.#connection.address;
  }

  /** Whether it stands, and takes commands. */
  get isOpen(): boolean {
    return !this.#isReleased && this.#connection.isOpen;
  }

  /** Sends one command. Rejects with KvClientError, also for an error that the server answers. */
  call(...words: readonly RequestArgument[]): Promise<Reply> {
    return this.send(words);
  }

  /** The same, with options. Without a timeout of its own it may take as long as the client's says. */
  async send(
    words: readonly RequestArgument[],
    options: Pick<ReadOptions, "as" | "timeout" | "signal"> = {},
  ): Promise<Reply> {
    const { as, timeout = this.#timeoutMs, signal } = options;
    if (this.#isReleased) throw new KvClientError("CLOSED", "the connection was released");
    if (signal?.aborted) throw aborted(signal);
    if (changesConnection(words)) this.#isSpoilt = true;
    const reply = await this.#connection
      .call(words, { deadlineMs: timeout, bulkForm: as, signal })
      .catch((error: unknown) => {
        // It still owes a reply.
        this.#isSpoilt = true;
        if (!(error instanceof ConnectionError)) throw error;
        throw new KvClientError(error.code, error.message, error.applied, { cause: error });
      });
    const error = reply instanceof ReplyError ? answeredError(reply, false) : undefined;
    // EXEC, too, may have written; to believe so of what has not costs a question.
    if (!isRead(words) && (error === undefined || error.applied === "yes")) this.#wrote();
    if (error !== undefined) throw error;
    return reply;
  }

  /** Gives the connection back; one that was changed (SELECT, WATCH, …) is closed. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pool.release(this.#connection, this.#isSpoilt);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
