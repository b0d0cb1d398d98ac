import { join } from "node:path";
import { limits } from "../base/limits.ts";
import type { Disk, DiskFile } from "../platform/disk.ts";
import { withFile } from "./calls.ts";
import { entryKinds } from "./entry.ts";
import { LogDamage, type LogFault } from "./fault.ts";
import { CORRUPT, type Judgement, type RecordView, WHOLE } from "./record.ts";
import { MORE, RecordWalk } from "./record-walk.ts";
import { Runs } from "./runs.ts";
import type { Segment } from "./segment.ts";
import { SegmentRow } from "./segment-row.ts";
import { readTail } from "./tail.ts";
import { Window } from "./window.ts";

export interface ScanOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  /** The cluster to which the log must belong; where it is not known, that of the first segment. */
  readonly clusterId?: Buffer | undefined;
  /** Looks only at the segments behind this one (its name, "0000000000000001.log"): it is damaged. */
  readonly behind?: string | undefined;
  /** Sees every whole record in the order of the files, dead ones too. */
  readonly onRecord?: RecordVisitor | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * `at` is the record's place in `bytes`. Both are the scan's again when this returns, or its promise resolves: the
 * scan waits for that.
 */
export type RecordVisitor = (
  record: RecordView,
  bytes: Buffer,
  at: number,
  place: RecordPlace,
) => Promise<void> | undefined;

export interface RecordPlace {
  readonly file: string;
  readonly offset: number;
}

/** What a scan found. After a fault the rest was not looked at. */
export interface ScannedLog {
  readonly state: "whole" | "torn" | "corrupt";
  readonly segments: readonly Segment[];
  readonly runs: Runs;
  /** The last record says that all up to this one were on the disk when it was written. */
  readonly durableSequence: number;
  /** Bytes of an unfinished write behind the last record. */
  readonly torn: TornTail | undefined;
  readonly fault: LogFault | undefined;
  /** Entries of the log that say who its members are, in order. */
  readonly configurations: readonly StoredConfiguration[];
}

export interface StoredConfiguration {
  readonly index: number;
  readonly payload: Buffer;
}

export interface TornTail {
  readonly file: string;
  /** Where the unfinished record begins, and behind the last byte that is not zero. */
  readonly offset: number;
  readonly endOffset: number;
  /** Of the first record that is cut. */
  readonly sequence: number;
  readonly index: number;
}

/** Reads the whole log in bounded memory, changes nothing, and judges it by the rules of the README. */
export async function scanLog(options: ScanOptions): Promise<ScannedLog> {
  const scan = new Scan(options);
  try {
    await scan.run();
  } catch (error) {
    if (!(error instanceof LogDamage)) throw error;
    scan.fault = error.fault;
  }
  return scan;
}

/** What is missing of a log in which no record is left, where that is not how it began: compaction leaves the last one. */
export function lostRecords({ runs, segments }: ScannedLog): string | undefined {
  const first = segments[0];
  if (runs.nextIndex !== undefined || first === undefined) return undefined;
  return `entries are missing: ${first.path} begins with record ${first.firstSequence}, and no record is there`;
}

/** Where the segments of a data directory are. */
export function walDirectory(directory: string): string {
  return join(directory, "wal");
}

class Scan implements ScannedLog {
  segments: readonly Segment[] = [];
  readonly runs: Runs = new Runs();
  durableSequence = 0;
  torn: TornTail | undefined;
  fault: LogFault | undefined;
  configurations: StoredConfiguration[] = [];

