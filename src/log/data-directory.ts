import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk, DiskLock } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import { beginLog, clearState } from "./anew.ts";
import { type HardState, readHardState, refuseStaleHardState, saveHardState } from "./hard-state.ts";
import { type Binding, type ClusterIdentity, type Identity, openIdentity, saveIdentity } from "./identity.ts";
import { SnapshotStore } from "./snapshots.ts";
import { Wal, type WalOptions } from "./wal.ts";

export interface DataDirectoryParts {
  readonly disk: Disk;
  readonly directory: string;
  readonly nodeId: string;
  /** What a new member is to share with the others, or that it is still to hear of it; a cluster of its own where absent. */
  readonly cluster?: ClusterIdentity | "unbound" | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the opener of the log decides; the rest is the directory's. */
export type LogOptions = Pick<
  WalOptions,
  "fsync" | "base" | "segmentBytes" | "onStable" | "onFailed" | "onSpace" | "onProgress"
>;

/** A node's data directory, open for this process alone. */
export class DataDirectory {
  readonly snapshots: SnapshotStore;
  #identity: Identity;
  readonly #parts: DataDirectoryParts;
  readonly #lock: DiskLock;

  private constructor(
    parts: DataDirectoryParts,
    lock: DiskLock,
    identity: Identity,
    snapshots: SnapshotStore,
  ) {
    this.#parts = parts;
    this.#lock = lock;
    this.#identity = identity;
    this.snapshots = snapshots;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Makes the directory where there is none. Rejects with KvorumError: in use, another node's, newer, corrupt. */
  static async open(parts: DataDirectoryParts): Promise<DataDirectory> {
    const { disk, directory } = parts;
    await disk.makeDirectory(directory);
    const lock = await disk.lock(directory);
    try {
      const opened = await openIdentity(disk, directory, parts.nodeId, parts.random, parts.cluster);
      const identity = opened.isVoid ? await beginAnew(parts, opened) : opened;
      const snapshots = await SnapshotStore.open(
        disk,
        join(directory, "snapshots"),
        parts.clock,
        parts.logger,
      );
      refuseForeign(directory, identity, snapshots);
      const hardState = (await readHardState(disk, directory)) ?? "none";
      for (const { term } of snapshots.all) refuseStaleHardState(directory, hardState, term, "a snapshot");
      return new DataDirectory(parts, lock, identity, snapshots);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The unbound node becomes a member of this cluster, once and for ever: durable when this resolves. */
  async bind(binding: Binding): Promise<void> {
    const { isUnbound, ...own } = this.#identity;
    assert(isUnbound === true, "a node is bound once");
    const identity = { ...own, ...binding };
    await saveIdentity(this.#parts.disk, this.#parts.directory, identity);
    this.#identity = identity;
  }

  /** What is in log and snapshots is no part of the cluster's: the next start begins without. Durable when it resolves. */
  async voidState(): Promise<void> {
    const identity = { ...this.#identity, isVoid: true as const };
    await saveIdentity(this.#parts.disk, this.#parts.directory, identity);
    this.#identity = identity;
  }

  /** Opens the log. Rejects with KvorumError where it is corrupt, or term and vote are older than it. */
  async openLog(options: LogOptions): Promise<Wal> {
    const { disk, directory, clock, random, logger } = this.#parts;
    return Wal.open({
      ...options,
      disk,
      directory,
      clusterId: Buffer.from(this.identity.clusterId, "hex"),
      hardState: (await readHardState(disk, directory)) ?? "none",
      clock,
      random,
      logger,
    });
  }

  /** Term and vote as they were saved last. */
  async hardState(): Promise<HardState> {
    const { disk, directory } = this.#parts;
    return (await readHardState(disk, directory)) ?? { term: 0, vote: "", commit: 0 };
  }

  /** Durable when it resolves. One at a time. */
  saveHardState(state: HardState): Promise<void> {
    const { disk, directory } = this.#parts;
    return saveHardState(disk, directory, state);
  }

  get random(): Random {
    return this.#parts.random;
  }

  close(): Promise<void> {
    return this.#lock.release();
  }
}

/** As a member that has just joined, but for term and vote: others tell who the members are. Removed first, then known. */
async function beginAnew(parts: DataDirectoryParts, { isVoid: _, ...own }: Identity): Promise<Identity> {
  const { disk, directory } = parts;
  await clearState(disk, directory);
  await beginLog(parts, own.clusterId, { term: 0, index: 0 });
  const { term = 0, vote = "" } = (await readHardState(disk, directory)) ?? {};
  await saveHardState(disk, directory, { term, vote, commit: 0 });
  const identity = { ...own, founders: [] };
  await saveIdentity(disk, directory, identity);
  return identity;
}

/** The log looks at its segments in the same way. */
function refuseForeign(directory: string, { clusterId }: Identity, snapshots: SnapshotStore): void {
  const foreign = snapshots.all.find((meta) => meta.clusterId !== clusterId);
  if (foreign === undefined) return;
  const whose = `belongs to cluster ${foreign.clusterId}, not to ${clusterId}`;
  throw new KvorumError(
    "ERR",
    `${snapshots.pathOf(foreign)} ${whose}: take it out of ${directory}, or restore a backup`,
  );
}
