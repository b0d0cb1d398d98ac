import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { countRecords } from "../engine/chunk.ts";
import type { Disk } from "../platform/disk.ts";
import { readSnapshotFile, type SnapshotMeta } from "./snapshot-file.ts";

/**
 * Reads a snapshot or a backup, which are the same, from end to end: checksums, records, and their number in each
 * database. Rejects with KvorumError where anything is wrong. Resolves with what its header says.
 */
export async function verifySnapshot(
  disk: Disk,
  path: string,
  onProgress?: (part: number) => void,
): Promise<SnapshotMeta> {
  const keys = new Array<number>(limits.databases).fill(0);
  const meta = await readSnapshotFile(
    disk,
    path,
    (chunk, { revision }) => countRecords(chunk, revision, keys),
    onProgress,
  );
  if (keys.every((count, db) => count === meta.keys[db])) return meta;
  throw new KvorumError("ERR", `${path} is damaged: it holds ${keys} keys, and should hold ${meta.keys}`);
}
