import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Engine } from "../engine/engine.ts";
import { Image } from "../engine/image.ts";
import { type SnapshotMeta, snapshotFormat } from "../log/snapshot-file.ts";
import type { SnapshotStore, SnapshotWriter } from "../log/snapshots.ts";
import type { Wal } from "../log/wal.ts";
import { type Clock, turn } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { HeldSnapshot } from "./contract.ts";
import type { Member } from "./member.ts";

export interface SnapshotterParts {
  readonly engine: Engine;
  readonly member: Member;
  readonly log: Wal;
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly clusterId: string;
  readonly hashKey: readonly [number, number];
}

/**
 * Takes snapshots while writes go on, one at a time, and drops the log behind them.
 *
 *     between two entries: image begins ──► a bounded part of it each turn ──► file, at its pace
 *                                             ▲ records are saved just before their first change
 *
 * Where more of those wait for the disk than may, writes are held back until it has taken some.
 */
export class Snapshotter {
  isSaving = false;
  lastSaveOk = true;
  /** When the last one failed, by the monotonic clock. */
  failedMs: number = Number.NEGATIVE_INFINITY;
  readonly #parts: SnapshotterParts;
  /** Hurries what is under way. */
  #hurries = false;
  #underWay: Promise<void> = Promise.resolve();
  #isGivenUp = false;

  constructor(parts: SnapshotterParts) {
    this.#parts = parts;
  }

  /** When the newest snapshot was taken, in ms since 1970; 0: never. */
  get lastSaveMs(): number {
    return this.#parts.store.newest()?.createdWallMs ?? 0;
  }

  /** Takes a snapshot, or joins the one that is under way. */
  save(hurries: boolean): Promise<void> {
    this.#hurries ||= hurries;
    if (!this.isSaving) {
      this.isSaving = true;
      this.#underWay = this.#save();
    }
    return this.#underWay;
  }

  /** Takes a snapshot that begins after this call, and opens it for who reads it. */
  async saveAndHold(): Promise<HeldSnapshot> {
    // One that is under way may lack what was acknowledged since its begin. How it ends is not our affair.
    if (this.isSaving) await this.save(true).catch(() => {});
    await this.save(true);
    const { store } = this.#parts;
    return store.hold(store.newest()!);
  }

  /** Ends what is under way: the state that it was taking is replaced. Resolves when nothing of it goes on. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true;
    await this.#underWay.catch(() => {});
    this.#isGivenUp = false;
  }

  async #save(): Promise<void> {
    const { logger, store, log } = this.#parts;
    try {
      await this.#write();
      this.lastSaveOk = true;
      // Behind the older of the two that are kept: it is what a start falls back to.
      await log.compact(store.oldestIndex);
    } catch (error) {
      this.lastSaveOk = false;
      this.failedMs = this.#parts.clock.monotonicMs();
      logger.error(`the snapshot failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    } finally {
      this.isSaving = false;
      this.#hurries = false;
    }
  }

  async #write(): Promise<void> {
    const { engine, member, store, clock, logger } = this.#parts;
    while (!member.isBetweenEntries) await turn(clock);
    this.#refuseIfGivenUp();
    const startMs = clock.monotonicMs();
    const meta = this.#meta();
    const image = new Image(engine);
    let writer: SnapshotWriter | undefined;
    try {
      writer = await store.create(meta);
      await this.#fill(image, writer);
      this.#refuseIfGivenUp();
      await writer.finish();
      const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1);
      logger.info(`snapshot up to entry ${meta.index} in ${seconds} s`);
    } catch (error) {
      await writer?.abort();
      throw error;
    } finally {
      image.close();
      member.hold(false);
    }
  }

  async #fill(image: Image, writer: SnapshotWriter): Promise<void> {
    const { member, clock } = this.#parts;
    for (let goesOn = true; goesOn; ) {
      this.#refuseIfGivenUp();
      goesOn = image.next(limits.imageRecordsPerTurn);
      for (let chunk = image.take(); chunk !== undefined; chunk = image.take()) {
        member.hold(image.pendingBytes > limits.imagePendingBytesMax);
        writer.hurries = this.#hurries;
        await writer.write(chunk);
      }
      member.hold(image.pendingBytes > limits.imagePendingBytesMax);
      await turn(clock);
    }
  }

  #refuseIfGivenUp(): void {
    if (!this.#isGivenUp) return;
    reached("own-snapshot-given-up");
    throw new KvorumError("ERR", "a newer state came from the leader");
  }

  #meta(): SnapshotMeta {
    const { engine, member, clock, clusterId, hashKey } = this.#parts;
    return {
      format: snapshotFormat,
      clusterId,
      hashKey,
      index: member.appliedIndex,
      term: member.appliedTerm,
      revision: engine.revision,
      timeMs: Math.max(0, engine.now),
      keys: engine.keyspaces.map((keyspace) => keyspace.records),
      configuration: member.placed.configuration,
      configurationIndex: member.placed.index,
      sessions: engine.sessions.size,
      engineVersion: engine.version,
      createdWallMs: clock.wallMs(),
    };
  }
}
