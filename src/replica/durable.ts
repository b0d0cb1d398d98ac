import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Engine } from "../engine/engine.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import type { EntryId } from "../log/entry.ts";
import { isNewer } from "../log/fault.ts";
import type { HardState } from "../log/hard-state.ts";
import type { Binding } from "../log/identity.ts";
import type { Wal } from "../log/wal.ts";
import type { Peers } from "../peers/contract.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { DiskError } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import { type Config, defaultConfig } from "../raft/config.ts";
import { type Configuration, emptyConfiguration } from "../raft/configuration.ts";
import type { LogIndex, PlacedConfiguration } from "../raft/types.ts";
import { Applier } from "./applier.ts";
import type { AppliedState } from "./apply-loop.ts";
import { Consensus } from "./consensus.ts";
import type { HeldSnapshot, Persistence } from "./contract.ts";
import { nodeSessionMs } from "./forwarding.ts";
import { Member, type MemberKeeper } from "./member.ts";
import { alone, begin, configurationAt, configurationsOf, isAloneIn, isVoterIn } from "./members.ts";
import { type Base, loadNewest, progressLogger, replay } from "./recovery.ts";
import { Snapshotter } from "./snapshotter.ts";
import { diskAlmostFull, diskFull } from "./trouble.ts";

export interface DurableOptions {
  readonly fsync: "always" | "interval";
  /** Bytes of the log from which on a snapshot is taken, where the data has less; 0: only when asked to. */
  readonly snapshotLogBytes: number;
  /** The longest segment of the log; the log's own choice where absent. */
  readonly segmentBytes?: number;
  /** A write that is not known to be committed after so long is answered UNKNOWN_OUTCOME; 5 s by default. */
  readonly writeTimeoutMs?: number;
  /** Voters that must hold a write before it is answered, where that is more than a majority. */
  readonly writeQuorum?: number;
  /** After so long without a leader, what needs one is refused at once; it waits as long as a write may by default. */
  readonly leaderWaitMs?: number;
  /** The other members, and how to reach them; alone where absent. */
  readonly cluster?: ClusterOptions;
}

export interface ClusterOptions {
  readonly peers: Peers;
  /**
   * Of a new cluster: every member writes them as the first entry. Without members: the node waits to be told.
   * Absent: what the directory says, or the node alone.
   */
  readonly first?: Configuration;
  /** What is in the directory is void: it is marked so, and is to be filled anew by another start. */
  startAgain?(): void;
  /** For a directory that belongs to no cluster yet: finds one, however long that takes. */
  bind?(): Promise<Binding>;
  /** Where it differs from raft's defaults. */
  readonly raft?: Partial<Config>;
  /** How much of a snapshot another member is sent at a time, where that is not the usual. */
  readonly snapshotPieceBytes?: number;
  /** How long the session lives under which this node forwards, where that is not the usual. */
  readonly nodeSessionMs?: number;
}

/** How often the size of the log and the room on the disk are looked at. */
const lookMs = 200;

/**
 * A member with a data directory: brings it to where it was (snapshot, then log), and looks after both from
 * then on. What the disk does to it is decided here.
 */
export class Durable implements Persistence, MemberKeeper {
  readonly member: Member;
  readonly fsync: "always" | "interval";
  diskState = "ok";
  loaded = 0;
  readonly #engine: Engine;
  readonly #directory: DataDirectory;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: DurableOptions;
  #log: Wal | undefined;
  #consensus: Consensus | undefined;
  #snapshotter: Snapshotter | undefined;
  #looks: Timer | undefined;
  #isShort = false;
  #hasFailed = false;
  #isVoid = false;
  #isOpen = true;
  #started: Promise<void> = Promise.resolve();

