import { Fifo } from "../base/fifo.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Clock } from "../platform/clock.ts";
import { type Disk, DiskError } from "../platform/disk.ts";
import type { Random } from "../platform/random.ts";
import type { LogEntry } from "./entry.ts";
import { Group } from "./group.ts";
import { recordBytes } from "./record.ts";
import type { Segment } from "./segment.ts";
import { SegmentChain } from "./segment-chain.ts";
import { segmentHeaderBytes } from "./segment-header.ts";
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
  /** Bytes on disk of what waits to be written. */
  waitingBytes = 0;
  /** The last record that was taken, that was written, and that is known to be on the disk. */
  lastSequence: number;
  writtenSequence: number;
  durableSequence: number;

  readonly #options: WriterOptions;
  readonly #isSynchronous: boolean;
  readonly #chain: SegmentChain;
  readonly #spare: Spare;
  readonly #group = new Group();
  #queue = new Fifo<LogEntry>();
  #isWriting = false;
  #isRolling = false;
  #isSyncing = false;
  #isSyncTimed = false;
  #isClosing = false;
  #isClosed = false;
  #error: DiskError | undefined;
  #waiters: Waiter[] = [];

  /** `segments` as they were read from the disk, and the last record that was on it for sure. */
  constructor(options: WriterOptions, segments: readonly Segment[], durableSequence: number) {
    this.#options = options;
    this.#isSynchronous = options.fsync === "always";
    const isSynchronous = this.#isSynchronous;
    const onSyncFailed = (error: DiskError): void => this.#fail(error);
    this.#chain = new SegmentChain({ ...options, isSynchronous, onSyncFailed }, segments);
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

  /** Bytes on disk of all records that are kept, and of those that wait. */
  get bytes(): number {
    // What is on its way has its place already.
    const inFlight = this.#isWriting ? this.#group.bytes : 0;
    return this.#chain.recordBytes + this.waitingBytes - inFlight;
  }

  /** What is left of the last segment beside what waits. */
  get roomBytes(): number {
    const { end, header } = this.#chain.last;
    return Math.max(0, header.fileBytes - end - this.waitingBytes);
  }

  /** The segment in which a record that is kept stands. */
  segmentOf(sequence: number): Segment {
    return this.#chain.segments.findLast(({ firstSequence }) => firstSequence <= sequence)!;
  }

  /** Makes the last segment ready for writing, or the first one of a new log. Rejects with DiskError. */
  async open(): Promise<void> {
    const { disk, directory } = this.#options;
    try {
      // What is there may have been written by a process that died before it synced.
      await disk.syncDirectory(directory);
      if (this.#chain.isEmpty) await this.#openFirst();
      else await this.#chain.openLast(this.durableSequence + 1);
      this.durableSequence = this.lastSequence;
    } catch (error) {
      await this.#chain.close();
      throw error;
    }
  }

  async #openFirst(): Promise<void> {
    const { nextBytes } = this.#chain;
    await makeZeroed(this.#options.disk, this.#spare.path, nextBytes);
    await this.#chain.begin(this.#spare.path, nextBytes, this.lastSequence + 1);
  }

  /** Takes an entry for the next write. */
  push(entry: LogEntry): void {
    this.lastSequence++;
    this.waitingBytes += recordBytes(entry.payload.length);
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
   * Drops whole segments that end before this record, but for that of the last durable one: without any record nothing
   * would say where the log goes on. `onDrop` is told the first record that is kept.
   */
  dropBefore(sequence: number, onDrop: (firstSequence: number) => void): Promise<void> {
    return this.#chain.dropBefore(Math.min(sequence, this.durableSequence), onDrop);
  }

  /** Writes and syncs what was taken, as far as there is room for it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.flush();
    this.#isClosed = true;
    await this.#spare.close();
    await this.#until(() => !this.#isWriting && !this.#isSyncing && !this.#isRolling);
    await this.#chain.close();
  }

  /** Writes what waits, unless something is in the way that calls again when it is done. */
  #next(): void {
    if (this.#isWriting || this.#isRolling || this.#error !== undefined || this.#isClosed) return;
    const first = this.#queue.peek();
    if (first === undefined) return;
    const segment = this.#chain.last;
    if (segment.end + recordBytes(first.payload.length) > segment.header.fileBytes) void this.#roll();
    else this.#write(segment);
  }

  #write(segment: Segment): void {
    this.#isWriting = true;
    const position = segment.end;
    this.#group.begin(position, this.durableSequence, segment.header.salt);
    this.#gather(segment);
    this.#chain.file.write(this.#group.finish(), position, this.#onWriteDone);
    this.#spare.prepare(this.#chain.nextBytes);
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
    this.#chain.file.sync((error) => {
      this.#isSyncing = false;
      if (error !== undefined) this.#fail(error);
      if (this.#error === undefined) this.durableSequence = target;
      this.#wake();
      // A slow sync outlives the second that was set for what was written meanwhile.
      if (this.#error === undefined && this.writtenSequence > target) this.#syncSoon();
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
    reached("log-failed");
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
      const fileBytes = await this.#spare.take(needed, this.#chain.nextBytes);
      if (fileBytes > 0 && this.#error === undefined)
        await this.#chain.begin(this.#spare.path, fileBytes, this.writtenSequence + 1);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#fail(error);
    }
    this.#isRolling = false;
    this.#wake();
    this.#next();
  }
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
}
