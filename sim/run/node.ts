import { stateHash } from "../../src/engine/state-hash.ts";
import { DataDirectory } from "../../src/log/data-directory.ts";
import type { ClusterIdentity } from "../../src/log/identity.ts";
import type { Wal } from "../../src/log/wal.ts";
import type { PeerListener, Peers } from "../../src/peers/contract.ts";
import type { PeerMessage } from "../../src/peers/message.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { HardState } from "../../src/raft/types.ts";
import { Durable } from "../../src/replica/durable.ts";
import type { Member } from "../../src/replica/member.ts";
import type { SimDisk } from "../disk.ts";
import type { Knobs } from "../knobs.ts";
import type { Platform, SimMachine } from "../machine.ts";
import type { SimProcess } from "../process.ts";
import type { NodeConnection } from "./node-connection.ts";
import { type CarriedOut, type Execution, ObservedEngine } from "./observed-engine.ts";

/** Who watches the nodes. */
export interface NodeObserver {
  /** What this node sent to another leaves it. */
  sent(life: NodeLife, message: PeerMessage): void;
  /** What another node sent is about to be taken. */
  received(life: NodeLife, message: PeerMessage): void;
  taken(life: NodeLife): void;
  executed(life: NodeLife, execution: Execution): void;
  partExecuted(life: NodeLife, execution: Execution): void;
  carriedOut(life: NodeLife, write: CarriedOut): void;
  /** The state of everything up to the member's applied index. */
  between(life: NodeLife): void;
  /** The start was refused, or failed. */
  refused(life: NodeLife, error: unknown): void;
  began(life: NodeLife): void;
  /** It has sent its clients away. */
  closing(life: NodeLife): void;
  died(life: NodeLife): void;
}

export interface NodeOptions {
  readonly knobs: Knobs;
  readonly identity: ClusterIdentity;
  readonly first: Configuration;
}

/** An old directory: of which start, and by which members it went. */
export interface Copy {
  readonly disk: SimDisk;
  readonly incarnation: number;
  readonly boot: number;
  readonly ids: readonly string[];
}

export interface Met {
  readonly incarnation: number;
  readonly boot: number;
  readonly life: NodeLife;
}

/** Where the node's data is on its disk, and where in it the vote. */
const dataPath = "/data";
export const votePath: string = `${dataPath}/hard-state`;

/** A node: what of it outlives its processes, for those who watch. */
export class SimNode {
  readonly id: string;
  machine!: SimMachine;
  /** The process that runs, or the last one that did. */
  life: NodeLife | undefined;
  /** Counts the empty disks on which it began. */
  incarnation = 1;
  /** Its disk is another node's: it has to refuse to start. */
  isForeign = false;
  /** It is an old copy of the node's own: nobody has to listen to it. */
  isStray = false;
  /** Its vote alone is an old one: it has to refuse to start. */
  hasOldVote = false;
  /** Bits of it have changed: it may refuse to start, and has done so. */
  isDamaged = false;
  wasRefused = false;
  /** Since its disk was damaged. */
  hasTakenPart = false;
  /** The disk that was taken out meanwhile. */
  ownDisk: SimDisk | undefined;
  copy: Copy | undefined;
  /** What this node remembers of others: their latest starts. */
  met: Map<string, Met> = new Map();
  /** Of a new cluster; once its disk was lost, the node waits to be told. */
  first: Configuration;
  readonly options: NodeOptions;
  readonly #observer: NodeObserver;

  constructor(id: string, options: NodeOptions, observer: NodeObserver) {
    this.id = id;
    this.options = options;
    this.first = options.first;
    this.#observer = observer;
  }

  /** The program of its machine. */
  start(platform: Platform): () => void {
    const life = new NodeLife(this, platform, this.#observer);
    this.life = life;
    void life.start();
    return () => life.died();
  }

  /** The process, where one is alive. */
  get alive(): NodeLife | undefined {
    return this.life?.process.isAlive === true ? this.life : undefined;
  }
}

/** One process of a node: the production member, from the opening of its directory on. */
export class NodeLife {
  readonly node: SimNode;
  readonly process: SimProcess;
  readonly #platform: Platform;
  readonly #observer: NodeObserver;
  directory: DataDirectory | undefined;
  durable: Durable | undefined;
  engine: ObservedEngine | undefined;
  log: Wal | undefined;
  /** Term and vote as a crash would leave them. */
  saved: HardState = { term: 0, vote: undefined };
  isServing = false;
  /** Its clients are sent away, and it is about to end. */
  isClosing = false;
  /** Of clients. */
  readonly connections: Set<NodeConnection> = new Set();
  readonly isStray: boolean;
  /** What it has to notice, and refuse to start. */
  readonly damage: string | undefined;
  /** The node's, as of then. */
  readonly incarnation: number;
  readonly met: Map<string, Met>;
  #savesSoon = false;