  constructor(
    engine: Engine,
    directory: DataDirectory,
    clock: Clock,
    logger: Logger,
    options: DurableOptions,
  ) {
    this.member = new Member(engine, clock, {
      id: directory.identity.nodeId,
      incarnation: directory.identity.incarnation,
      boot: directory.identity.boot,
      writeQuorum: options.writeQuorum ?? 0,
      writeTimeoutMs: options.writeTimeoutMs ?? writeTimeoutMs,
      leaderWaitMs: options.leaderWaitMs ?? Number.POSITIVE_INFINITY,
      nodeSessionMs: options.cluster?.nodeSessionMs ?? nodeSessionMs,
    });
    this.member.persistence = this;
    this.fsync = options.fsync;
    this.#engine = engine;
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
  }

  /** Recovers, then serves. Rejects with KvorumError where the directory cannot be trusted. */
  start(): Promise<void> {
    this.#started = this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const { member } = this;
    const clock = this.#clock;
    const logger = this.#logger;
    const startMs = clock.monotonicMs();
    const first = await this.#bound();
    const loading = this.#phase("loading the snapshot", 0, 0.5);
    const { snapshots } = this.#directory;
    const { base, damage } = await loadNewest(this.#engine, snapshots, clock, logger, loading);
    const log = await this.#openLog(base, damage);
    await snapshots.fallBackTo(base);
    this.#log = log;
    await begin(this.#directory, log, first);
    const state = await this.#replay(log, base, first);
    const consensus = this.#consensusOf(log, state, first, await this.#directory.hardState());
    await this.#serve(log, consensus, state);
    if (this.#isShort) this.#look();
    const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1);
    logger.info(`recovered up to entry ${member.appliedIndex} (snapshot ${base.index}) in ${seconds} s`);
  }

  /** The members with which the log begins, once the directory belongs to a cluster. */
  async #bound(): Promise<Configuration> {
    const { cluster } = this.#options;
    const directory = this.#directory;
    if (directory.identity.isUnbound && cluster?.bind !== undefined) {
      await directory.bind(await cluster.bind());
      this.#engine.rekey(directory.identity.hashKey);
    }
    const { founders, nodeId } = directory.identity;
    if (cluster?.first !== undefined) return cluster.first;
    if (founders === undefined) return alone(nodeId);
    return { members: founders.map(({ id, about }) => ({ id, isVoter: true, about })) };
  }

  /** Applies what is known to be committed; a leader tells about the rest. */
  async #replay(log: Wal, base: Base, first: Configuration): Promise<AppliedState> {
    const configurations = configurationsOf(log);
    const inForce = configurations.at(-1)?.configuration ?? base.configuration ?? first;
    const { commit } = await this.#directory.hardState();
    const { nodeId } = this.#directory.identity;
    const isAlone = isAloneIn(inForce, nodeId);
    if (this.fsync === "interval" && !isAlone && isVoterIn(inForce, nodeId)) throw votesRestOnDisks();
    const index = isAlone ? log.lastIndex : Math.max(base.index, Math.min(commit, log.lastIndex));
    const replaying = this.#phase("replaying the log", 0.6, 1);
    await replay(log, base, index, new Applier(this.#engine, this.#clock), this.#clock, replaying);
    // Also where nothing is behind the snapshot: then all that was may be what is lost.
    if (this.fsync === "interval" && log.lastIndex > 0) {
      this.#logger.info(
        `fsync interval: if the machine stopped, up to a second of writes behind entry ${log.lastIndex} may be lost`,
      );
    }
    const placed = configurationAt(configurations, index) ?? placedOf(base, first);
    return { index, term: log.termOf(index) ?? base.term, placed };
  }

  #consensusOf(log: Wal, { index }: AppliedState, first: Configuration, hardState: HardState): Consensus {
    const { nodeId, boot } = this.#directory.identity;
    const { cluster } = this.#options;
    const { term, vote } = hardState;
    const { random } = this.#directory;
    const consensus = new Consensus({
      config: {
        ...defaultConfig,
        ...cluster?.raft,
        id: nodeId,
        boot,
        random: (below) => random.uint32() % below,
      },
      restored: {
        hardState: { term, vote: vote === "" ? undefined : vote },
        configurations: configurationsOf(log),
        commitIndex: index,
        appliedIndex: index,
      },
      first,
      directory: this.#directory,
      log,
      peers: cluster?.peers ?? nobody,
      snapshotPieceBytes: cluster?.snapshotPieceBytes ?? limits.snapshotPieceBytes,
      clock: this.#clock,
      logger: this.#logger,
      host: this.member,
    });
    this.#consensus = consensus;
    return consensus;
  }

