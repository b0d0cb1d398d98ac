import { type Address, formatAddress } from "../base/address.ts";
import { ask } from "./ask.ts";
import { Breaker } from "./breaker.ts";
import { type Connection, dialled, type Outside } from "./connection.ts";
import type { Consistency } from "./consistency.ts";
import { asConfigured } from "./consistency.ts";
import { ConnectionError } from "./errors.ts";
import { Lane, type Open } from "./lane.ts";
import type { Settings } from "./options.ts";
import { ConnectionPool } from "./pool.ts";

export interface NodeParts {
  readonly settings: Settings;
  readonly outside: Outside;
  readonly chance: () => number;
  /** A connection came about, could not, or was lost (undefined: it was closed). */
  readonly onConnected: (node: ClientNode) => void;
  readonly onUnreachable: (node: ClientNode, error: ConnectionError) => void;
  readonly onLost: (node: ClientNode, error: ConnectionError | undefined) => void;
}

/** One address, with all connections to it, and what has been seen of whoever answers there. */
export class ClientNode {
  readonly address: Address;
  /** "127.0.0.1:6379" */
  readonly name: string;
  readonly breaker: Breaker;
  readonly pool: ConnectionPool;
  /** Operations that were sent there and are not over. */
  inFlight = 0;
  /** How long it takes to answer a trifle, smoothed; 0: not known. */
  latencyMs = 0;
  /** All writes up to this revision are known to be applied there. */
  appliedRevision = 0;
  /** How often it may have become another one, which knows less. */
  lives = 0;
  readonly #parts: NodeParts;
  /** Connections that stand. */
  #connections = 0;
  /** Those that do not stand yet. */
  readonly #opening = new Set<Connection>();
  /** Why the last one did not come about. */
  #failure: ConnectionError | undefined;
  #isProbing = false;
  #isClosed = false;
  readonly #lanes = new Map<string, Lane>();

  constructor(address: Address, parts: NodeParts) {
    this.address = address;
    this.name = formatAddress(address);
    this.#parts = parts;
    this.breaker = new Breaker(parts.chance);
    this.pool = new ConnectionPool(
      this.#opener(asConfigured, true),
      parts.outside.clock,
      parts.settings.pool,
    );
  }

  get isResting(): boolean {
    return this.breaker.isResting(this.#parts.outside.clock.monotonicMs());
  }

  /** The shared connection whose state is this. */
  lane(consistency: Consistency): Lane {
    let lane = this.#lanes.get(consistency.key);
    if (lane === undefined) {
      lane = new Lane(this.#opener(consistency, false));
      this.#lanes.set(consistency.key, lane);
    }
    return lane;
  }

  /** After a rest: whether it answers again. */
  async probe(consistency: Consistency): Promise<void> {
    const { clock } = this.#parts.outside;
    if (!this.breaker.tries(clock.monotonicMs())) return;
    this.#isProbing = true;
    try {
      const lane = this.lane(consistency);
      // That it could not be opened has been noted.
      if ((await lane.open()) !== undefined) return;
      await ask(lane, ["PING"]);
      this.breaker.succeeded();
    } catch {
      this.breaker.failed(clock.monotonicMs());
    } finally {
      this.#isProbing = false;
    }
  }

  /** How long it took to answer. */
  answeredIn(ms: number): void {
    this.latencyMs = this.latencyMs === 0 ? ms : this.latencyMs * 0.8 + ms * 0.2;
  }

  /** Closes shared connections that nobody has used since the last time. */
  sweep(): void {
    for (const [key, lane] of this.#lanes) {
      if (!lane.isIdle()) continue;
      this.#lanes.delete(key);
      void lane.close();
    }
  }

  /** No connection comes about any more, nor is one waited for that is coming about. */
  async close(): Promise<void> {
    this.#endOpening(this.#closed());
    await Promise.all([this.pool.close(), ...[...this.#lanes.values()].map((lane) => lane.close())]);
  }

  destroy(error: ConnectionError): void {
    this.#endOpening(error);
    this.pool.destroy(error);
    for (const lane of this.#lanes.values()) lane.destroy(error);
  }

  /** Connections of a certain state, as the breaker allows them. */
  #opener(consistency: Consistency, isPatient: boolean): Open {
    const { settings, outside, onConnected, onUnreachable, onLost } = this.#parts;
    const { username, password, name, database, tls, connectMs, silenceMs, heartbeatMs } = settings;
    const setup = [...(database === 0 ? [] : [["SELECT", database]]), ...consistency.setup];
    return async (onClosed): Promise<Connection> => {
      const nowMs = (): number => outside.clock.monotonicMs();
      if (this.#isClosed) throw this.#closed();
      if (!this.#isProbing && !this.breaker.tries(nowMs())) throw this.#resting();
      const options = {
        ...this.address,
        ...{ username, password, name, setup, tls, connectMs, silenceMs, heartbeatMs, isPatient },
        ...({ bulkForm: "text", callMs: 0 } as const),
        onClosed: (error: ConnectionError | undefined): void => {
          onClosed(error);
          this.#lost(error);
          onLost(this, error);
        },
      };
      try {
        const connection = await this.#introduced(dialled(options, outside));
        this.#connections++;
        this.breaker.succeeded();
        if (!this.#isClosed) onConnected(this);
        return connection;
      } catch (error) {
        this.#failed(error as ConnectionError, nowMs());
        if (!this.#isClosed) onUnreachable(this, error as ConnectionError);
        throw error;
      }
    };
  }

  async #introduced(connection: Connection): Promise<Connection> {
    this.#opening.add(connection);
    try {
      await connection.introduce();
      return connection;
    } finally {
      this.#opening.delete(connection);
    }
  }

  #endOpening(error: ConnectionError): void {
    this.#isClosed = true;
    for (const connection of this.#opening) connection.destroy(error);
  }

  #resting(): ConnectionError {
    const cause = this.#failure;
    const reason = cause === undefined ? "" : `: ${cause.message}`;
    return new ConnectionError(
      "UNREACHABLE",
      `${this.name} could not be reached a moment ago${reason}`,
      "no",
      { cause },
    );
  }

  /** Who breaks a connection may start again, and know less at first than it did; unseen, too, where nobody is connected. */
  #lost(error: ConnectionError | undefined): void {
    this.#connections--;
    if (error === undefined && this.#connections > 0) return;
    this.appliedRevision = 0;
    this.lives++;
  }

  #closed(): ConnectionError {
    return new ConnectionError("CLOSED", `nobody connects to ${this.name} any more`);
  }

  /** A server that refuses what a connection is to be set to is well: it is our wish that is wrong. */
  #failed(error: ConnectionError, nowMs: number): void {
    this.#failure = error;
    if (error.code === "REFUSED" && !isPassing(error.message)) this.breaker.succeeded();
    else this.breaker.failed(nowMs);
  }
}

/** A refusal that may be otherwise soon. */
export function isPassing(message: string): boolean {
  return /^(?:LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|ERR max number of clients)/.test(message);
}
