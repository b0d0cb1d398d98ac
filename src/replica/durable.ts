import { KvorumError } from "../base/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import type { Wal } from "../log/wal.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { DiskError } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import { Applier } from "./applier.ts";
import type { HeldSnapshot, Persistence } from "./contract.ts";
import { Member } from "./member.ts";
import { loadNewest, progressLogger, replay } from "./recovery.ts";
import { Snapshotter } from "./snapshotter.ts";
import { diskAlmostFull, diskFull } from "./trouble.ts";

export interface DurableOptions {
  readonly fsync: "always" | "interval";
  /** Bytes of the log from which on a snapshot is taken, where the data has less; 0: only when asked to. */
  readonly snapshotLogBytes: number;
  /** The longest segment of the log; the log's own choice where absent. */
  readonly segmentBytes?: number;
}

/** How often the size of the log and the room on the disk are looked at. */
const lookMs = 200;

/**
 * A member with a data directory: brings it to where it was (snapshot, then log), and looks after both from
 * then on. What the disk does to it is decided here.
 */
export class Durable implements Persistence {
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
  #snapshotter: Snapshotter | undefined;
  #looks: Timer | undefined;
  #isShort = false;
  #isOpen = true;
  #started: Promise<void> = Promise.resolve();

  constructor(
    engine: Engine,
    directory: DataDirectory,
    clock: Clock,
    logger: Logger,
    options: DurableOptions,
  ) {
    this.member = new Member(engine, clock, true);
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
    const tellLoad = progressLogger(logger, clock, "loading the snapshot");
    const base = await loadNewest(this.#engine, this.#directory.snapshots, logger, (part) => {
      this.#progressed(part / 2);
      tellLoad(part);
    });
    const log = await this.#directory.openLog({
      fsync: this.fsync,
      base,
      ...(this.#options.segmentBytes === undefined ? {} : { segmentBytes: this.#options.segmentBytes }),
      onStable: (index) => member.stable(index),
      onFailed: (error) => this.#failed(error),
      onSpace: (isEnough) => this.#spaceChanged(isEnough),
    });
    this.#log = log;
    const tellReplay = progressLogger(logger, clock, "replaying the log");
    await replay(log, base, new Applier(this.#engine, clock), clock, (part) => {
      this.#progressed(0.5 + part / 2);
      tellReplay(part);
    });
    if (this.fsync === "interval" && log.lastIndex > base.index) {
      logger.info(
        `fsync interval: if the machine stopped, up to a second of writes behind entry ${log.lastIndex} may be lost`,
      );
    }
    const hardState = await this.#directory.raiseTerm();
    this.#serve(log, hardState.term);
    const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1);
    logger.info(`recovered up to entry ${member.appliedIndex} (snapshot ${base.index}) in ${seconds} s`);
  }

  /** Finishes what was taken; takes a last snapshot where that makes the next start quicker. */
  async close(saves: boolean): Promise<void> {
    this.#isOpen = false;
    await this.#started.catch(() => {});
    this.#looks?.cancel();
    await this.member.close();
    // The directory is nobody's while somebody still writes in it.
    if (this.isSaving) await this.save(true).catch(() => {});
    if (this.diskState === "ok" && saves && this.entriesSinceSave > 0) {
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

  /** Also where a start is given up that nobody wants any more. */
  #progressed(part: number): void {
    this.loaded = part;
    if (!this.#isOpen) throw new KvorumError("LOADING", "the start was given up");
  }

  /** Of the log, which reaches back to the older of two snapshots: about what is behind the newest. */
  get #bytesSinceSave(): number {
    const { bytes, firstIndex, lastIndex } = this.#log!;
    return (bytes * this.entriesSinceSave) / Math.max(1, lastIndex - firstIndex + 1);
  }

  #serve(log: Wal, term: number): void {
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
    this.member.serve(log, term);
    this.#looks = this.#clock.every(lookMs, () => this.#look());
  }

  #look(): void {
    const { snapshotLogBytes } = this.#options;
    const log = this.#log!;
    if (this.diskState !== "ok" && !this.#isShort) return;
    if (this.#isShort) {
      // What grows is refused now; the rest goes on as long as the log has room for it.
      this.member.trouble = log.roomBytes > shrinkRoomBytes ? diskAlmostFull : diskFull;
      log.retrySpare();
    }
    if (snapshotLogBytes === 0 || this.isSaving || this.entriesSinceSave === 0) return;
    if (this.#bytesSinceSave > Math.max(snapshotLogBytes, this.#engine.residentBytes)) {
      this.save(false).catch(() => {});
    }
  }

  #failed(error: DiskError): void {
    this.diskState = error.code;
    this.#isShort = false;
    this.#logger.error(`${error.message}: nothing is written any more; mend the disk and restart the node`);
    this.member.diskFailed(error.code);
  }

  /** The next segment of the log could not be made ahead, or could at last: no write has failed. */
  #spaceChanged(isEnough: boolean): void {
    if (this.#isShort === !isEnough) return;
    this.#isShort = !isEnough;
    this.diskState = isEnough ? "ok" : "ENOSPC";
    if (isEnough) {
      this.member.trouble = undefined;
      this.#logger.info("there is room on the disk again: writes go on");
    } else {
      this.#logger.error(
        "the disk is almost full: writes that may need room are refused until there is some",
      );
      this.#look();
    }
  }
}

/** Room in the log below which even writes that shrink the data are refused. */
const shrinkRoomBytes = 2 * 1024 * 1024;
