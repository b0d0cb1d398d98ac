import assert from "node:assert/strict";
import { type EntryId, type EntryKind, entryKinds, type LogEntry } from "../src/log/entry.ts";
import { type ScannedLog, scanLog } from "../src/log/scan.ts";
import { Wal, type WalOptions } from "../src/log/wal.ts";
import type { Clock } from "../src/platform/clock.ts";
import type { Disk, DiskError } from "../src/platform/disk.ts";
import { silentLogger } from "../src/platform/logger.ts";
import type { Random } from "../src/platform/random.ts";

export const clusterId: Buffer = Buffer.from("00112233445566778899aabbccddeeff", "hex");
export const directory = "/data";

/** Numbers that are the same in every run. */
export function fixedRandom(start = 1): Random {
  let state = start;
  const uint32 = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  return { uint32, bytes: (count) => Buffer.from(Array.from({ length: count }, () => uint32() >>> 24)) };
}

/** A clock that stands until it is moved. */
export class HandClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): { cancel(): void } {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  every(): never {
    throw new Error("the log sets a timer only when it needs one");
  }

  nextTurn(task: () => void): void {
    queueMicrotask(task);
  }

  move(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { task } of due) task();
  }
}

/** An entry with a payload that tells which one it is. */
export function entry(
  index: number,
  term = 1,
  payload: string | Buffer = `entry ${index} of term ${term}`,
  kind: EntryKind = entryKinds.commands,
): LogEntry {
  return { index, term, kind, payload: Buffer.from(payload) };
}

/** A log with what its callbacks said. */
export class TestLog {
  readonly failures: DiskError[] = [];
  readonly space: boolean[] = [];
  readonly stable: number[] = [];
  readonly clock: HandClock = new HandClock();
  #wal: Wal | undefined;
  #waiters: (() => void)[] = [];

  static async open(disk: Disk, options: Partial<WalOptions> = {}): Promise<TestLog> {
    const log = new TestLog();
    log.#wal = await Wal.open({
      disk,
      clock: log.clock,
      random: fixedRandom(),
      logger: silentLogger,
      directory,
      clusterId,
      fsync: "always",
      segmentBytes: 4096,
      base: { term: 0, index: 0 },
      onStable: (index) => log.#note(log.stable, index),
      onFailed: (error) => log.#note(log.failures, error),
      onSpace: (isEnough) => log.#note(log.space, isEnough),
      ...options,
    });
    return log;
  }

  get wal(): Wal {
    return this.#wal!;
  }

  append(...entries: readonly LogEntry[]): void {
    for (const each of entries) this.wal.append(each);
  }

  /** Resolves when the log is stable up to here, or has failed. */
  settled(index: number = this.wal.lastIndex): Promise<void> {
    return this.until(() => this.wal.stableIndex >= index || this.failures.length > 0);
  }

  /** Resolves when this holds after a callback. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #note<T>(list: T[], item: T): void {
    list.push(item);
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** All entries of a log, read in pieces. */
export async function allEntries(wal: Wal, bytesMax = 4096): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let next = wal.firstIndex; next <= wal.lastIndex; next = entries.at(-1)!.index + 1) {
    const some = await wal.read(next, bytesMax);
    assert.equal(some[0]?.index, next, `a read from entry ${next} begins with it`);
    entries.push(...some);
  }
  return entries;
}

/** The same as deepEqual, which takes most of the time where there are many to compare. */
export function assertEntries(found: readonly LogEntry[], expected: readonly LogEntry[], what: string): void {
  const isSame =
    found.length === expected.length && found.every((each, i) => isSameEntry(each, expected[i]!));
  if (!isSame) assert.deepEqual(found, expected, what);
}

function isSameEntry(one: LogEntry, other: LogEntry): boolean {
  const isSameId = one.index === other.index && one.term === other.term && one.kind === other.kind;
  return isSameId && one.payload.equals(other.payload);
}

/** A scan, and the entries that it found to be live. */
export async function scanned(disk: Disk): Promise<ScannedLog & { readonly entries: readonly LogEntry[] }> {
  const model = new LogModel();
  const log = await scanLog({
    disk,
    directory,
    clusterId,
    onRecord: (record, bytes, at) => {
      const { term, index, kind } = record;
      model.apply({ term, index, kind, payload: Buffer.from(record.payload(bytes, at)) });
    },
  });
  return {
    state: log.state,
    segments: log.segments,
    runs: log.runs,
    durableSequence: log.durableSequence,
    torn: log.torn,
    fault: log.fault,
    configurations: log.configurations,
    entries: model.entries,
  };
}

/** What a log must be: an array. */
export class LogModel {
  firstIndex: number | undefined;
  entries: LogEntry[] = [];

  constructor(firstIndex?: number) {
    this.firstIndex = firstIndex;
  }

  get lastIndex(): number {
    return (this.firstIndex ?? 1) + this.entries.length - 1;
  }

  /** Takes what a record holds: an entry, or a base. */
  apply(record: LogEntry): void {
    if (record.kind === entryKinds.base) {
      this.beginBehind(record);
      return;
    }
    if (this.firstIndex === undefined || record.index < this.firstIndex) {
      this.firstIndex = record.index;
      this.entries = [];
    }
    this.entries.length = record.index - this.firstIndex;
    this.entries.push(record);
  }

  beginBehind(base: EntryId): void {
    this.firstIndex = base.index + 1;
    this.entries = [];
  }
}
