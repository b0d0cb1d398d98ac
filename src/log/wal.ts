import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk, DiskError } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import { isCode } from "./calls.ts";
import { type EntryId, entryKinds, type LogEntry } from "./entry.ts";
import { EntryCache } from "./entry-cache.ts";
import type { HardState } from "./hard-state.ts";
import { readEntries } from "./read-entries.ts";
import { recoverLog } from "./recover.ts";
import type { Runs } from "./runs.ts";
import { type ScannedLog, type StoredConfiguration, walDirectory } from "./scan.ts";
import { Writer } from "./writer.ts";

export interface WalOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The data directory; the log is in wal/. */
  readonly directory: string;
  /** 16 bytes: a segment of another cluster is refused. */
  readonly clusterId: Buffer;
  /**
   * always: stable means synced. interval: stable means written, which survives the end of the process; a sync
   * follows within a second.
   */
  readonly fsync: "always" | "interval";
  /** The last entry of the newest snapshot, (0, 0) without one: the log must go on there. */
  readonly base: EntryId;
  /**
   * Term and vote, "none" where none were ever saved. Who has some had a log: it must be there, and none of its
   * entries can be of a later term. Where absent, nothing is known of them.
   */
  readonly hardState?: HardState | "none";
  /** The longest segment, but for one with a larger record. */
  readonly segmentBytes?: number;
  /**
   * Entries up to this one are stable. Called in a later turn than `append`, after every write; also after one of
   * entries that others have replaced meanwhile, so that the index may be the same as before.
   */
  readonly onStable: (index: number) => void;
  /** A write or a sync failed. Called once: nothing is written any more. */
  readonly onFailed: (error: DiskError) => void;
  /**
   * There is no room for the next segment (false): what fits into the present one is still written. Or there is
   * room again, after `retrySpare`.
   */
  readonly onSpace?: (isEnough: boolean) => void;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * The write-ahead log: entries with consecutive indexes, in segments on the disk. See the README for the bytes
 * and for what a start cuts and refuses.
 *
 *     firstIndex … … stableIndex … … lastIndex
 *     └── on disk ─────────┘└── waiting ──┘
 *          └───────────── in memory ──────┘
 */
export class Wal {
  /** The entries of kind configuration that were in the log when it was opened, in order. */
  readonly configurations: readonly StoredConfiguration[];
  readonly #options: WalOptions;
  readonly #runs: Runs;
  readonly #writer: Writer;
  readonly #cache: EntryCache;
  /** Bytes of all payloads that were appended since it was opened. */
  appendedBytes = 0;
  #stableIndex: number;
  #isClosed = false;
  #compacting: Promise<void> = Promise.resolve();

  /**
   * Recovers the log of a data directory, or begins one. Rejects with KvorumError where it is corrupt, does not
   * go on at the base, or belongs elsewhere; then nothing was changed.
   */
  static async open(options: WalOptions): Promise<Wal> {
    const log = await recoverLog(options);
    const wal = new Wal(options, log);
    await wal.#writer.open();
    wal.#startAtBase();
    return wal;
  }

