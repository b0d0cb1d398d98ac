import { join } from "node:path";
import { limits } from "../base/limits.ts";
import type { Disk, DiskError, DiskFile } from "../platform/disk.ts";
import type { Random } from "../platform/random.ts";
import { removeIfThere, syncFile, withFile, writeTo } from "./calls.ts";
import { ensureLink, link, rewrite, Segment } from "./segment.ts";
import { encodeSegmentHeader, segmentName } from "./segment-header.ts";

export interface SegmentChainOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The directory of the segments. */
  readonly directory: string;
  readonly clusterId: Buffer;
  /** The longest segment, but for one with a larger record. */
  readonly segmentBytesMax: number;
  /** Whether a write is durable when it is done. */
  readonly isSynchronous: boolean;
  /** What a sync of the directory should have made durable is not known to be: nothing may be built on it any more. */
  readonly onSyncFailed: (error: DiskError) => void;
}

/** The segments of a log as files: the last one is open for writing. All of it rejects with DiskError. */
export class SegmentChain {
  /** All that are kept, the oldest first. */
  readonly segments: Segment[];
  readonly #options: SegmentChainOptions;
  #file: DiskFile | undefined;

  constructor(options: SegmentChainOptions, segments: readonly Segment[]) {
    this.#options = options;
    this.segments = [...segments];
  }

  get isEmpty(): boolean {
    return this.segments.length === 0;
  }

  /** The segment that is written to, and its file. */
  get last(): Segment {
    return this.segments.at(-1)!;
  }

  get file(): DiskFile {
    return this.#file!;
  }

  /** Bytes of all records. */
  get recordBytes(): number {
    return this.segments.reduce((bytes, segment) => bytes + segment.recordBytes, 0);
  }

  /** How long the next segment is to be: twice as long as the last one, within bounds. */
  get nextBytes(): number {
    const { segmentBytesMax } = this.#options;
    const current = this.segments.at(-1)?.header.fileBytes ?? 0;
    return Math.min(segmentBytesMax, Math.max(limits.logSegmentBytesMin, current * 2));
  }

  /** Opens the last segment, and makes what is read there durable from this record on. */
  async openLast(sequence: number): Promise<void> {
    const before = this.segments.at(-2);
    if (before !== undefined) await ensureLink(this.#options.disk, before, this.last);
    this.#file = await this.#open(this.last);
    await rewrite(this.#file, this.last, sequence);
  }

  /**
   * A file of zeros, durable, becomes the next segment; or it takes the place of the last one where that is empty.
   * The segment before must be on the disk.
   */
  async begin(path: string, fileBytes: number, firstSequence: number): Promise<void> {
    const { disk, directory } = this.#options;
    const last = this.segments.at(-1);
    const before = this.segments.findLast((segment) => segment.recordBytes > 0);
    const segment = this.#make(fileBytes, firstSequence, before);
    await withFile(disk, path, { mode: "write" }, async (file) => {
      await writeTo(file, [encodeSegmentHeader(segment.header)], 0);
      await syncFile(file);
    });
    await disk.rename(path, segment.path);
    await disk.syncDirectory(directory);
    if (last !== undefined && last === before) await link(this.file, last, segment);
    await this.close();
    this.#file = await this.#open(segment);
    if (last !== before) this.segments.pop();
    this.segments.push(segment);
  }

  /**
   * Drops whole segments that end before this record, but for the last. Each is gone for good before the next one
   * goes, so that no crash leaves a gap. `onDrop` is told the first record that is kept. A removal that failed is tried
   * again by the next call; one that could not be synced never is, since a later sync may not be about it.
   */
  async dropBefore(sequence: number, onDrop: (firstSequence: number) => void): Promise<void> {
    const { disk } = this.#options;
    while (this.segments.length > 1 && this.segments[0]!.lastSequence < sequence) {
      const segment = this.segments.shift()!;
      onDrop(this.segments[0]!.firstSequence);
      try {
        await removeIfThere(disk, segment.path);
        await this.#syncDirectory();
      } catch (error) {
        // It may still be there, and the next one must not go before it.
        this.segments.unshift(segment);
        throw error;
      }
    }
  }

  async #syncDirectory(): Promise<void> {
    const { disk, directory, onSyncFailed } = this.#options;
    try {
      await disk.syncDirectory(directory);
    } catch (error) {
      onSyncFailed(error as DiskError);
      throw error;
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #make(fileBytes: number, firstSequence: number, before: Segment | undefined): Segment {
    const { directory, clusterId, random } = this.#options;
    const previousSalt = before?.header.salt ?? this.segments.at(-1)?.header.previousSalt ?? 0;
    const path = join(directory, segmentName(firstSequence));
    return new Segment(path, { firstSequence, fileBytes, clusterId, salt: random.uint32(), previousSalt });
  }

  #open({ path }: Segment): Promise<DiskFile> {
    const { disk, isSynchronous } = this.#options;
    return disk.open(path, { mode: "write", isSynchronous });
  }
}
