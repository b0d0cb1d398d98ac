import { join } from "node:path";
import { limits } from "../base/limits.ts";
import { type Disk, DiskError } from "../platform/disk.ts";
import { isCode, removeIfThere, syncFile, withFile, writeTo } from "./calls.ts";

export interface SpareOptions {
  readonly disk: Disk;
  /** The directory of the segments. */
  readonly directory: string;
  /** There was no room for the next segment (false, after each try), or there is again. */
  readonly onSpace: (isEnough: boolean) => void;
  /** The disk failed in another way. */
  readonly onFailed: (error: DiskError) => void;
}

/** Shortages that pass. Nothing of the log was written when they are met here. */
const shortages: readonly string[] = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"];

/**
 * The file that becomes the next segment, zeroed and synced ahead of need. Writing into it later changes neither
 * its length nor its place, so a sync has less to do; and no record ever meets a full disk: that shows here,
 * before anything is lost, and passes when there is room again.
 *
 *     none ──prepare──► making ──► ready ──take──► none
 *                        │  ▲
 *              disk full ▼  │ retry
 *                       short
 */
export class Spare {
  readonly path: string;
  readonly #options: SpareOptions;
  #state: "none" | "making" | "ready" | "short" | "closed" = "none";
  /** Length of the file that is ready, being made, or wanted, and the least that is of use. */
  #fileBytes = 0;
  #leastBytes = 0;
  #making: Promise<void> = Promise.resolve();
  /** Continues `take`. */
  #wake: () => void = () => {};

  constructor(options: SpareOptions) {
    this.#options = options;
    this.path = join(options.directory, "spare");
  }

  /** There is no room on the disk: `take` waits for `retry`. */
  get isShort(): boolean {
    return this.#state === "short";
  }

  /** Begins to make a file of this length, if there is none; a shorter one where the disk has no room for that. */
  prepare(fileBytes: number, leastBytes: number = limits.logSegmentBytesMin): void {
    if (this.#state !== "none") return;
    this.#fileBytes = fileBytes;
    this.#leastBytes = leastBytes;
    this.#making = this.#make();
  }

  /** There may be room on the disk again. */
  retry(): void {
    if (this.#state === "short") this.#making = this.#make();
  }

  /**
   * Hands over a file of at least `neededBytes`, to one caller at a time, as soon as there is one. Resolves with its
   * length, or with 0 after a failure or `close`.
   */
  async take(neededBytes: number, preferredBytes: number): Promise<number> {
    const wantedBytes = Math.max(neededBytes, preferredBytes);
    const leastBytes = Math.min(wantedBytes, Math.max(neededBytes, limits.logSegmentBytesMin));
    for (;;) {
      if (this.#state === "closed") return 0;
      if (this.#state === "ready") {
        this.#state = "none";
        if (this.#fileBytes >= neededBytes) return this.#fileBytes;
      }
      // What could not be made for want of room is made as long as it must be now.
      if (this.#state === "short") {
        this.#fileBytes = wantedBytes;
        this.#leastBytes = leastBytes;
      }
      this.prepare(wantedBytes, leastBytes);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Makes no more. Resolves when nothing is written any more. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#wake();
    await this.#making;
  }

  async #make(wasShort: boolean = this.#state === "short"): Promise<void> {
    this.#state = "making";
    try {
      await makeZeroed(this.#options.disk, this.path, this.#fileBytes, () => this.#isClosed);
      if (this.#isClosed) return;
      this.#state = "ready";
      if (wasShort) this.#options.onSpace(true);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      await this.#failed(error, wasShort);
    }
    this.#wake();
  }

  async #failed(error: DiskError, wasShort: boolean): Promise<void> {
    if (isCode(error, ...shortages)) {
      // What was made of it takes room that others may need.
      await removeIfThere(this.#options.disk, this.path);
      if (this.#isClosed) return;
      if (this.#fileBytes > this.#leastBytes) {
        this.#fileBytes = Math.max(this.#leastBytes, this.#fileBytes >>> 1);
        return this.#make(wasShort);
      }
      this.#state = "short";
      this.#options.onSpace(false);
    } else {
      this.#state = "closed";
      this.#options.onFailed(error);
    }
  }

  get #isClosed(): boolean {
    return this.#state === "closed";
  }
}

/** Makes a file of zeros, in place of one that was there. It is on the disk when this resolves, if not stopped. */
export async function makeZeroed(
  disk: Disk,
  path: string,
  fileBytes: number,
  isStopped: () => boolean = () => false,
): Promise<void> {
  await removeIfThere(disk, path);
  await withFile(disk, path, { mode: "create" }, async (file) => {
    for (let at = 0; at < fileBytes && !isStopped(); at += zeros.length) {
      await writeTo(file, [zeros.subarray(0, Math.min(zeros.length, fileBytes - at))], at);
      await syncFile(file);
    }
  });
}

const zeros = Buffer.alloc(limits.logZeroBytes);
