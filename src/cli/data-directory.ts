import { KvorumError } from "../base/errors.ts";
import { isCode } from "../log/calls.ts";
import { systemDisk } from "../platform/disk-system.ts";

/**
 * Looks into a data directory that no node has open, and leaves it as it is. With `isRepair` it may be changed.
 * Rejects with KvorumError where there is none, or where somebody is in it.
 */
export async function withDirectory<T>(
  directory: string,
  isRepair: boolean,
  task: () => Promise<T>,
): Promise<T> {
  await mustBeThere(directory);
  const lock = await systemDisk.lock(directory, { isReadOnly: !isRepair });
  try {
    return await task();
  } finally {
    await lock.release();
  }
}

/** Rejects with KvorumError where there is no such directory. */
export async function mustBeThere(directory: string): Promise<void> {
  try {
    await systemDisk.list(directory);
  } catch (error) {
    if (!isCode(error, "ENOENT", "ENOTDIR")) throw error;
    throw new KvorumError("ERR", `there is no directory ${directory}`);
  }
}
