import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { words } from "./words.ts";

/** Room that a row may need at most: all of its servers together, with what they have not cut away yet. */
const roomBytes = { full: 8 * 1024 ** 3, quick: 1024 ** 3 } as const;

/** Linux' numbers of file systems that have no disk. */
const inMemoryTypes: readonly number[] = [0x01021994, 0x858458f6];

/** Those that are there now. */
const present = new Set<string>();

// Behind the handler in programs.ts, which ends the servers: they may still be dying, so it is tried again.
process.once("exit", () => {
  for (const root of present) remove(root);
});

/** Folders for what servers write, side by side on one file system. Disposed of, all are gone. */
export class DataFolders implements Disposable {
  #root: string | undefined;
  #count = 0;

  make(): string {
    if (this.#root === undefined) {
      this.#root = mkdtempSync(join(tmpdir(), "kvorum-bench-"));
      present.add(this.#root);
    }
    const folder = join(this.#root, String(++this.#count));
    mkdirSync(folder);
    return folder;
  }

  [Symbol.dispose](): void {
    if (this.#root === undefined) return;
    remove(this.#root);
    present.delete(this.#root);
    this.#root = undefined;
  }
}

function remove(root: string): void {
  rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

export interface FileSystem {
  readonly type: number;
  readonly freeBytes: number;
}

/** Why rows that write to the disk cannot be measured here, or undefined. */
export function whyNoData(
  isQuick: boolean,
  fileSystem: FileSystem = fileSystemOf(tmpdir()),
): string | undefined {
  const { type, freeBytes } = fileSystem;
  const elsewhere = "set TMPDIR to another folder, or leave the rows out that write to the disk";
  if (inMemoryTypes.includes(type)) return `${tmpdir()} is in memory, not on a disk: ${elsewhere}`;
  const needed = isQuick ? roomBytes.quick : roomBytes.full;
  if (freeBytes >= needed) return undefined;
  const [free, wanted] = [freeBytes, needed].map((bytes) => words.count(bytes));
  return `${tmpdir()} has ${free} bytes free, and up to ${wanted} are needed: ${elsewhere}`;
}

function fileSystemOf(folder: string): FileSystem {
  const { type, bavail, bsize } = statfsSync(folder);
  return { type, freeBytes: bavail * bsize };
}
