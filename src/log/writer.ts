import { join } from "node:path";
import { Fifo } from "../base/fifo.ts";
import { limits } from "../base/limits.ts";
import type { Clock } from "../platform/clock.ts";
import { type Disk, DiskError, type DiskFile } from "../platform/disk.ts";
import type { Random } from "../platform/random.ts";
import { removeIfThere, syncFile, withFile, writeTo } from "./calls.ts";
import type { LogEntry } from "./entry.ts";
import { Group } from "./group.ts";
import { recordBytes } from "./record.ts";
import { ensureLink, link, rewrite, Segment } from "./segment.ts";
import { encodeSegmentHeader, segmentHeaderBytes, segmentName } from "./segment-header.ts";
import { makeZeroed, Spare } from "./spare.ts";

export interface WriterOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** The directory of the segments. */
  readonly directory: string;
  readonly clusterId: Buffer;
  readonly fsync: "always" | "interval";
  /** The longest segment, but for one with a larger record. */
  readonly segmentBytesMax: number;
  /** Everything up to `writtenSequence` was written. */
  readonly onWritten: () => void;
  /** Called once: nothing is written any more. */
  readonly onFailed: (error: DiskError) => void;
  readonly onSpace: (isEnough: boolean) => void;
}

/**
 * Writes records one behind the other into segments.
 *
 *     queue ──group──► one write in flight ──► written ──► durable
 *                                                └─ fsync always: the same; interval: after the next sync
 *
 * What comes while a write is in flight goes with the next one. When the segment is full, the queue waits until
 * the next segment is in place.
 */
export class Writer {
  /** All segments that are kept, the oldest first; the last one is written to. */
  readonly segments: Segment[];
  /** Bytes on disk of what waits to be written. */
  waitingBytes = 0;
  /** Bytes on disk of all records that are kept, and of those that wait. */
  bytes = 0;
  /** The last record that was taken, that was written, and that is known to be on the disk. */
  lastSequence: number;
  writtenSequence: number;
  durableSequence: number;

  readonly #options: WriterOptions;
  readonly #isSynchronous: boolean;
  readonly #spare: Spare;
  readonly #group = new Group();
  #queue = new Fifo<LogEntry>();
  #file: DiskFile | undefined;
  #isWriting = false;
  #isRolling = false;
  #isSyncing = false;
  #isSyncTimed = false;
  #isClosing = false;
  #isClosed = false;
  #error: DiskError | undefined;
  #waiters: Waiter[] = [];

