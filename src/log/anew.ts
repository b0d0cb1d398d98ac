import { join } from "node:path";
import { limits } from "../base/limits.ts";
import type { Disk } from "../platform/disk.ts";
import { silentLogger } from "../platform/logger.ts";
import { isCode } from "./calls.ts";
import type { EntryId } from "./entry.ts";
import { Wal, type WalOptions } from "./wal.ts";

/** Removes log and snapshots. Durable when it resolves. Somebody has to know beforehand that they may go. */
export async function clearState(disk: Disk, directory: string): Promise<void> {
  for (const folder of ["wal", "snapshots"].map((name) => join(directory, name))) {
    const names = await namesIn(disk, folder);
    for (const name of names) await disk.remove(join(folder, name));
    if (names.length > 0) await disk.syncDirectory(folder);
  }
}

/** A log without entries, which goes on behind a state. A directory with term and vote and without a log is refused. */
export async function beginLog(
  parts: Pick<WalOptions, "disk" | "directory" | "clock" | "random">,
  clusterId: string,
  base: EntryId,
): Promise<void> {
  const wal = await Wal.open({
    ...parts,
    logger: silentLogger,
    clusterId: Buffer.from(clusterId, "hex"),
    fsync: "always",
    base,
    segmentBytes: limits.logSegmentBytesMin,
    onStable() {},
    onFailed() {},
    onProgress() {},
  });
  await wal.close();
}

async function namesIn(disk: Disk, directory: string): Promise<string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}
