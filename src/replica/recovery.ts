import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { loadChunk } from "../engine/chunk.ts";
import type { Engine } from "../engine/engine.ts";
import type { EntryId } from "../log/entry.ts";
import type { SnapshotMeta } from "../log/snapshot-file.ts";
import type { SnapshotStore } from "../log/snapshots.ts";
import { countProblem } from "../log/verify-snapshot.ts";
import type { Wal } from "../log/wal.ts";
import { type Clock, turn } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Applier } from "./applier.ts";

/** What a snapshot says about its place; nothing where there is none. */
export type Base = EntryId & Pick<SnapshotMeta, "configuration" | "configurationIndex">;

/**
 * Brings an empty engine to the state of the newest snapshot. Where that is damaged, the one before it does as
 * well: the log was kept for it. Resolves with the entry that the state reaches to.
 */
export async function loadNewest(
  engine: Engine,
  store: SnapshotStore,
  logger: Logger,
  onProgress: (part: number) => void,
): Promise<Base> {
  const [newest, older] = store.all;
  if (newest === undefined) return { term: 0, index: 0 };
  try {
    await load(engine, store, newest, onProgress);
    return newest;
  } catch (error) {
    if (!(error instanceof KvorumError) || error.code !== "ERR" || older === undefined) throw error;
    logger.error(`${error.message}; the one before it is loaded, and more of the log`);
  }
  engine.reset();
  await load(engine, store, older, onProgress);
  await store.fallBackTo(older);
  return older;
}

async function load(
  engine: Engine,
  store: SnapshotStore,
  meta: SnapshotMeta,
  onProgress: (part: number) => void,
): Promise<void> {
  engine.begin(meta.revision, meta.timeMs, meta.keys, meta.engineVersion);
  await store.read(meta, (chunk) => loadChunk(engine, chunk), onProgress);
  checkCounts(engine, meta);
}

/** The file's own counts and checksums are right: this would be a mistake of ours, told before it spreads. */
function checkCounts({ keyspaces, sessions }: Engine, meta: SnapshotMeta): void {
  const keys = keyspaces.map((keyspace) => keyspace.records);
  const problem = countProblem({ keys, sessions: sessions.size }, meta);
  if (problem !== "") throw new KvorumError("ERR", `snapshot up to entry ${meta.index}: ${problem}`);
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
  let next = base.index + 1;
  applier.beginTurn();
  while (next <= to) {
    for (const entry of await log.read(next, limits.replayBytes)) {
      if (entry.index > to) break;
      applier.applyEntry(entry);
      next = entry.index + 1;
      if (!applier.isTurnOver) continue;
      await turn(clock);
      applier.beginTurn();
    }
    onProgress((next - base.index - 1) / Math.max(1, to - base.index));
  }
}

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
