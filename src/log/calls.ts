import type { Disk, DiskFile, OpenOptions } from "../platform/disk.ts";
import { DiskError } from "../platform/disk.ts";

/** The calls of the disk contract that are not on the hot path, as promises. */
export function writeTo(file: DiskFile, parts: readonly Buffer[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(parts, position, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

export function syncFile(file: DiskFile): Promise<void> {
  return new Promise((resolve, reject) => {
    file.sync((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** Opens a file for the time of a task. */
export async function withFile<T>(
  disk: Disk,
  path: string,
  options: OpenOptions,
  task: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, options);
  try {
    return await task(file);
  } finally {
    await file.close();
  }
}

export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): error is DiskError {
  return error instanceof DiskError && codes.includes(error.code);
}
