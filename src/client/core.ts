import { type Reply, ReplyError } from "../protocol/reply.ts";
import { ask } from "./ask.ts";
import { ClientCluster } from "./cluster.ts";
import { type Command, lastRevision, results } from "./commands.ts";
import type { Outside } from "./connection.ts";
import {
  asConfigured,
  type Consistency,
  type ConsistencyOptions,
  readConsistency,
  writeConsistency,
} from "./consistency.ts";
import { Dispatcher } from "./dispatcher.ts";
import { answeredError, ConnectionError, KvClientError, refusedError } from "./errors.ts";
import { Events } from "./events.ts";
import type { OperationOptions, Runner } from "./keyspace.ts";
import { type AcquireOptions, Lease } from "./lease.ts";
import { type ClientNode, isPassing } from "./node.ts";
import { Operation, type OperationKind, TransactionOperation } from "./operation.ts";
import { addressIn, checkCall, nameOf, type Settings } from "./options.ts";
import { aborted, inTime } from "./patience.ts";
import { type Opening, sessionTtlMs } from "./session.ts";
import { type KvClientStats, Telemetry } from "./telemetry.ts";

/** How long a client that closes waits for the server to forget its session. */
const goodbyeMs = 500;

/** Builds the parts of a client, and makes operations of commands. */
export class ClientCore implements Runner {
  readonly events: Events = new Events();
  readonly #settings: Settings;
  readonly #outside: Outside;
  readonly #cluster: ClientCluster;
  readonly #dispatcher: Dispatcher;
  readonly #telemetry: Telemetry;
  readonly #readConsistency: Consistency;
  readonly #writeConsistency: Consistency;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(settings: Settings, outside: Outside, chance: () => number) {
    this.#settings = settings;
    this.#outside = outside;
    this.#telemetry = new Telemetry(outside.clock);
    this.#cluster = new ClientCluster(settings, outside, chance, this.events);
    this.#readConsistency = readConsistency(settings.consistency);
    this.#writeConsistency = writeConsistency(settings.consistency);
    this.#dispatcher = new Dispatcher({
      ...{ settings, outside, chance, cluster: this.#cluster, telemetry: this.#telemetry },
      openSession: () => this.#openSession(),
    });
    if (!settings.isLazy) void this.#cluster.refresh();
  }

  get stats(): KvClientStats {
    const { operations, errors, retries } = this.#telemetry;
    return { operations, errors, retries, pending: this.#dispatcher.pending };
  }

  get leader(): string | undefined {
    return this.#cluster.leader?.name;
  }

  get nodes(): readonly string[] {
    return this.#cluster.nodes.map(({ name }) => name);
  }

  run<T>(command: Command<T>, options: OperationOptions | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const consistency = this.#consistencyOf(command.kind, options);
      const done = resolve as (value: unknown) => void;
      this.#start(new Operation(this.#dispatcher, command, consistency, done, reject), options);
    });
  }

  runAll(list: readonly Command<unknown>[], options: OperationOptions | undefined): Promise<unknown[]> {
    const all: Command<unknown[]> = {
      kind: "write",
      words: list.flatMap(({ words }) => words),
      bulkForm: list.some(({ bulkForm }) => bulkForm === "bytes") ? "bytes" : "text",
      convert: (reply) => results(reply, list),
      revisionIn: (reply) => lastRevision(reply, list),
    };
    return new Promise((resolve, reject) => {
      const consistency = this.#consistencyOf("write", options);
      const done = resolve as (value: unknown) => void;
      const commands = list.map(({ words }) => words);
      this.#start(
        new TransactionOperation(this.#dispatcher, all, consistency, done, reject, commands),
        options,
      );
    });
  }

  async connect(): Promise<void> {
    this.#refuseIfClosed();
    await this.#cluster.refresh();
    this.#refuseIfClosed();
    const { healthy, leader } = this.#cluster;
    const node = leader ?? healthy[0];
    if (node === undefined) throw this.#nobody();
    await this.#enter(node);
    await Promise.all(healthy.map((one) => one.pool.warmUp())).catch(rethrown);
  }

  async acquire(options: AcquireOptions = {}): Promise<Lease> {
    checkCall(options);
    this.#refuseIfClosed();
    const { node, timeout: timeoutMs = 0, signal } = options;
    if (signal?.aborted) throw aborted(signal);
    const lease = this.#lend(node === undefined ? undefined : nameOf(addressIn("node", node)));
    return inTime(lease, { clock: this.#outside.clock, timeoutMs, signal }, (late) => late.release());
  }

  async #lend(name: string | undefined): Promise<Lease> {
    const node = name === undefined ? await this.#leaderOrOther() : this.#cluster.node(name);
    const connection = await node.pool.acquire().catch(rethrown);
    return new Lease(node.pool, connection, this.#settings.timeoutMs, () => this.#dispatcher.wrote(node));
  }

  async #leaderOrOther(): Promise<ClientNode> {
    if (this.#cluster.leader?.breaker.isClosed !== true) await this.#cluster.refresh();
    this.#refuseIfClosed();
    const { healthy, leader } = this.#cluster;
    const node = leader?.breaker.isClosed ? leader : (healthy[0] ?? this.#cluster.triable[0]);
    if (node === undefined) throw this.#nobody();
    return node;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  destroy(message: string): void {
    this.#isClosed = true;
    this.#dispatcher.destroy(message);
    this.#cluster.destroy(new ConnectionError("CLOSED", message));
  }

  /** Whether it lets this client in. A server without HELLO says so to the first command only. */
  async #enter(node: ClientNode): Promise<void> {
    const lane = node.lane(asConfigured);
    const error = await lane.open();
    this.#refuseIfClosed();
    if (error?.code === "REFUSED" && !isPassing(error.message)) throw refusedError(error, false);
    if (error !== undefined) throw this.#nobody(error);
    const reply = await ask(lane, ["PING"]).catch(rethrown);
    if (reply instanceof ReplyError && reply.code === "NOAUTH") throw answeredError(reply, false);
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new KvClientError("CLOSED", "the client is closed");
  }

  async #close(): Promise<void> {
    await this.#dispatcher.close();
    await this.#sayGoodbye();
    await this.#cluster.close();
  }

  /** The server would keep the session until it expires. */
  async #sayGoodbye(): Promise<void> {
    const id = this.#dispatcher.sessionId;
    const node = this.#cluster.leader;
    if (id === undefined || !node?.breaker.isClosed || !node.lane(asConfigured).isOpen) return;
    const told = ask(node.lane(asConfigured), ["SESSION", "CLOSE", id]).catch(() => {});
    let timer: ReturnType<Outside["clock"]["after"]> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#outside.clock.after(goodbyeMs, resolve);
    });
    await Promise.race([told, late]);
    timer?.cancel();
  }

  #start(operation: Operation, options: OperationOptions | undefined): void {
    this.#cluster.wake();
    if (options !== undefined) checkCall(options);
    this.#dispatcher.start(operation, options?.timeout ?? this.#settings.timeoutMs, options?.signal);
  }

  /** Of the client's own options those hold that the call does not name. */
  #consistencyOf(kind: OperationKind, options: ConsistencyOptions | undefined): Consistency {
    const isRead = kind === "read";
    const own = isRead ? this.#readConsistency : this.#writeConsistency;
    if (options === undefined) return own;
    const { consistency, r, maxLag, w } = options;
    if (!isRead) return w === undefined ? own : writeConsistency(options);
    if (consistency === undefined && r === undefined && maxLag === undefined) return own;
    return readConsistency({ ...this.#settings.consistency, ...options });
  }

  #openSession(): Opening {
    const command: Command<Reply> = {
      kind: "harmless",
      words: ["SESSION", "OPEN", sessionTtlMs],
      convert: (reply) => reply,
    };
    let operation!: Operation;
    const id = new Promise<unknown>((resolve, reject) => {
      operation = new Operation(this.#dispatcher, command, this.#writeConsistency, resolve, reject);
      this.#dispatcher.start(operation, 0, undefined);
    });
    return {
      id: id.catch(noneWhereUnknown) as Promise<number | bigint | undefined>,
      get lastError(): Error | undefined {
        return operation.lastError;
      },
      giveUp: () => operation.fail(new KvClientError("ABORTED", "no write waits for a session any more")),
    };
  }

  #nobody(cause?: ConnectionError): KvClientError {
    const names = this.nodes.join(", ");
    return new KvClientError("UNREACHABLE", `none of ${names} can be reached`, "no", { cause });
  }
}

/** As callers of the client know it. */
function rethrown(error: unknown): never {
  if (!(error instanceof ConnectionError)) throw error;
  if (error.code === "REFUSED" && !isPassing(error.message)) throw refusedError(error, false);
  throw new KvClientError(error.code, error.message, error.applied, { cause: error });
}

/** A server that is no kvorum has no sessions. */
function noneWhereUnknown(error: unknown): undefined {
  if (error instanceof KvClientError && /^ERR unknown command/i.test(error.message)) return;
  throw error;
}