  /** `segments` as they were read from the disk, and the last record that was on it for sure. */
  constructor(options: WriterOptions, segments: Segment[], durableSequence: number) {
    this.#options = options;
    this.#isSynchronous = options.fsync === "always";
    this.segments = segments;
    for (const segment of segments) this.bytes += segment.recordBytes;
    this.lastSequence = segments.at(-1)?.lastSequence ?? 0;
    this.writtenSequence = this.lastSequence;
    this.durableSequence = durableSequence;
    this.#spare = new Spare({
      disk: options.disk,
      directory: options.directory,
      onSpace: (isEnough) => this.#spaceChanged(isEnough),
      onFailed: (error) => this.#fail(error),
    });
  }

  get error(): DiskError | undefined {
    return this.#error;
  }

  /** What is left of the last segment beside what waits. */
  get roomBytes(): number {
    const { end, header } = this.segments.at(-1)!;
    return Math.max(0, header.fileBytes - end - this.waitingBytes);
  }

  /** Makes the last segment ready for writing, or the first one of a new log. Rejects with DiskError. */
  async open(): Promise<void> {
    const last = this.segments.at(-1);
    try {
      // What is there may have been written by a process that died before it synced.
      await this.#options.disk.syncDirectory(this.#options.directory);
      await (last === undefined ? this.#openFirst() : this.#openLast(last));
    } catch (error) {
      await this.#closeFile();
      throw error;
    }
  }

  async #openLast(segment: Segment): Promise<void> {
    const before = this.segments.at(-2);
    if (before !== undefined) await ensureLink(this.#options.disk, before, segment);
    this.#file = await this.#openFile(segment);
    await rewrite(this.#file, segment, this.durableSequence + 1);
    this.durableSequence = this.lastSequence;
  }

  async #openFirst(): Promise<void> {
    const fileBytes = this.#nextSegmentBytes();
    await makeZeroed(this.#options.disk, this.#spare.path, fileBytes);
    await this.#begin(fileBytes);
  }

  /** Takes an entry for the next write. */
  push(entry: LogEntry): void {
    const bytes = recordBytes(entry.payload.length);
    this.lastSequence++;
    this.bytes += bytes;
    this.waitingBytes += bytes;
    this.#queue.push(entry);
    this.#next();
  }

  /** There may be room on the disk again. */
  retrySpare(): void {
    this.#spare.retry();
  }

  /** Resolves when all that was taken is on the disk, or never will be. */
  flush(): Promise<void> {
    return this.#untilDurable(this.lastSequence);
  }

  /**
   * Drops whole segments that end before this record, but for the last. Each is gone for good before the next one
   * goes, so that no crash leaves a gap. `onDrop` is told the first record that is kept.
   */
  async dropBefore(sequence: number, onDrop: (firstSequence: number) => void): Promise<void> {
    const { disk, directory } = this.#options;
    for (;;) {
      const [first, second] = this.segments;
      if (second === undefined || first!.lastSequence >= sequence) return;
      this.segments.shift();
      onDrop(second.firstSequence);
      try {
        await removeIfThere(disk, first!.path);
        await disk.syncDirectory(directory);
      } catch (error) {
        // It may still be there, and the next one must not go before it.
        this.segments.unshift(first!);
        throw error;
      }
      this.bytes -= first!.recordBytes;
    }
  }

  /** Writes and syncs what was taken, as far as there is room for it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.flush();
    this.#isClosed = true;
    await this.#spare.close();
    await this.#until(() => !this.#isWriting && !this.#isSyncing && !this.#isRolling);
    await this.#closeFile();
  }

  /** Writes what waits, unless something is in the way that calls again when it is done. */
  #next(): void {
    if (this.#isWriting || this.#isRolling || this.#error !== undefined || this.#isClosed) return;
    const first = this.#queue.peek();
    if (first === undefined) return;
    const segment = this.segments.at(-1)!;
    if (segment.end + recordBytes(first.payload.length) > segment.header.fileBytes) void this.#roll();
    else this.#write(segment);
  }

  #write(segment: Segment): void {
    this.#isWriting = true;
    const position = segment.end;
    this.#group.begin(position, this.durableSequence, segment.header.salt);
    this.#gather(segment);
    this.#file!.write(this.#group.finish(), position, this.#onWriteDone);
    this.#spare.prepare(this.#nextSegmentBytes());
  }

  /** Fills the group with what fits into it and into the segment. */
  #gather(segment: Segment): void {
    for (;;) {
      const entry = this.#queue.peek();
      if (entry === undefined) return;
      const { length } = entry.payload;
      const bytes = recordBytes(length);
      if (segment.end + bytes > segment.header.fileBytes || !this.#group.hasRoom(length)) return;
      segment.add(bytes);
      this.#group.add(entry, segment.lastSequence);
      this.#queue.shift();
    }
  }

  readonly #onWriteDone = (error: DiskError | undefined): void => {
    this.#isWriting = false;
    if (error !== undefined) this.#fail(error);
    if (this.#error === undefined) this.#written();
    this.#wake();
  };

  #written(): void {
    this.writtenSequence += this.#group.records;
    this.waitingBytes -= this.#group.bytes;
    if (this.#isSynchronous) this.durableSequence = this.writtenSequence;
    else this.#syncSoon();
    // First the disk gets its next work, then those who wait for the last one get theirs.
    this.#next();
    this.#options.onWritten();
  }

  #syncSoon(): void {
    if (this.#waiters.length > 0) this.#sync();
    if (this.#isSyncTimed) return;
    this.#isSyncTimed = true;
    this.#options.clock.after(limits.logSyncMs, () => {
      this.#isSyncTimed = false;
      this.#sync();
    });
  }

  /** Makes durable what is written, unless that is on its way or done. */
  #sync(): void {
    const target = this.writtenSequence;
    if (this.#isSyncing || target === this.durableSequence || this.#error !== undefined) return;
    this.#isSyncing = true;
    this.#file!.sync((error) => {
      this.#isSyncing = false;
      if (error !== undefined) this.#fail(error);
      if (this.#error === undefined) this.durableSequence = target;
      this.#wake();
      if (this.#waiters.length > 0) this.#sync();
    });
  }

  /** Resolves also when that will never be. */
  #untilDurable(sequence: number): Promise<void> {
    const isDone = (): boolean => sequence <= this.durableSequence || this.#isHopeless;
    const durable = this.#until(isDone);
    if (!this.#isSynchronous && !isDone()) this.#sync();
    return durable;
  }

  /** After a failure nothing is written; nor is what waits for room, when nobody will ask for it any more. */
  get #isHopeless(): boolean {
    if (this.#error !== undefined) return true;
    const isAllDone = this.durableSequence === this.writtenSequence;
    return this.#isClosing && this.#isRolling && this.#spare.isShort && isAllDone;
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ isDone, resolve });
      this.#wake();
    });
  }

  /** Continues those who have what they waited for. */
  #wake(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = waiters.filter(({ isDone }) => !isDone());
    for (const waiter of waiters) if (!this.#waiters.includes(waiter)) waiter.resolve();
  }

  #spaceChanged(isEnough: boolean): void {
    this.#wake();
    this.#options.onSpace(isEnough);
  }

  #fail(error: DiskError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#queue = new Fifo();
    void this.#spare.close();
    this.#wake();
    this.#options.onFailed(error);
  }

  /** Begins the next segment, when the one before is on the disk. */
  async #roll(): Promise<void> {
    this.#isRolling = true;
    try {
      await this.#untilDurable(this.writtenSequence);
      const needed = segmentHeaderBytes + recordBytes(this.#queue.peek()?.payload.length ?? 0);
      const fileBytes = await this.#spare.take(needed, this.#nextSegmentBytes());
      if (fileBytes > 0 && this.#error === undefined) await this.#begin(fileBytes);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#fail(error);
    }
    this.#isRolling = false;
    this.#wake();
    this.#next();
  }

  /** The spare file becomes the next segment, or takes the place of the last one where that is empty. */
  async #begin(fileBytes: number): Promise<void> {
    const { disk, directory, clusterId, random } = this.#options;
    const before = this.segments.findLast((segment) => segment.recordBytes > 0);
    const firstSequence = this.writtenSequence + 1;
    const previousSalt = before?.header.salt ?? this.segments.at(-1)?.header.previousSalt ?? 0;
    const header = { firstSequence, fileBytes, clusterId, salt: random.uint32(), previousSalt };
    const segment = new Segment(join(directory, segmentName(firstSequence)), header);
    await withFile(disk, this.#spare.path, { mode: "write" }, async (file) => {
      await writeTo(file, [encodeSegmentHeader(header)], 0);
      await syncFile(file);
    });
    await disk.rename(this.#spare.path, segment.path);
    await disk.syncDirectory(directory);
    const last = this.segments.at(-1);
    if (last !== undefined && last === before) await link(this.#file!, last, segment);
    await this.#closeFile();
    this.#file = await this.#openFile(segment);
    if (last !== before) this.segments.pop();
    this.segments.push(segment);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #openFile({ path }: Segment): Promise<DiskFile> {
    return this.#options.disk.open(path, { mode: "write", isSynchronous: this.#isSynchronous });
  }

  #nextSegmentBytes(): number {
    const { segmentBytesMax } = this.#options;
    const current = this.segments.at(-1)?.header.fileBytes ?? 0;
    return Math.min(segmentBytesMax, Math.max(limits.logSegmentBytesMin, current * 2));
  }
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
}