  private constructor(options: WalOptions, { runs, segments, durableSequence, configurations }: ScannedLog) {
    this.configurations = configurations.filter(({ index }) => index > options.base.index);
    this.#options = options;
    this.#runs = runs;
    this.#stableIndex = runs.lastIndex;
    this.#cache = new EntryCache(runs.lastIndex + 1);
    this.#writer = new Writer(
      {
        ...options,
        directory: walDirectory(options.directory),
        segmentBytesMax: options.segmentBytes ?? limits.logSegmentBytesMax,
        onWritten: () => this.#written(),
        onFailed: options.onFailed,
        onSpace: options.onSpace ?? (() => {}),
      },
      segments,
      durableSequence,
    );
  }

  get firstIndex(): number {
    return this.#runs.firstIndex;
  }

  /** firstIndex - 1 while the log is empty. */
  get lastIndex(): number {
    return this.#runs.lastIndex;
  }

  get lastTerm(): number {
    return this.#runs.lastTerm;
  }

  /** Entries up to this one survive: see `fsync`. */
  get stableIndex(): number {
    return this.#stableIndex;
  }

  /** Entries up to this one are on the disk: with fsync interval, a crash of the machine takes none of them. */
  get durableIndex(): number {
    return this.#runs.indexAt(this.#writer.durableSequence);
  }

  /** Records are counted from the log's beginning, dead ones too: the last one that was appended … */
  get appendedSequence(): number {
    return this.#writer.lastSequence;
  }

  /** … and the last one that is on the disk: see `fsync`. */
  get writtenSequence(): number {
    return this.#writer.writtenSequence;
  }

  /** Bytes of all records that are kept, dead ones and waiting ones too. */
  get bytes(): number {
    return this.#writer.bytes;
  }

  /** More waits for the disk than should: append no more until `onStable`. */
  get isFull(): boolean {
    return this.#writer.waitingBytes > limits.logUnstableBytesMax;
  }

  /** Of an entry of the log, and of the one before the first where that is known. */
  termOf(index: number): number | undefined {
    return this.#runs.termOf(index);
  }

  /**
   * Takes an entry for the next write; its payload is the log's from now on. Where the log has an entry of this
   * index, the new one takes its place and that of all behind. Does nothing after a failure.
   */
  append(entry: LogEntry): void {
    if (!this.#isWritable) return;
    assert(entry.kind !== entryKinds.base, "a base is written by reset");
    assert(entry.payload.length <= limits.logPayloadBytesMax, "a payload that fits into a record");
    assert(entry.index >= this.firstIndex, "an entry that no snapshot covers");
    const objection = this.#runs.objection(entry);
    assert(objection === undefined, `the log goes on without a gap: ${objection}`);
    this.#runs.add(entry.term, entry.index, this.#writer.lastSequence + 1);
    this.#stableIndex = Math.min(this.#stableIndex, entry.index - 1);
    this.appendedBytes += entry.payload.length;
    this.#cache.push(entry);
    this.#cache.shrink(this.#stableIndex);
    this.#writer.push(entry);
  }

  /**
   * Entries from this index on: at least one, and no more than `bytesMax` on disk; none where the log has no such
   * entry (any more). Rejects with KvorumError where the disk has damaged one, with DiskError where it fails.
   */
  async read(from: number, bytesMax: number): Promise<LogEntry[]> {
    while (from >= this.firstIndex && from <= this.lastIndex) {
      if (from >= this.#cache.firstIndex) return this.#cache.read(from, bytesMax);
      const entries = await this.#readFromDisk(from, bytesMax);
      if (entries.length > 0) return entries;
    }
    return [];
  }

  /** What `read` would give, where it is in memory; undefined where it is not, or no longer in the log. */
  cached(from: number, bytesMax: number): readonly LogEntry[] | undefined {
    if (from < this.#cache.firstIndex || from > this.lastIndex) return undefined;
    return this.#cache.read(from, bytesMax);
  }

  /**
   * Drops entries up to this one, which a durable snapshot covers: whole segments, so some may stay. First all
   * that was appended becomes durable, since it may be what takes the place of what is dropped.
   */
  compact(upTo: number): Promise<void> {
    const compacting = this.#compacting.then(() => this.#compact(upTo));
    this.#compacting = compacting.catch(() => {});
    return compacting;
  }

  /** The log begins anew behind the last entry of a durable snapshot, which is stable with it. */
  reset(to: EntryId): void {
    if (!this.#isWritable) return;
    this.#runs.reset(to);
    this.#stableIndex = to.index;
    this.#cache.clear(to.index + 1);
    this.#writer.push({ ...to, kind: entryKinds.base, payload: noPayload });
  }

  /** Asks again for room for the next segment, after onSpace(false). */
  retrySpare(): void {
    this.#writer.retrySpare();
  }

  /** Bytes that can still be written for sure, whatever the disk has left: the rest of the segment. */
  get roomBytes(): number {
    return this.#writer.roomBytes;
  }

  /** Resolves when all that was appended is on the disk, or never will be. */
  sync(): Promise<void> {
    return this.#writer.flush();
  }

  /** Writes and syncs what was appended. Nothing is taken any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#compacting;
    await this.#writer.close();
  }

  get #isWritable(): boolean {
    return !this.#isClosed && this.#writer.error === undefined;
  }

  /** A log that a snapshot is ahead of, or that contradicts it, begins anew behind it. */
  #startAtBase(): void {
    const { base, logger } = this.#options;
    const term = this.termOf(base.index);
    const isForgotten = this.#runs.nextIndex !== undefined && base.index === this.firstIndex - 1;
    if (term === undefined && isForgotten) {
      this.#runs.learnBefore(base);
    } else if (term !== base.term) {
      reached("snapshot-ahead-of-log");
      logger.info(`log: begins anew behind entry ${base.index}, the last of the snapshot`);
      this.reset(base);
    }
    this.#stableIndex = this.lastIndex;
    this.#cache.clear(this.lastIndex + 1);
  }

  #written(): void {
    const stable = this.#runs.indexAt(this.#writer.writtenSequence);
    if (stable > this.#stableIndex) {
      this.#stableIndex = stable;
      this.#cache.shrink(stable);
    }
    this.#options.onStable(this.#stableIndex);
  }

  async #readFromDisk(from: number, bytesMax: number): Promise<LogEntry[]> {
    const sequence = this.#runs.sequenceOf(from);
    const segment = this.#writer.segmentOf(sequence);
    const last = Math.min(this.#runs.endOfRun(from), this.#cache.firstIndex - 1);
    const end = Math.min(sequence + last - from, segment.lastSequence);
    try {
      const entries = await readEntries(this.#options.disk, segment, sequence, end, bytesMax);
      // What was truncated or dropped meanwhile must not be given out.
      return entries.filter(({ index }, i) => this.#isLive(index, sequence + i));
    } catch (error) {
      // The segment was dropped meanwhile.
      if (isCode(error, "ENOENT") && from < this.firstIndex) return [];
      throw error;
    }
  }

  #isLive(index: number, sequence: number): boolean {
    const isThere = index >= this.firstIndex && index <= this.lastIndex;
    return isThere && this.#runs.sequenceOf(index) === sequence;
  }

  async #compact(upTo: number): Promise<void> {
    await this.#writer.flush();
    if (!this.#isWritable) return;
    const needed = Math.max(upTo + 1, this.firstIndex);
    const sequence = needed > this.lastIndex ? Number.POSITIVE_INFINITY : this.#runs.sequenceOf(needed);
    await this.#writer.dropBefore(sequence, (first) => this.#runs.dropBefore(first));
  }
}

const noPayload = Buffer.alloc(0);