  constructor(node: SimNode, platform: Platform, observer: NodeObserver) {
    this.node = node;
    this.process = platform.process;
    this.isStray = node.isStray;
    this.damage = damageOf(node);
    this.incarnation = node.incarnation;
    this.met = node.met;
    observer.began(this);
    this.#platform = platform;
    this.#observer = observer;
  }

  get id(): string {
    return this.node.id;
  }

  /** By the process's own clock. */
  get monotonicMs(): number {
    return this.#platform.clock.monotonicMs();
  }

  get member(): Member | undefined {
    return this.durable?.member;
  }

  async start(): Promise<void> {
    try {
      await this.#open();
      await this.durable!.start();
      this.isServing = true;
    } catch (error) {
      // Who ends while it starts gives up.
      if (!this.isClosing) this.#observer.refused(this, error);
    }
  }

  /** Ends as a program does that is asked to; the process goes on until it is killed. */
  async close(handsOver: boolean, saves: boolean): Promise<void> {
    this.isClosing = true;
    if (handsOver) await this.member?.transferLeadership().catch(() => {});
    for (const connection of this.connections) connection.close();
    this.#observer.closing(this);
    await this.durable?.close(saves);
  }

  /** Runs `task` as this process's own, when it is not paused. */
  reach(task: () => void): void {
    this.process.reach(task);
  }

  died(): void {
    for (const connection of this.connections) connection.close();
    this.#observer.died(this);
  }

  stateHash(): string {
    return stateHash(this.engine!);
  }

  async #open(): Promise<void> {
    const { disk, clock, random, peers } = this.#platform;
    const { identity, knobs } = this.node.options;
    const directory = await DataDirectory.open({
      ...{ disk, clock, random, directory: dataPath, nodeId: this.id, cluster: identity },
      logger: silentLogger,
    });
    await this.#watchDirectory(directory);
    this.directory = directory;
    const engine = new ObservedEngine(directory.identity.hashKey);
    this.engine = engine;
    this.durable = new Durable(engine, directory, clock, silentLogger, {
      fsync: "always",
      snapshotLogBytes: knobs.snapshotLogBytes,
      segmentBytes: knobs.segmentBytes,
      writeTimeoutMs: knobs.writeTimeoutMs,
      writeQuorum: knobs.writeQuorum,
      cluster: {
        ...{ peers: this.#watched(peers), first: this.node.first, raft: knobs.raft },
        ...{ snapshotPieceBytes: knobs.snapshotPieceBytes, nodeSessionMs: knobs.nodeSessionMs },
      },
    });
    engine.observer = {
      executed: (execution) => this.#observer.executed(this, execution),
      partExecuted: (execution) => this.#observer.partExecuted(this, execution),
      carriedOut: (write) => this.#observer.carriedOut(this, write),
      between: () => {
        this.#observer.between(this);
        this.#saveWhereDue();
      },
    };
  }

  /** The log of a run is too small for a node to save by itself: somebody asks, as often as for every state. */
  #saveWhereDue(): void {
    const durable = this.durable!;
    if (this.#savesSoon || !this.isServing || this.isClosing || durable.isSaving) return;
    if (durable.entriesSinceSave < this.node.options.knobs.snapshotEntries) return;
    this.#savesSoon = true;
    this.#platform.clock.nextTurn(() => {
      this.#savesSoon = false;
      durable.save(true).catch(() => {});
    });
  }

  /** Term and vote are durable when they were saved; and the log is looked at. */
  async #watchDirectory(directory: DataDirectory): Promise<void> {
    const { term, vote } = await directory.hardState();
    this.saved = { term, vote: vote === "" ? undefined : vote };
    const save = directory.saveHardState.bind(directory);
    directory.saveHardState = async (state) => {
      await save(state);
      this.saved = { term: state.term, vote: state.vote === "" ? undefined : state.vote };
    };
    const openLog = directory.openLog.bind(directory);
    directory.openLog = async (options) => {
      this.log = await openLog(options);
      return this.log;
    };
  }

  #watched(peers: Peers): Peers {
    return {
      send: (message) => {
        this.#observer.sent(this, message);
        peers.send(message);
      },
      setMembers: (configuration) => peers.setMembers(configuration),
      listen: (listener: PeerListener) =>
        peers.listen({
          received: (message) => {
            this.#observer.received(this, message);
            listener.received(message);
            this.#observer.taken(this);
          },
          unreachable: (id) => listener.unreachable(id),
          refused: (id) => listener.refused(id),
        }),
    };
  }
}

function damageOf({ isForeign, hasOldVote }: SimNode): string | undefined {
  if (isForeign) return "it has another node's directory";
  return hasOldVote ? "its vote is older than its log" : undefined;
}
