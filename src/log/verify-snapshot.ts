import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { type Counts, countChunk } from "../engine/chunk.ts";
import type { Disk } from "../platform/disk.ts";
import { readSnapshotFile, type SnapshotMeta } from "./snapshot-file.ts";

/**
 * Reads a snapshot or a backup, which are the same, from end to end: checksums, records and sessions, and their
 * numbers. Rejects with KvorumError where anything is wrong. Resolves with what its header says.
 */
export async function verifySnapshot(
  disk: Disk,
  path: string,
  onProgress?: (part: number) => void,
): Promise<SnapshotMeta> {
  const found: Counts = { keys: new Array<number>(limits.databases).fill(0), sessions: 0 };
  const meta = await readSnapshotFile(
    disk,
    path,
    (chunk, { revision }) => countChunk(chunk, revision, found),
    onProgress,
  );
  const problem = countProblem(found, meta);
  if (problem === "") return meta;
  throw new KvorumError("ERR", `${path} is damaged: ${problem}`);
}

/** What is wrong with the number of keys and sessions in a snapshot, "" where nothing is. */
export function countProblem(found: Counts, meta: SnapshotMeta): string {
  if (!found.keys.every((count, db) => count === meta.keys[db]))
    return `it holds ${found.keys} keys, and should hold ${meta.keys}`;
  if (found.sessions !== meta.sessions)
    return `it holds ${found.sessions} sessions, and should hold ${meta.sessions}`;
  return "";
}
