import { systemClock } from "../platform/clock.ts";
import { systemDialer } from "../platform/net-connect.ts";
import { systemRandom } from "../platform/random.ts";
import type { Reply } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { anyCommand } from "./call.ts";
import { ClientCore } from "./core.ts";
import type { KvClientEvent, Listener } from "./events.ts";
import { Keyspace, type ReadOptions } from "./keyspace.ts";
import type { AcquireOptions, Lease } from "./lease.ts";
import { type KvClientOptions, settingsOf } from "./options.ts";
import type { KvClientStats } from "./telemetry.ts";

/**
 * A client of a kvorum cluster. Writes go to the leader and reads to all members; connections are shared and kept; when a
 * leader dies, operations wait for the next one; a write that is sent again is applied once.
 *
 *     const client = new KvClient(["10.0.0.1:6379", "10.0.0.2:6379"]);
 *     await client.set("greeting", "hello");
 *     await client.get("greeting");    // "hello"
 *     await client.close();
 *
 * It connects by itself when it is made (with `lazyConnect`: when it is asked for something), and again whenever it has to.
 * It emits no `error`: what goes wrong rejects the operations that it concerns, each with a KvClientError.
 */
export class KvClient extends Keyspace {
  readonly #core: ClientCore;

  /**
   * Addresses, "HOST:PORT" each, of some members or all; or options. Throws KvClientError ERR that names an option which
   * is wrong.
   */
  constructor(options?: string | readonly string[] | KvClientOptions) {
    const outside = { dialer: systemDialer, clock: systemClock };
    const core = new ClientCore(settingsOf(options), outside, () => systemRandom.uint32() / 2 ** 32);
    super(core, "");
    this.#core = core;
  }

  /**
   * Resolves when the cluster can be used, and the pool's `min` connections stand: for those who want to know at once.
   * Rejects with KvClientError: UNREACHABLE, CLOSED, or the server's own code where it does not let this client in
   * (WRONGPASS, NOAUTH).
   */
  connect(): Promise<void> {
    return this.#core.connect();
  }

  /**
   * Sends any command, such as `client.call("GETRANGE", "key", 0, 9)`, and resolves with its reply. Rejects with ERR for
   * those that change their connection, or hold it up (WAIT): `acquire` is for them.
   */
  call(...words: readonly RequestArgument[]): Promise<Reply> {
    return this.send(words);
  }

  /** The same, with options. */
  async send(words: readonly RequestArgument[], options?: ReadOptions): Promise<Reply> {
    return this.#core.run(anyCommand(words, options?.as ?? "text"), options);
  }

  /**
   * A connection of the leader, or of the node that is named, for the caller alone, until it is released. Rejects with
   * KvClientError: BUSY where `pool.maxOpen` are in use for longer than the pool lets callers wait, UNREACHABLE where there is
   * nobody to connect to, TIMEOUT and ABORTED by the options, CLOSED where the client is closed, or the server's own code where
   * it does not let this client in.
   */
  acquire(options?: AcquireOptions): Promise<Lease> {
    return this.#core.acquire(options);
  }

  /** Calls back when something happens beside operations. Returns what ends that. */
  on<E extends KvClientEvent>(event: E, listener: Listener<E>): () => void {
    return this.#core.events.on(event, listener);
  }

  /** What the client has done so far. */
  get stats(): KvClientStats {
    return this.#core.stats;
  }

  /** "HOST:PORT" of the leader, undefined while none is known. */
  get leader(): string | undefined {
    return this.#core.leader;
  }

  /** "HOST:PORT" of all members that are known. */
  get nodes(): readonly string[] {
    return this.#core.nodes;
  }

  /** Takes no more operations, waits until those that were begun are over, and closes all connections. */
  close(): Promise<void> {
    return this.#core.close();
  }

  /** Fails all operations with CLOSED, and closes all connections at once. */
  destroy(reason: string = "the client was destroyed"): void {
    this.#core.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
