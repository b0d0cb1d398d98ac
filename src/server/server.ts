import { formatAddress } from "../base/address.ts";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Listener, Net, Stream } from "../platform/net.ts";
import type { HostProcess, LoopWatch } from "../platform/process.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { OutputPool } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commands } from "../protocol/spec/table.ts";
import type { Replica } from "../replica/contract.ts";
import { Backups } from "./backups.ts";
import { ClientMemory } from "./client-memory.ts";
import { localHandlers } from "./commands/index.ts";
import { Connection } from "./connection.ts";
import { dispatch } from "./dispatch.ts";
import { LatencyMonitor } from "./latency.ts";
import { MemoryLimit } from "./memory.ts";
import type { Session } from "./session.ts";
import { type ServerSettings, Settings } from "./settings.ts";
import { SlowLog } from "./slowlog.ts";
import { Stats } from "./stats.ts";

/** What the server needs from the node around it. */
export interface ServerParts {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly net: Net;
  readonly logger: Logger;
  readonly nodeId: string;
  /** Names the cluster; "" where there is none, or none that this node knows yet. */
  readonly clusterId: () => string;
  /** Voters that hold a write before it is answered, where a connection does not say; 0: a majority. */
  readonly writeQuorum: number;
  /** 40 hexadecimal digits that no other start of a node has. */
  readonly runId: string;
  readonly process: HostProcess;
  /** Called by SHUTDOWN. `saves`: with a last snapshot, where there is a disk. */
  readonly requestShutdown: (how: { readonly saves: boolean }) => void;
}

/** A carried-out local command. */
export type LocalHandler = (connection: Connection, args: Arguments, command: Command) => void;

/** The clock that needs no precision: idle times, CLIENT LIST. Also how often idle clients are looked for. */
const coarseTickMs = 100;

/** All client connections of a node, and what they share. */
export class Server {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly parts: ServerParts;
  readonly settings: Settings;
  readonly stats: Stats;
  readonly slowlog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly loop: LoopWatch;
  readonly outputPool: OutputPool = new OutputPool(limits.outputSpares);
  readonly backups: Backups;
  readonly clientMemory: ClientMemory = new ClientMemory(this);
  /** Clients by their id, in the order in which they came. */
  readonly clients: Map<number, Connection> = new Map();
  /** Monotonic ms, at most a tenth of a second old. */
  coarseMs: number;
  /** Address that clients reach, once it listens. */
  address = "";
  host = "";
  port = 0;

  readonly #memoryLimit = new MemoryLimit(() => this.countedBytes());
  readonly #toFlush: Connection[] = [];
  readonly #ticks: Timer;
  #listener: Listener | undefined;
  #nextId = 1;
  #isOpen = true;

  constructor(parts: ServerParts, settings: ServerSettings) {
    this.parts = parts;
    this.replica = parts.replica;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.settings = new Settings(settings, parts.process.memoryBytes);
    this.stats = new Stats(parts.clock);
    this.slowlog = new SlowLog();
    this.latency = new LatencyMonitor();
    this.backups = new Backups(parts.clock);
    this.loop = parts.process.watchLoop();
    this.coarseMs = parts.clock.monotonicMs();
    this.#ticks = parts.clock.every(coarseTickMs, () => this.#tick());
  }

  /** Any command: what a request holds before its first use. */
  get anyCommand(): Command {
    return commands[0]!;
  }