  readonly #options: ScanOptions;
  /** The row of segments breaks off: there is more of the log than what is in it. */
  #isCut = false;
  /** Of all segments, and of those that were read to their ends. */
  #totalBytes = 0;
  #doneBytes = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  get state(): "whole" | "torn" | "corrupt" {
    if (this.fault !== undefined) return "corrupt";
    return this.torn === undefined ? "whole" : "torn";
  }

  async run(): Promise<void> {
    const { disk, directory, clusterId, behind = "" } = this.#options;
    const row = await SegmentRow.read(disk, walDirectory(directory), clusterId, behind);
    const { segments, totalBytes, broken } = row;
    this.segments = segments;
    this.#totalBytes = totalBytes;
    this.#isCut = broken !== undefined;
    // The very first record is entry 1, or a base.
    if (behind === "" && (segments[0]?.firstSequence ?? 1) === 1) this.runs.reset({ term: 0, index: 0 });
    for (const [i, segment] of segments.entries()) await this.#readSegment(segment, segments[i + 1]);
    // Only now is it known which entry comes there.
    if (broken !== undefined) throw new LogDamage({ ...broken, index: this.runs.nextIndex });
  }

  async #readSegment(segment: Segment, next: Segment | undefined): Promise<void> {
    const { disk, onProgress } = this.#options;
    await withFile(disk, segment.path, { mode: "read" }, (file) => this.#records(file, segment, next));
    this.#doneBytes += segment.header.fileBytes;
    onProgress?.(this.#doneBytes, this.#totalBytes);
  }

  async #records(file: DiskFile, segment: Segment, next: Segment | undefined): Promise<void> {
    const window = new Window(file, Math.min(limits.logReadBytes, segment.header.fileBytes));
    const walk = new RecordWalk(window, segment.header, segment.end, segment.firstSequence);
    const stop = next?.firstSequence ?? Number.POSITIVE_INFINITY;
    while (walk.sequence < stop) {
      const found = walk.look();
      if (found === WHOLE) {
        const seen = this.#take(walk, segment);
        if (seen !== undefined) await seen;
        walk.pass();
      } else if (found !== MORE) return this.#ended(found, walk, segment, next);
      else if (await walk.load()) this.#progress(walk);
      else this.#damage(segment, walk, "the file ends here, too early");
    }
  }

  #take(walk: RecordWalk, segment: Segment): Promise<void> | undefined {
    const { view } = walk;
    if (view.kind === entryKinds.base) {
      this.runs.reset(view);
    } else {
      const objection = this.runs.objection(view);
      if (objection !== undefined) this.#damage(segment, walk, objection);
      this.runs.add(view.term, view.index, view.sequence);
    }
    this.#seeConfiguration(walk);
    segment.add(view.bytes);
    this.durableSequence = view.durable;
    const place = { file: segment.path, offset: walk.position };
    return this.#options.onRecord?.(view, walk.window.bytes, walk.at, place);
  }

  /** Keeps what names members; forgets it where the entry is replaced, or was so long ago that a base covers it. */
  #seeConfiguration({ view, window, at }: RecordWalk): void {
    const known = this.configurations;
    if (view.kind === entryKinds.base) this.configurations = [];
    while (known.length > 0 && known.at(-1)!.index >= view.index) known.pop();
    if (view.kind !== entryKinds.configuration) return;
    known.push({ index: view.index, payload: Buffer.from(view.payload(window.bytes, at)) });
  }

  /** The walk met something that is no whole record. */
  async #ended(
    found: Judgement,
    walk: RecordWalk,
    segment: Segment,
    next: Segment | undefined,
  ): Promise<void> {
    const { position, sequence, view } = walk;
    if (found === CORRUPT) this.#damage(segment, walk, view.reason);
    if (next !== undefined)
      this.#damage(
        segment,
        walk,
        `it is not there, though ${next.path} begins with record ${next.firstSequence}`,
      );
    if (this.#isCut) return;
    const { endOffset, witness } = await readTail(walk, segment.header, () => this.#progress(walk));
    if (witness !== undefined) {
      const proof = `record ${witness.sequence} at offset ${witness.offset} was written after it was on the disk`;
      this.#damage(segment, walk, `it is unfinished, though ${proof}`);
    }
    if (endOffset === position) return;
    const index = walk.index ?? this.runs.lastIndex + 1;
    this.torn = { file: segment.path, offset: position, endOffset, sequence, index };
  }

  #progress({ window }: RecordWalk): void {
    this.#options.onProgress?.(this.#doneBytes + window.position, this.#totalBytes);
  }

  #damage({ path }: Segment, { position, sequence, index }: RecordWalk, reason: string): never {
    const fault = { file: path, offset: position, sequence, index: index ?? this.runs.nextIndex };
    throw new LogDamage({ ...fault, reason, isForeign: false });
  }
}
