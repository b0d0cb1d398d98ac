import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import { reached } from "../base/reached.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk, DiskFile } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import { isCode, removeIfThere, syncFile, writeTo } from "./calls.ts";
import type { EntryId } from "./entry.ts";
import { isNewer } from "./fault.ts";
import { HeldSnapshot } from "./held-snapshot.ts";
import { readSmallFile, replaceSmallFile } from "./small-file.ts";
import {
  type ChunkVisitor,
  readSnapshotFile,
  readSnapshotMeta,
  SnapshotFileWriter,
  type SnapshotMeta,
} from "./snapshot-file.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

export const manifest = "manifest.json";
const format = 1;
/** The newest, and one to fall back to. */
const keptMax = 2;

/** A snapshot that the manifest names. */
interface Kept {
  readonly file: string;
  readonly meta: SnapshotMeta;
}

/**
 * The snapshots of a data directory. One exists from the moment at which the manifest names it:
 *
 *     new.partial ──write, sync──► rename ──► sync of the directory ──► manifest ──► older ones are removed
 */
export class SnapshotStore {
  readonly directory: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  /** The newest first. */
  #kept: readonly Kept[];
  /** Files that must not be removed yet, by how many read them. */
  readonly #pins = new Map<string, number>();
  /** A name may be on the disk, or not. */
  #hasFailed = false;
  /** Names change one after the other: each change goes by what the one before has left. */
  #naming: Promise<unknown> = Promise.resolve();

  private constructor(disk: Disk, directory: string, clock: Clock, kept: readonly Kept[]) {
    this.#disk = disk;
    this.directory = directory;
    this.#clock = clock;
    this.#kept = kept;
  }

  /**
   * Removes what a crash has left. Rejects with KvorumError where a snapshot that should be there is not, and none
   * is behind it, and where a later version wrote one.
   */
  static async open(disk: Disk, directory: string, clock: Clock, logger: Logger): Promise<SnapshotStore> {
    await disk.makeDirectory(directory);
    const names = await snapshotNames(disk, directory);
    const kept: Kept[] = [];
    for (let file = names.shift(); file !== undefined; file = names.shift()) {
      try {
        kept.push({ file, meta: await metaOf(disk, join(directory, file)) });
      } catch (error) {
        const { message } = error as Error;
        // What a later version wrote is no rubbish: that one can still be started.
        if (kept.length + names.length === 0 || isNewer(message)) throw error;
        logger.error(`${message}; there is another one`);
      }
    }
    const store = new SnapshotStore(disk, directory, clock, kept);
    await store.#removeOthers();
    return store;
  }

  /** What the newest one holds; undefined where there is none. */
  newest(): SnapshotMeta | undefined {
    return this.#kept[0]?.meta;
  }

  /** All that can be loaded, the newest first. */
  get all(): readonly SnapshotMeta[] {
    return this.#kept.map(({ meta }) => meta);
  }

  /**
   * The log may begin behind this entry: it is in all that a start can fall back to. While there is only one snapshot
   * that is the log alone.
   */
  get oldestIndex(): number {
    return this.#kept.length < keptMax ? 0 : this.#kept.at(-1)!.meta.index;
  }

