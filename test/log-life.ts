import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { CrashKind } from "../sim/crash.ts";
import type { SimDisk } from "../sim/disk.ts";
import { type EntryId, entryKinds, type LogEntry } from "../src/log/entry.ts";
import type { WalOptions } from "../src/log/wal.ts";
import { allEntries, entry, LogModel, TestLog } from "./log-harness.ts";

/** What the next process may rely on, at one moment of a life. */
export interface Promised {
  /** Everything that was ever given to the log to write: entries, and bases. */
  readonly records: readonly LogEntry[];
  /** So many of them survive the process, and so many the machine. */
  readonly acknowledged: number;
  readonly durable: number;
  /** The last entry of the newest durable snapshot. */
  readonly base: EntryId;
}

/**
 * A log from process to process, beside an array of all that it was given. After a crash it must hold what the first
 * so many records make, and none of those may be missing that were acknowledged.
 */
export class Life {
  disk: SimDisk;
  readonly fsync: "always" | "interval";
  #log: TestLog | undefined;
  #records: LogEntry[] = [];
  #acknowledged = 0;
  #durable = 0;
  #base: EntryId = { term: 0, index: 0 };
  #model = new LogModel(1);
  /** For each entry of the model, how many records there were with it. */
  #places: number[] = [];
  /** Records that the model has taken. */
  #learned = 0;
  #term = 1;

  constructor(disk: SimDisk, fsync: "always" | "interval") {
    this.disk = disk;
    this.fsync = fsync;
  }

  get log(): TestLog {
    return this.#log!;
  }

  get isFailed(): boolean {
    return this.log.failures.length > 0;
  }

  /** As of this moment. */
  promised(): Promised {
    if (this.#log !== undefined) this.#note(this.#log);
    const { fsync } = this;
    return {
      records: [...this.#records],
      acknowledged: this.#acknowledged,
      durable: fsync === "always" ? this.#acknowledged : this.#durable,
      base: this.#base,
    };
  }

  /** The next process begins, and finds what it may rely on. */
  async open(options: Partial<WalOptions> = {}): Promise<void> {
    this.#log = undefined;
    const log = await TestLog.open(this.disk, {
      fsync: this.fsync,
      base: this.#base,
      segmentBytes: 2560,
      ...options,
    });
    const found = await survivors(log, this.promised());
    this.#begin(found);
    this.#log = log;
  }

  /** The process ended. Continues on what it left, of which so much is sure to be there. */
  crashed(after: SimDisk, kind: CrashKind, promised: Promised): void {
    this.disk = after;
    this.#log = undefined;
    this.#records = [...promised.records];
    this.#base = promised.base;
    this.#durable = promised.durable;
    this.#acknowledged = kind === "process" ? promised.acknowledged : promised.durable;
  }

  append(...payloads: readonly Buffer[]): void {
    for (const payload of payloads) this.#push(entry(this.#model.lastIndex + 1, this.#term, payload));
  }

  /** A new leader's entry, in place of the last ones. */
  overwrite(count: number, payload: Buffer): void {
    this.#term++;
    const index = Math.max(this.#base.index + 1, this.#model.firstIndex!, this.#model.lastIndex + 1 - count);
    this.#push(entry(index, this.#term, payload));
  }

  /** Makes a snapshot of all that is stable. */
  snapshot(): void {
    const { wal } = this.log;
    this.#base = { index: wal.stableIndex, term: wal.termOf(wal.stableIndex)! };
  }

  /** Installs a snapshot that is ahead of the log. */
  reset(ahead: number): void {
    if (this.isFailed) return;
    this.#term++;
    const base = { term: this.#term, index: this.#model.lastIndex + ahead };
    this.#base = base;
    this.#take({ ...base, kind: entryKinds.base, payload: Buffer.alloc(0) });
    this.log.wal.reset(base);
  }

  /** Drops what the snapshot covers, but for the last entries. */
  compact(kept: number): Promise<void> {
    return this.log.wal.compact(this.#base.index - kept);
  }

  /** The log must hold what the array does. */
  async compare(bytesMax: number): Promise<void> {
    const { wal } = this.log;
    const model = this.#model;
    assert.equal(wal.lastIndex, model.lastIndex);
    assert.equal(wal.lastTerm, model.entries.at(-1)?.term ?? wal.termOf(wal.lastIndex) ?? 0);
    const first = wal.firstIndex;
    assert.ok(first >= model.firstIndex! && first <= this.#base.index + 1, "no entry is missing");
    const expected = model.entries.slice(first - model.firstIndex!);
    assert.deepEqual(await allEntries(wal, bytesMax), expected);
    for (const { index, term } of expected) assert.equal(wal.termOf(index), term);
  }

  #push(next: LogEntry): void {
    // The log takes no more.
    if (this.isFailed) return;
    // A crash may come within the call, and then find it written.
    this.#take(next);
    this.log.wal.append(next);
  }

  #take(record: LogEntry): void {
    // What was stable is remembered before this takes its place.
    this.#note(this.log);
    this.#records.push(record);
    this.#learn(record);
  }

  #learn(record: LogEntry): void {
    this.#model.apply(record);
    this.#places.length = Math.max(0, this.#model.entries.length - 1);
    if (this.#model.entries.length > 0) this.#places.push(this.#learned + 1);
    this.#learned++;
  }

  #note({ wal }: TestLog): void {
    const placeOf = (index: number): number => this.#places[index - this.#model.firstIndex!] ?? 0;
    this.#acknowledged = Math.max(this.#acknowledged, placeOf(wal.stableIndex));
    this.#durable = Math.max(this.#durable, placeOf(wal.durableIndex));
  }

  #begin(found: LogEntry[]): void {
    this.#records = [];
    this.#model = new LogModel(1);
    this.#places = [];
    this.#learned = 0;
    for (const record of found) {
      this.#records.push(record);
      this.#learn(record);
      this.#term = Math.max(this.#term, record.term);
    }
    this.#acknowledged = found.length;
    this.#durable = found.length;
  }
}

/** The records that make what a log holds after a crash. Fails where none do. */
async function survivors(log: TestLog, promised: Promised): Promise<LogEntry[]> {
  const { records, acknowledged, base } = promised;
  const found = await allEntries(log.wal);
  const { firstIndex, lastIndex } = log.wal;
  const model = new LogModel(1);
  let match: LogEntry[] | undefined;
  for (let count = 0; count <= records.length; count++) {
    if (count > 0) model.apply(records[count - 1]!);
    if (count < acknowledged) continue;
    const expected = atBase(model, base);
    const isSame =
      expected.lastIndex === lastIndex &&
      firstIndex >= expected.firstIndex! &&
      isDeepStrictEqual(found, expected.entries.slice(firstIndex - expected.firstIndex!));
    if (isSame) match = [...records.slice(0, count), ...baseRecord(expected, model, base)];
  }
  assert.ok(
    match !== undefined,
    `${acknowledged} to ${records.length} records make what is there: ${firstIndex} to ${lastIndex}`,
  );
  assert.ok(firstIndex <= base.index + 1, "the log goes on at the snapshot");
  return match;
}

/** A log that contradicts the snapshot begins anew behind it. */
function atBase(model: LogModel, base: EntryId): LogModel {
  const place = base.index - model.firstIndex!;
  const term = place < 0 ? base.term : model.entries[place]?.term;
  return term === base.term ? model : new LogModel(base.index + 1);
}

function baseRecord(expected: LogModel, model: LogModel, base: EntryId): LogEntry[] {
  return expected === model ? [] : [{ ...base, kind: entryKinds.base, payload: Buffer.alloc(0) }];
}
