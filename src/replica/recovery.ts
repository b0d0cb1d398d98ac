import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import { loadSteps } from "../engine/chunk.ts";
import type { Engine } from "../engine/engine.ts";
import { type EntryId, type EntryKind, entryKinds, type LogEntry } from "../log/entry.ts";
import { isNewer, newerKvorumWrote } from "../log/fault.ts";
import type { SnapshotMeta } from "../log/snapshot-file.ts";
import type { SnapshotStore } from "../log/snapshots.ts";
import { countProblem } from "../log/verify-snapshot.ts";
import type { Wal } from "../log/wal.ts";
import { type Clock, turn } from "../platform/clock.ts";
import { DiskError } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import type { Applier } from "./applier.ts";

/** What a snapshot says about its place; nothing where there is none. */
export type Base = EntryId & Pick<SnapshotMeta, "configuration" | "configurationIndex">;
/** What an engine was brought to, and why not to more: the newest snapshot is damaged. */
export interface Loaded {
  readonly base: Base;
  readonly damage?: Error;
}

/**
 * Brings an empty engine to the state of the newest snapshot. Where that is damaged, the one before it does as well,
 * or none at all: the log was kept for that.
 */
export async function loadNewest(
  engine: Engine,
  store: SnapshotStore,
  clock: Clock,
  logger: Logger,
  onProgress: (part: number) => void,
): Promise<Loaded> {
  let damage: Error | undefined;
  for (const meta of store.all) {
    try {
      await load(engine, store, meta, clock, onProgress);
      return { base: meta, ...(damage && { damage }) };
    } catch (error) {
      if (!isOfSnapshot(error)) throw error;
      reached("snapshot-damaged");
      logger.error(`${error.message}; what is before it is loaded, and more of the log`);
      damage ??= error;
      engine.reset();
    }
  }
  return { base: { term: 0, index: 0 }, ...(damage && { damage }) };
}

/** The snapshot is damaged, or the disk cannot read it. */
function isOfSnapshot(error: unknown): error is Error {
  if (error instanceof DiskError) return true;
  return error instanceof KvorumError && error.code === "ERR" && !isNewer(error.message);
}

async function load(
  engine: Engine,
  store: SnapshotStore,
  meta: SnapshotMeta,
  clock: Clock,
  onProgress: (part: number) => void,
): Promise<void> {
  engine.begin(meta.revision, meta.timeMs, meta.keys, meta.engineVersion);
  const turns = new Turns(clock);
  await store.read(
    meta,
    async (chunk) => {
      for (const _ of loadSteps(engine, chunk)) if (turns.isOver) await turns.next();
      if (turns.isOver) await turns.next();
    },
    onProgress,
  );
  checkCounts(engine, meta);
}

/** The file's own counts and checksums are right: this would be a mistake of ours, told before it spreads. */
function checkCounts({ keyspaces, sessions }: Engine, meta: SnapshotMeta): void {
  const keys = keyspaces.map((keyspace) => keyspace.records);
  const problem = countProblem({ keys, sessions: sessions.size }, meta);
  if (problem !== "") throw new KvorumError("ERR", `snapshot up to entry ${meta.index}: ${problem}`);
}

/** The part of each turn of the event loop that a long work takes: meanwhile others are answered LOADING. */
class Turns {
  readonly #clock: Clock;
  #untilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begin();
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#untilMs;
  }

  async next(): Promise<void> {
    await turn(this.#clock);
    this.#begin();
  }

  #begin(): void {
    this.#untilMs = this.#clock.monotonicMs() + limits.applyMsPerTurn;
  }
}

/** Applies the entries behind `base` up to `to`. */
export async function replay(
  log: Wal,
  base: EntryId,
  to: number,
  applier: Applier,
  clock: Clock,
  onProgress: (part: number) => void,
): Promise<void> {
  async function nextTurn(): Promise<void> {
    await turn(clock);
    applier.beginTurn();
  }
  let next = base.index + 1;
  applier.beginTurn();
  while (next <= to) {
    for (const entry of await log.read(next, limits.replayBytes)) {
      if (entry.index > to) break;
      refuseUnknown(entry);
      for (let isDone = applier.beginEntry(entry); !isDone; isDone = applier.goOn()) await nextTurn();
      next = entry.index + 1;
      if (applier.isTurnOver) await nextTurn();
    }
    onProgress((next - base.index - 1) / Math.max(1, to - base.index));
  }
}

/** Kinds that the format has, and to which a later version gives a meaning: without it the state would be another one. */
function refuseUnknown({ kind, index }: LogEntry): void {
  if (!unknownKinds.includes(kind)) return;
  const what = newerKvorumWrote(`entry ${index}`);
  throw new KvorumError("ERR", `${what} (of kind ${kind}, which this one does not know): start that one`);
}

const unknownKinds: readonly EntryKind[] = [entryKinds.system];

/** Tells how a long start goes, every few seconds. */
export function progressLogger(logger: Logger, clock: Clock, what: string): (part: number) => void {
  let toldMs = clock.monotonicMs();
  return (part) => {
    if (clock.monotonicMs() - toldMs < tellEveryMs) return;
    toldMs = clock.monotonicMs();
    logger.info(`${what}: ${Math.floor(part * 100)} %`);
  };
}

const tellEveryMs = 2000;