  /** Begins a snapshot. Rejects with DiskError, or with KvorumError where the disk has failed before. */
  async create(meta: SnapshotMeta): Promise<SnapshotWriter> {
    if (this.#hasFailed) {
      const advice = "mend the disk and restart the node";
      throw new KvorumError(
        "MISCONF",
        `${this.directory} could not be synced, so no snapshot is safe: ${advice}`,
      );
    }
    const path = join(this.directory, partial);
    this.#pins.set(partial, 1);
    await removeIfThere(this.#disk, path);
    const file = await this.#disk.open(path, { mode: "create" });
    const writer = new SnapshotWriter(new SnapshotFileWriter(file, this.#clock), file, {
      keep: async () => {
        await this.#inTurn(() => this.#keep(path, meta));
        this.#pins.delete(partial);
      },
      drop: async () => {
        this.#pins.delete(partial);
        await removeIfThere(this.#disk, path);
      },
    });
    await writer.begin(meta);
    return writer;
  }

  /** Begins a snapshot that comes from another member. One at a time: what another call left is overwritten. */
  async receive(): Promise<ReceivedSnapshot> {
    const path = join(this.directory, received);
    this.#pins.set(received, 1);
    await removeIfThere(this.#disk, path);
    const file = await this.#disk.open(path, { mode: "create" });
    return new ReceivedSnapshot(this.#disk, file, {
      keep: async (meta) => {
        await this.#inTurn(() => this.#keepReceived(path, meta));
        this.#pins.delete(received);
      },
      drop: async () => {
        this.#pins.delete(received);
        await removeIfThere(this.#disk, path);
      },
    });
  }

  /** Reads a snapshot whole: see readSnapshotFile. Rejects with KvorumError where it is damaged. */
  async read(meta: SnapshotMeta, onChunk: ChunkVisitor, onProgress: (part: number) => void): Promise<void> {
    await readSnapshotFile(this.#disk, this.pathOf(meta), onChunk, onProgress);
  }

  pathOf(meta: SnapshotMeta): string {
    return join(this.directory, fileOf(meta));
  }

  /** Forgets snapshots that go further than this entry, since they are damaged. */
  async fallBackTo({ index }: EntryId): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#kept.every(({ meta }) => meta.index <= index)) return;
      await this.#write(this.#kept.filter(({ meta }) => meta.index <= index));
    });
  }

  /** Keeps the file of a snapshot while somebody reads it. Returns what ends that. */
  pin(meta: SnapshotMeta): () => Promise<void> {
    const file = fileOf(meta);
    this.#pins.set(file, (this.#pins.get(file) ?? 0) + 1);
    let isPinned = true;
    return async () => {
      if (!isPinned) return;
      isPinned = false;
      this.#pins.set(file, this.#pins.get(file)! - 1);
      if (this.#pins.get(file)! > 0) return;
      this.#pins.delete(file);
      // This one alone: another snapshot may be on its way, and nobody wants its files yet.
      await this.#inTurn(async () => {
        if (this.#kept.some((kept) => kept.file === file) || this.#pins.has(file)) return;
        await removeIfThere(this.#disk, join(this.directory, file));
      });
    };
  }

  /** Opens the file of a snapshot for who reads it at their own pace. */
  async hold(meta: SnapshotMeta): Promise<HeldSnapshot> {
    const unpin = this.pin(meta);
    try {
      const file = await this.#disk.open(this.pathOf(meta), { mode: "read" });
      return new HeldSnapshot(meta, await file.size(), file, unpin);
    } catch (error) {
      await unpin();
      throw error;
    }
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#naming.then(change);
    this.#naming = turn.catch(() => {});
    return turn;
  }

  #keep(path: string, meta: SnapshotMeta): Promise<void> {
    // From here no way leads to where the log begins now.
    if (meta.index < (this.newest()?.index ?? 0)) {
      reached("own-snapshot-overtaken");
      const reason = `the snapshot up to entry ${meta.index} is outdated: a later one was received meanwhile`;
      return Promise.reject(new KvorumError("ERR", reason));
    }
    const file = fileOf(meta);
    const others = this.#kept.filter((kept) => kept.file !== file);
    return this.#name(path, file, [{ file, meta }, ...others].slice(0, keptMax));
  }

  /** The log goes on behind it: from the ones before it no way leads there. */
  #keepReceived(path: string, meta: SnapshotMeta): Promise<void> {
    const file = fileOf(meta);
    return this.#name(path, file, [{ file, meta }]);
  }

