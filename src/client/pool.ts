import { Fifo } from "../base/fifo.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Connection } from "./connection.ts";
import { KvClientError } from "./errors.ts";
import type { Open } from "./lane.ts";

/** How many connections to one node are lent out, and kept. */
export interface PoolOptions {
  /** Kept open, and opened in advance by `connect()`; 0 by default. */
  readonly min?: number;
  /** Kept when they come back; 10 by default. */
  readonly max?: number;
  /** Open at most; 100 by default. Whoever wants one more waits. */
  readonly maxOpen?: number;
  /** One that nobody has used for so long, in ms, is closed, but for `min` of them; a minute by default. */
  readonly idleTimeout?: number;
  /** Callers that may wait for a connection; 1,000 by default. */
  readonly maxWaiting?: number;
  /** How long they wait, in ms; 5 s by default. */
  readonly acquireTimeout?: number;
}

export const poolDefaults: Required<PoolOptions> = {
  min: 0,
  max: 10,
  maxOpen: 100,
  idleTimeout: 60_000,
  maxWaiting: 1_000,
  acquireTimeout: 5_000,
};

interface Asker {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: Error) => void;
  timer: Timer | undefined;
  isOver: boolean;
}

/** How often idle connections are looked at. */
const sweepMs = 1_000;

/**
 * Connections to one node that are lent to one caller at a time. A connection is in one of these places:
 *
 *     opening ──► lent ⇄ #idle (the last that came back goes out first)
 *                  └── closed: it broke, or `max` are kept already
 */
export class ConnectionPool {
  readonly #options: Required<PoolOptions>;
  readonly #open: Open;
  readonly #clock: Clock;
  /** The one that came back last is the last. */
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  readonly #lent = new Set<Connection>();
  #opening = 0;
  readonly #askers = new Fifo<Asker>();
  /** Those of #askers that still wait. */
  #waiting = 0;
  #sweep: Timer | undefined;
  #isClosed = false;

  constructor(open: Open, clock: Clock, options: PoolOptions = {}) {
    this.#options = { ...poolDefaults, ...options };
    this.#open = open;
    this.#clock = clock;
  }

  /** Connections that are open, or about to be. */
  get size(): number {
    return this.#idle.length + this.#lent.size + this.#opening;
  }

  /** Those that somebody has, or waits for. */
  get inUse(): number {
    return this.#lent.size + this.#opening;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Opens connections until there are `min`, which is seen to from then on; rejects where one cannot be opened. */
  async warmUp(): Promise<void> {
    if (this.#isClosed) throw closed();
    if (this.#options.min > 0) this.#startSweep();
    const missing = Math.max(0, this.#options.min - this.size);
    const opened = await Promise.allSettled(Array.from({ length: missing }, () => this.#connect()));
    for (const one of opened) if (one.status === "fulfilled") this.release(one.value);
    const failed = opened.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * A connection for the caller alone, until `release`. Rejects with KvClientError: BUSY where too many wait or it takes
   * too long, CLOSED where the pool is closed, and why no connection can be opened.
   */
  async acquire(): Promise<Connection> {
    if (this.#isClosed) throw closed();
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.connection.isOpen) return this.#lend(last.connection);
    }
    if (this.size < this.#options.maxOpen) return this.#connect();
    return this.#wait();
  }

  /** Gives a connection back. One that is not to be used again is closed with `isSpoilt`. */
  release(connection: Connection, isSpoilt: boolean = false): void {
    if (!this.#lent.delete(connection)) return;
    if (!connection.isOpen || isSpoilt || this.#isClosed) {
      void connection.close();
      this.#serveWithNew();
      return;
    }
    const asker = this.#nextAsker();
    if (asker !== undefined) asker.resolve(this.#lend(connection));
    else if (this.#idle.length < this.#options.max) this.#keep(connection);
    else void connection.close();
  }

  /** Those that are lent go on, and are closed when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.cancel();
    for (let asker = this.#nextAsker(); asker !== undefined; asker = this.#nextAsker())
      asker.reject(closed());
    await Promise.all(this.#idle.splice(0).map(({ connection }) => connection.close()));
  }

  destroy(error: Parameters<Connection["destroy"]>[0]): void {
    void this.close();
    for (const connection of this.#lent) connection.destroy(error);
    this.#lent.clear();
  }

  async #connect(): Promise<Connection> {
    this.#opening++;
    let connection: Connection | undefined;
    try {
      connection = await this.#open(() => this.#lost(connection));
    } finally {
      this.#opening--;
      // The place is free again for whoever is next in the line, and may be told the same.
      if (connection === undefined) this.#serveWithNew();
    }
    if (!this.#isClosed) return this.#lend(connection);
    void connection.close();
    throw closed();
  }

  #lend(connection: Connection): Connection {
    connection.isLent = true;
    this.#lent.add(connection);
    return connection;
  }

  #keep(connection: Connection): void {
    connection.isLent = false;
    this.#idle.push({ connection, sinceMs: this.#clock.monotonicMs() });
    this.#startSweep();
  }

  #startSweep(): void {
    this.#sweep ??= this.#clock.every(sweepMs, () => this.#keepToBounds());
  }

  /** One that broke while it was idle; one that is lent comes back by its borrower. */
  #lost(connection: Connection | undefined): void {
    const at = this.#idle.findIndex((one) => one.connection === connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Closes what nobody has used for long, down to `min`; opens what is missing to that. */
  #keepToBounds(): void {
    const { min, idleTimeout } = this.#options;
    const before = this.#clock.monotonicMs() - idleTimeout;
    while (this.#idle.length > 0 && this.#idle[0]!.sinceMs <= before && this.size > min) {
      void this.#idle.shift()!.connection.close();
    }
    // Where none can be opened the next sweep tries again.
    if (this.size < min) this.warmUp().catch(() => {});
    if (this.#idle.length > 0 || min > 0) return;
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  #wait(): Promise<Connection> {
    const { maxWaiting, acquireTimeout, maxOpen } = this.#options;
    if (this.#waiting >= maxWaiting) {
      throw new KvClientError("BUSY", `${maxWaiting} callers wait for a connection already`);
    }
    return new Promise((resolve, reject) => {
      const asker: Asker = { resolve, reject, timer: undefined, isOver: false };
      asker.timer = this.#clock.after(acquireTimeout, () => {
        this.#settled(asker);
        // All wait equally long, so whoever is over stands in front.
        while (this.#askers.peek()?.isOver) this.#askers.shift();
        reject(new KvClientError("BUSY", `all ${maxOpen} connections were in use for ${acquireTimeout} ms`));
      });
      this.#askers.push(asker);
      this.#waiting++;
    });
  }

  /** In the place of one that was closed. */
  #serveWithNew(): void {
    if (this.#isClosed || this.size >= this.#options.maxOpen) return;
    const asker = this.#nextAsker();
    if (asker !== undefined) this.#connect().then(asker.resolve, asker.reject);
  }

  #nextAsker(): Asker | undefined {
    for (let asker = this.#askers.shift(); asker !== undefined; asker = this.#askers.shift()) {
      if (asker.isOver) continue;
      this.#settled(asker);
      return asker;
    }
    return undefined;
  }

  #settled(asker: Asker): void {
    asker.isOver = true;
    asker.timer?.cancel();
    this.#waiting--;
  }
}

function closed(): KvClientError {
  return new KvClientError("CLOSED", "the pool is closed");
}
