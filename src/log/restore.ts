import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import { u48Max } from "../base/numbers.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { silentLogger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import { beginLog, clearState } from "./anew.ts";
import { removeIfThere } from "./calls.ts";
import { saveHardState } from "./hard-state.ts";
import { type Identity, newIdentity, readIdentity, saveIdentity } from "./identity.ts";
import { readSnapshotFile, type SnapshotMeta } from "./snapshot-file.ts";
import { SnapshotStore } from "./snapshots.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

export interface RestoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** The backup. It is only read. */
  readonly file: string;
  /** Where the new node's data goes: an empty directory, or none. */
  readonly directory: string;
  readonly nodeId: string;
  /** The whole work, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Makes a data directory out of a backup, for the first node of a new cluster. Nothing is written before the whole
 * backup was read and found right. Resolves with what the new node's snapshot says, when all is on the disk.
 *
 *     identity, "restoring" ──► snapshot ──► empty log behind it ──► term ──► identity
 *     └──────────────── no node starts with this ─────────────────────────┘
 *
 * Rejects with KvorumError where the backup is damaged or the directory is not empty. What a crash leaves of it,
 * the next restore begins anew.
 */
export async function restoreBackup(options: RestoreOptions): Promise<SnapshotMeta> {
  const { disk, directory, file, onProgress = () => {} } = options;
  const backup = await verifySnapshot(disk, file, (part) => onProgress(part / 2));
  await disk.makeDirectory(directory);
  const lock = await disk.lock(directory);
  try {
    await makeSureOfRoom(disk, directory);
    return await refill(options, backup, { isRestoring: true }, (part) => onProgress((1 + part) / 2));
  } finally {
    await lock.release();
  }
}

/**
 * Fills a directory with the state of a backup that was found right, in place of whatever is in it. The caller has the
 * lock. As long as that is not done, the identity carries the mark, with which no node starts.
 */
export async function refill(
  options: RestoreOptions,
  backup: SnapshotMeta,
  mark: Pick<Identity, "isRestoring" | "isRecovering">,
  onProgress: (part: number) => void,
): Promise<SnapshotMeta> {
  const { disk, directory, clock, random, nodeId } = options;
  const identity = newIdentity(nodeId, random, backup.hashKey);
  await saveIdentity(disk, directory, { ...identity, ...mark });
  await clear(disk, directory);
  const revision = backup.revision + revisionBump(backup, clock.wallMs());
  // Nobody of the old cluster is a member of the new one, which begins with this node alone.
  const { configuration: _, configurationIndex: __, ...state } = backup;
  const meta: SnapshotMeta = { ...state, clusterId: identity.clusterId, revision };
  await copySnapshot(options, meta, onProgress);
  await beginLog(options, identity.clusterId, meta);
  await saveHardState(disk, directory, { term: meta.term, vote: "", commit: meta.index });
  await saveIdentity(disk, directory, identity);
  return meta;
}

/**
 * How far the revision is raised: beyond any that can have been given since the backup was taken, since a client
 * may hold one as a fencing token. That is 10^9 at least, 1000 for each ms since then, and never more than half of
 * the revisions that are left.
 */
function revisionBump({ revision, createdWallMs }: SnapshotMeta, nowMs: number): number {
  const given = Math.max(revisionsMin, (nowMs - createdWallMs) * revisionsPerMs);
  return Math.min(given, Math.floor((u48Max - revision) / 2));
}

const revisionsMin = 1_000_000_000;
/** More than a node can write. */
const revisionsPerMs = 1000;

/** Rejects where somebody's files are in the directory. Those of a restore that broke off are nobody's. */
async function makeSureOfRoom(disk: Disk, directory: string): Promise<void> {
  const names = (await disk.list(directory)).filter((name) => !leftOvers.includes(name));
  if (names.length === 0) return;
  if (names.includes("identity.json") && (await readIdentity(disk, directory))?.isRestoring) return;
  throw new KvorumError(
    "ERR",
    `${directory} is not empty (${names.sort()[0]} is in it): restore into another directory`,
  );
}

/** The lock's, and what a crash can leave of the first write. */
const leftOvers: readonly string[] = ["LOCK", "identity.json.new"];

/** Removes what is no part of the new cluster; the identity says that it may go. */
async function clear(disk: Disk, directory: string): Promise<void> {
  for (const name of ["hard-state", "peers.json"]) await removeIfThere(disk, join(directory, name));
  await clearState(disk, directory);
}

function snapshotDirectory(directory: string): string {
  return join(directory, "snapshots");
}

/** The chunks of the backup, behind another header. */
async function copySnapshot(
  { disk, clock, directory, file }: RestoreOptions,
  meta: SnapshotMeta,
  onProgress: (part: number) => void,
): Promise<void> {
  const store = await SnapshotStore.open(disk, snapshotDirectory(directory), clock, silentLogger);
  const writer = await store.create(meta);
  writer.hurries = true;
  try {
    await readSnapshotFile(disk, file, (chunk) => writer.write([chunk]), onProgress);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.finish();
}