  async #name(path: string, file: string, kept: readonly Kept[]): Promise<void> {
    try {
      await this.#disk.rename(path, join(this.directory, file));
      await this.#disk.syncDirectory(this.directory);
      await this.#write(kept);
    } catch (error) {
      // What has no room can be tried again. Behind any other failure nobody knows what names the disk has.
      this.#hasFailed = !isCode(error, "ENOSPC");
      throw error;
    }
  }

  async #write(kept: readonly Kept[]): Promise<void> {
    const snapshots = kept.map(({ file }) => file);
    await replaceSmallFile(this.#disk, this.directory, manifest, { format, snapshots });
    this.#kept = kept;
    await this.#removeOthers();
  }

  async #removeOthers(): Promise<void> {
    const wanted = new Set([manifest, ...this.#kept.map(({ file }) => file), ...this.#pins.keys()]);
    for (const name of await this.#disk.list(this.directory)) {
      if (!wanted.has(name)) await removeIfThere(this.#disk, join(this.directory, name));
    }
  }
}

/** The files that the manifest names, the newest first. Rejects as readSmallFile does. */
export async function snapshotNames(disk: Disk, directory: string): Promise<string[]> {
  const value = await readSmallFile(disk, directory, manifest, format);
  return [...((value?.snapshots ?? []) as readonly string[])];
}

/** A snapshot that is being written. */
export class SnapshotWriter {
  #isOpen = true;
  readonly #writer: SnapshotFileWriter;
  readonly #file: DiskFile;
  readonly #ending: { readonly keep: () => Promise<void>; readonly drop: () => Promise<void> };

  constructor(
    writer: SnapshotFileWriter,
    file: DiskFile,
    ending: { readonly keep: () => Promise<void>; readonly drop: () => Promise<void> },
  ) {
    this.#writer = writer;
    this.#file = file;
    this.#ending = ending;
  }

  async begin(meta: SnapshotMeta): Promise<void> {
    try {
      await this.#writer.begin(meta);
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  set hurries(hurries: boolean) {
    this.#writer.hurries = hurries;
  }

  write(chunk: readonly Buffer[]): Promise<void> {
    return this.#writer.write(chunk);
  }

  /** The snapshot exists when this resolves. */
  async finish(): Promise<void> {
    await this.#writer.end();
    await this.#close();
    await this.#ending.keep();
  }

  /** Leaves nothing behind; what cannot be removed now is removed by the next start. */
  async abort(): Promise<void> {
    await this.#close().catch(() => {});
    await this.#ending.drop().catch(() => {});
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

/** A snapshot that comes from another member, a piece at a time. */
export class ReceivedSnapshot {
  /** Bytes that were written, from the beginning. */
  bytes = 0;
  #isOpen = true;
  readonly #disk: Disk;
  readonly #file: DiskFile;
  readonly #ending: { keep(meta: SnapshotMeta): Promise<void>; drop(): Promise<void> };

  constructor(
    disk: Disk,
    file: DiskFile,
    ending: { keep(meta: SnapshotMeta): Promise<void>; drop(): Promise<void> },
  ) {
    this.#disk = disk;
    this.#file = file;
    this.#ending = ending;
  }

  /** The bytes are the file's until this resolves. */
  async write(bytes: Buffer): Promise<void> {
    await writeTo(this.#file, [bytes], this.bytes);
    this.bytes += bytes.length;
  }

  /** All of it is there. Resolves with what it holds; rejects with KvorumError where it is damaged. */
  async finish(): Promise<SnapshotMeta> {
    await syncFile(this.#file);
    await this.#close();
    return verifySnapshot(this.#disk, this.#file.path);
  }

  /** From now on it is the newest and only one; durable when this resolves. Only after `finish`. */
  adopt(meta: SnapshotMeta): Promise<void> {
    return this.#ending.keep(meta);
  }

  async drop(): Promise<void> {
    await this.#close().catch(() => {});
    await this.#ending.drop().catch(() => {});
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

const partial = "new.partial";
const received = "received.partial";

/** Sorted by name they are sorted by their entries. */
function fileOf({ index }: SnapshotMeta): string {
  return `${index.toString(16).padStart(16, "0")}.snapshot`;
}

async function metaOf(disk: Disk, path: string): Promise<SnapshotMeta> {
  try {
    return await readSnapshotMeta(disk, path);
  } catch (error) {
    if (error instanceof KvorumError) throw error;
    throw new KvorumError(
      "ERR",
      `snapshot ${path} cannot be read (${(error as Error).message}); restore a backup`,
    );
  }
}
