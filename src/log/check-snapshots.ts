import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import type { Disk } from "../platform/disk.ts";
import { isCode } from "./calls.ts";
import type { FileReport } from "./check.ts";
import { isNewer } from "./fault.ts";
import type { SnapshotMeta } from "./snapshot-file.ts";
import { manifest, snapshotNames } from "./snapshots.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

export interface SnapshotsReport {
  readonly files: readonly FileReport[];
  /** Those that are whole, the newest first. */
  readonly whole: readonly SnapshotMeta[];
}

export interface CheckSnapshotsOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  /** The cluster to which they must belong, where it is known. */
  readonly clusterId: string | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/** Reads the manifest, and every snapshot that it names, from end to end. `names` are those in their folder. */
export async function checkSnapshots(
  options: CheckSnapshotsOptions,
  names: readonly string[],
): Promise<SnapshotsReport> {
  if (names.length === 0) return { files: [], whole: [] };
  const files: FileReport[] = [];
  const whole: SnapshotMeta[] = [];
  const folder = join(options.directory, "snapshots");
  const kept = await judged(files, manifest, snapshotNames(options.disk, folder));
  if (kept === undefined) return { files, whole };
  files.push({ file: `snapshots/${manifest}`, state: "whole", text: `names ${kept.length}` });
  for (const name of kept) {
    const meta = await judged(files, name, verified(options, join(folder, name)));
    if (meta === undefined) continue;
    const isForeign = options.clusterId !== undefined && meta.clusterId !== options.clusterId;
    if (!isForeign) whole.push(meta);
    const text = isForeign ? `it belongs to another cluster, ${meta.clusterId}` : textOf(meta);
    files.push({ file: `snapshots/${name}`, state: isForeign ? "foreign" : "whole", text });
  }
  return { files, whole };
}

async function verified({ disk, onProgress }: CheckSnapshotsOptions, path: string): Promise<SnapshotMeta> {
  try {
    return await verifySnapshot(disk, path, (part) => onProgress?.(part, 1));
  } catch (error) {
    if (isCode(error, "ENOENT")) throw new KvorumError("ERR", "it is missing", { cause: error });
    throw error;
  }
}

/** What is wrong goes into the report: undefined then. */
async function judged<T>(files: FileReport[], name: string, value: Promise<T>): Promise<T | undefined> {
  try {
    return await value;
  } catch (error) {
    if (!(error instanceof KvorumError)) throw error;
    const { message: text } = error;
    files.push({ file: `snapshots/${name}`, state: isNewer(text) ? "newer" : "corrupt", text });
    return undefined;
  }
}

function textOf({ index, keys, revision, createdWallMs }: SnapshotMeta): string {
  const count = keys.reduce((sum, number) => sum + number, 0);
  const taken = new Date(createdWallMs).toISOString();
  return `up to entry ${index}: ${count} keys, revision ${revision}, taken ${taken}`;
}