  async listen(host: string, port: number): Promise<void> {
    this.#listener = await this.parts.net.listen({
      host,
      port,
      keepAliveMs: this.settings.tcpKeepAliveMs,
      accept: (stream) => this.#accept(stream),
    });
    this.host = host;
    this.port = this.#listener.port;
    this.address = formatAddress(this);
    // How long the start took is not what anybody waited for.
    this.loop.reset();
  }

  /** Takes no more clients, answers what was received, then closes; after shutdownMsMax whatever is left. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#listener?.close();
    for (const connection of this.clients.values()) connection.closeWhenAnswered();
    await this.#untilNoClients();
    for (const connection of this.clients.values()) connection.stream.destroy();
    this.#ticks.cancel();
    this.loop.stop();
    await this.backups.close();
    await this.replica.close();
  }

  dispatch(connection: Connection, args: Arguments): boolean {
    return dispatch(this, connection, args);
  }

  /** Carries out a local command at once. */
  perform(connection: Connection, command: Command, args: Arguments): void {
    const handler = handlersById[command.id];
    if (handler === undefined) connection.out.error(`ERR ${command.fullName} is not available here`);
    else handler(connection, args, command);
  }

  /** Whether it is worth a look at the clock how long the command takes. */
  isTimed(command: Command, args: Arguments): boolean {
    if (!command.isFast || this.settings.timesFastCommands) return true;
    return args.count > limits.quickArgumentsMax || args.to - args.from > limits.quickBytesMax;
  }

  /** A command has taken so long. */
  noteTime(connection: Connection, command: Command, args: Arguments, spentMs: number): void {
    const { settings, clock } = this;
    connection.spent(spentMs);
    const micros = Math.round(spentMs * 1000);
    this.stats.micros[command.id]! += micros;
    if (settings.slowlogMicros >= 0 && micros >= settings.slowlogMicros) {
      if (!command.flags.includes("skip_slowlog")) {
        this.slowlog.add(clock.wallMs(), micros, args, connection.session, settings.slowlogEntries);
      }
    }
    this.latency.noteCommand(clock, micros, command, settings.latencyThresholdMs);
  }

  mustAuthenticate(session: Session): boolean {
    return this.settings.requirepass !== "" && !session.isAuthenticated;
  }

  /** Whether a command that may take memory has to be refused. */
  isOverMemory(command: Command, args: Arguments): boolean {
    const { maxmemoryBytes } = this.settings;
    if (this.replica.isFull) return true;
    return maxmemoryBytes > 0 && this.#memoryLimit.isPassed(maxmemoryBytes, command, args);
  }

  /** Bytes in use, for INFO: an empty process, the store, and what is held for clients. */
  usedBytes(): number {
    return this.countedBytes() + this.clientMemory.bytes;
  }

  /** Those of them that maxmemory is about. Clients have a limit of their own: nobody's write is refused for them. */
  countedBytes(): number {
    return this.stats.emptyProcessBytes + this.replica.store.residentBytes;
  }

  /** Keys that clients wanted to read, and that were there, or not. */
  keyReads(): { readonly hits: number; readonly misses: number } {
    let { hitsBefore: hits, missesBefore: misses } = this.stats;
    for (const { out } of this.clients.values()) {
      hits += out.hits;
      misses += out.misses;
    }
    return { hits, misses };
  }

  resetStats(): void {
    this.stats.reset(this.replica.store.expiredKeys);
    for (const { out } of this.clients.values()) {
      out.hits = 0;
      out.misses = 0;
    }
  }

  /** Sends the replies of a connection at the end of this turn. */
  flushSoon(connection: Connection): void {
    if (this.#toFlush.length === 0) this.clock.nextTurn(() => this.#flushAll());
    this.#toFlush.push(connection);
  }

  /** A connection is gone. */
  forget(connection: Connection, error: Error | undefined): void {
    this.clientMemory.release(connection);
    if (this.clients.delete(connection.session.id)) {
      this.stats.hitsBefore += connection.out.hits;
      this.stats.missesBefore += connection.out.misses;
    }
    this.backups.end(connection);
    if (error !== undefined)
      this.logger.debug(`client ${connection.session.remoteAddress}: ${error.message}`);
  }

  /** Closes a connection without waiting for anything. */
  cutOff(connection: Connection, reason: string): void {
    this.clientMemory.release(connection);
    this.logger.info(`client ${connection.session.remoteAddress} is cut off: ${reason}`);
    connection.stream.destroy();
  }

  #accept(stream: Stream): Connection {
    const connection = new Connection(this, stream, this.#nextId++);
    this.stats.acceptedClients++;
    if (this.clients.size >= this.settings.maxclients || !this.#isOpen) {
      this.stats.rejectedClients++;
      connection.out.error("ERR max number of clients reached");
      connection.closeWhenSent();
      return connection;
    }
    this.clients.set(connection.session.id, connection);
    connection.count();
    return connection;
  }

  #flushAll(): void {
    this.#memoryLimit.forget();
    const connections = this.#toFlush.splice(0);
    for (const connection of connections) connection.flush();
  }

  #tick(): void {
    this.coarseMs = this.clock.monotonicMs();
    this.#memoryLimit.forget();
    this.stats.sample(this.coarseMs, this.usedBytes());
    this.clientMemory.enforce();
    const { idleMsMax } = this.settings;
    if (idleMsMax === 0) return;
    for (const connection of this.clients.values()) {
      const idleMs = this.coarseMs - connection.session.lastActiveMs;
      if (idleMs > idleMsMax && !connection.isWaiting) connection.timeOut();
    }
  }

  #untilNoClients(): Promise<void> {
    const startMs = this.clock.monotonicMs();
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.clients.size === 0 || this.clock.monotonicMs() - startMs > limits.shutdownMsMax) resolve();
        else this.clock.nextTurn(look);
      };
      look();
    });
  }
}

const handlersById: readonly (LocalHandler | undefined)[] = commands.map((c) => localHandlers[c.fullName]);
