import type { Connection } from "./connection.ts";
import { ConnectionError } from "./errors.ts";
import type { Waiter } from "./waiter.ts";

/** Opens a connection for a lane; rejects with ConnectionError. */
export type Open = (onClosed: (error: ConnectionError | undefined) => void) => Promise<Connection>;

/**
 * One connection that everybody shares who wants the same of a node. It is opened when somebody wants it, and those who
 * come meanwhile wait for it together.
 */
export class Lane {
  readonly #open: Open;
  #connection: Connection | undefined;
  #opening: Promise<ConnectionError | undefined> | undefined;
  #waiting: Waiter[] = [];
  #isClosed = false;
  /** Used since this was last asked. */
  #wasUsed = false;

  constructor(open: Open) {
    this.#open = open;
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** The waiter hears of it: the replies, or why there are none. */
  send(waiter: Waiter): void {
    this.#wasUsed = true;
    const connection = this.#connection;
    if (connection?.isOpen) {
      const refusal = connection.send(waiter);
      if (refusal !== undefined) waiter.failed(refusal);
    } else if (this.#isClosed) waiter.failed(closed());
    else {
      this.#waiting.push(waiter);
      void this.open();
    }
  }

  /** Resolves when it is open; with why, where it cannot be opened now. */
  open(): Promise<ConnectionError | undefined> {
    if (this.isOpen) return Promise.resolve(undefined);
    if (this.#isClosed) return Promise.resolve(closed());
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Whether nobody has used it since this was last asked. */
  isIdle(): boolean {
    const isIdle = !this.#wasUsed && this.#opening === undefined && (this.#connection?.inFlight ?? 0) === 0;
    this.#wasUsed = false;
    return isIdle;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await this.#connection?.close();
  }

  destroy(error: ConnectionError): void {
    this.#isClosed = true;
    this.#failWaiting(error);
    this.#connection?.destroy(error);
  }

  async #connect(): Promise<ConnectionError | undefined> {
    try {
      const connection = await this.#open(() => {
        this.#connection = undefined;
      });
      if (this.#isClosed) connection.destroy(closed());
      if (!connection.isOpen) throw closed();
      this.#opened(connection);
      return undefined;
    } catch (error) {
      this.#failWaiting(error as ConnectionError);
      return error as ConnectionError;
    }
  }

  #opened(connection: Connection): void {
    this.#connection = connection;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) if (!waiter.isOver) this.send(waiter);
  }

  #failWaiting(error: ConnectionError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.failed(error);
  }
}

/** Nothing was sent: who asked may ask elsewhere. */
function closed(): ConnectionError {
  return new ConnectionError("CLOSED", "the connection is not used any more");
}