  /** The state of the newest snapshot, which has just come from the leader. */
  async load(): Promise<AppliedState> {
    await this.#snapshotter?.giveUp();
    this.#engine.reset();
    const { snapshots } = this.#directory;
    const loading = this.#phase("loading the leader's snapshot", 0, 1);
    const { base, damage } = await loadNewest(this.#engine, snapshots, this.#clock, this.#logger, loading);
    // What is before it is not what the leader goes on from.
    if (damage !== undefined) throw damage;
    return { ...base, placed: placedOf(base, emptyConfiguration) };
  }

  /** Consensus has stopped, since something failed on the disk. */
  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (isNewer(message)) this.#outdated(message);
    else this.#failed(error instanceof DiskError ? error.code : "EIO", message);
  }

  /** The state goes with the log: nobody can take back what was applied. */
  diverged(index: LogIndex): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#isVoid = true;
    this.#logger.error(
      `the master has lost the end of its log (entry ${index} is another one there): what this replica has is thrown away, and taken from the master anew`,
    );
    this.#directory.voidState().then(
      () => this.#options.cluster?.startAgain?.(),
      (error: unknown) => this.#logger.error(`${error}: mend the disk and restart the node`),
    );
  }

  /** Where the log does not go on at the base, a snapshot that is damaged is why. */
  async #openLog(base: EntryId, damage: Error | undefined): Promise<Wal> {
    const checking = this.#phase("checking the log", 0.5, 0.6);
    try {
      return await this.#directory.openLog({
        fsync: this.fsync,
        base,
        ...(this.#options.segmentBytes === undefined ? {} : { segmentBytes: this.#options.segmentBytes }),
        onStable: () => this.#consensus?.written(),
        onFailed: ({ code, message }) => this.#failed(code, message),
        onSpace: (isEnough) => this.#spaceChanged(isEnough),
        onProgress: (done, total) => checking(done / total),
      });
    } catch (error) {
      throw damage !== undefined && this.#isOpen ? damage : error;
    }
  }

  /** Finishes what was taken; takes a last snapshot where that makes the next start quicker. */
  async close(saves: boolean): Promise<void> {
    this.#isOpen = false;
    await this.#started.catch(() => {});
    this.#looks?.cancel();
    await this.member.close();
    // The directory is nobody's while somebody still writes in it.
    if (this.isSaving) await this.save(true).catch(() => {});
    if (this.diskState === "ok" && saves && !this.#isVoid && this.entriesSinceSave > 0) {
      reached("saved-at-end");
      await this.#snapshotter?.save(true).catch(() => {});
    }
    await this.#log?.close();
    await this.#directory.close();
  }

  get lastSaveMs(): number {
    return this.#snapshotter?.lastSaveMs ?? 0;
  }

  get lastSaveOk(): boolean {
    return this.#snapshotter?.lastSaveOk ?? true;
  }

  get isSaving(): boolean {
    return this.#snapshotter?.isSaving ?? false;
  }

  get entriesSinceSave(): number {
    return this.member.appliedIndex - (this.#directory.snapshots.newest()?.index ?? 0);
  }

  get logBytes(): number {
    return this.#log?.bytes ?? 0;
  }

  save(hurries: boolean): Promise<void> {
    return this.#snapshotter!.save(hurries);
  }

  sync(): Promise<void> {
    return this.#log!.sync();
  }

  takeBackup(): Promise<HeldSnapshot> {
    return this.#snapshotter!.saveAndHold();
  }

  /**
   * For a part of the start, which begins when so much of the whole is done: what it calls as it goes on. Throws
   * where the start is given up that nobody wants any more.
   */
  #phase(what: string, from: number, to: number): (part: number) => void {
    const tell = progressLogger(this.#logger, this.#clock, what);
    return (part) => {
      this.loaded = from + (to - from) * part;
      tell(part);
      if (!this.#isOpen) throw new KvorumError("LOADING", "the start was given up");
    };
  }

  /** Of the log, which reaches back to the older of two snapshots: about what is behind the newest. */
  get #bytesSinceSave(): number {
    const { bytes, firstIndex, lastIndex } = this.#log!;
    return (bytes * this.entriesSinceSave) / Math.max(1, lastIndex - firstIndex + 1);
  }

  #serve(log: Wal, consensus: Consensus, state: AppliedState): Promise<void> {
    const { clusterId, hashKey } = this.#directory.identity;
    this.#snapshotter = new Snapshotter({
      engine: this.#engine,
      member: this.member,
      log,
      store: this.#directory.snapshots,
      clock: this.#clock,
      logger: this.#logger,
      clusterId,
      hashKey,
    });
    this.#looks = this.#clock.every(lookMs, () => this.#look());
    return this.member.serve(this, consensus, log, state);
  }

  #look(): void {
    const { snapshotLogBytes } = this.#options;
    const log = this.#log!;
    if (this.diskState !== "ok" && !this.#isShort) return;
    if (this.#isShort) {
      // What grows is refused now; the rest goes on as long as the log has room for it.
      this.member.shortage = log.roomBytes > shrinkRoomBytes ? diskAlmostFull : diskFull;
      log.retrySpare();
    }
    if (snapshotLogBytes === 0 || this.isSaving || this.entriesSinceSave === 0) return;
    if (this.#clock.monotonicMs() < this.#snapshotter!.failedMs + limits.snapshotRetryMs) return;
    if (this.#bytesSinceSave > Math.max(snapshotLogBytes, this.#engine.residentBytes)) {
      this.save(false).catch(() => {});
    }
  }

  #outdated(message: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#logger.error(`${message}; until then this node takes part in nothing`);
    this.member.outdated(message);
  }

  #failed(code: string, message: string): void {
    if (this.#hasFailed) return;
    reached("disk-failed");
    this.#hasFailed = true;
    this.diskState = code;
    this.#isShort = false;
    this.#logger.error(`${message}: nothing is written any more; mend the disk and restart the node`);
    this.member.diskFailed(code);
  }

  /** The next segment of the log could not be made ahead, or could at last: no write has failed. */
  #spaceChanged(isEnough: boolean): void {
    if (this.#isShort === !isEnough || this.#hasFailed) return;
    reached(isEnough ? "disk-has-room-again" : "disk-almost-full");
    this.#isShort = !isEnough;
    this.diskState = isEnough ? "ok" : "ENOSPC";
    if (isEnough) {
      this.member.shortage = undefined;
      this.#logger.info("there is room on the disk again: writes go on");
    } else {
      this.#logger.error(
        "the disk is almost full: writes that may need room are refused until there is some",
      );
      if (this.#log !== undefined) this.#look();
    }
  }
}

function votesRestOnDisks(): KvorumError {
  return new KvorumError(
    "ERR",
    "fsync interval: this node votes with others, and votes rest on what a disk has promised: start it with --fsync always",
  );
}

/** Room in the log below which even writes that shrink the data are refused. */
const shrinkRoomBytes = 2 * 1024 * 1024;

const writeTimeoutMs = 5000;

/** A node that is alone has nobody to talk to. */
const nobody: Peers = { send() {}, listen() {}, setMembers() {} };

function placedOf(
  { configuration, configurationIndex = 0 }: Base,
  first: Configuration,
): PlacedConfiguration {
  return { index: configurationIndex, configuration: configuration ?? first };
}
