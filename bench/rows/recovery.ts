import { setTimeout as pause } from "node:timers/promises";
import { fill, fillCommand } from "../load/fill.ts";
import { cpuMicros } from "../measure/cpu.ts";
import { memoryOf } from "../measure/memory.ts";
import { type Pairs, pick } from "../pairs.ts";
import { ask } from "../peers/ask.ts";
import { foldLog } from "../peers/snapshots.ts";
import type { Storage } from "../peers/storage.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row, Start } from "../row.ts";
import { words } from "../words.ts";

interface Sizes {
  readonly snapshotKeys: number;
  readonly logEntries: number;
}

interface Restart {
  /** From the start of the process to the first answer that is not LOADING. */
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly peakBytesPerKey: number;
}

const full: Sizes = { snapshotKeys: 5_000_000, logEntries: 1_000_000 };
const quick: Sizes = { snapshotKeys: 200_000, logEntries: 50_000 };
/** After so long everything is on the disk that was written a second before. */
const syncedMs = 2_000;

export const recovery: Row = {
  name: "recovery",
  work: `Restart with ${words.count(full.snapshotKeys)} keys in a snapshot and ${words.count(full.logEntries)} entries of one SET each in the log behind it, until the first answer that is not LOADING; files in the cache of the operating system`,
  peer: "Redis, loading the same from its AOF with an RDB preamble",
  writesData: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const sizes = bench.isQuick ? quick : full;
  bench.started(shown(pinned(loadCore, fillCommand("PORT", logOf(sizes)))));
  const ours = await prepare(bench, bench.startKvorum, sizes);
  const peer = await prepare(bench, bench.startPeer, sizes);
  const runs = await bench.inPairs(
    "restart",
    () => restart(bench.startKvorum, ours, sizes),
    () => restart(bench.startPeer, peer, sizes),
  );
  return findingsOf(runs, sizes);
}

/** The keys of the log are new ones: then their number tells whether all of it was read. */
function logOf({ snapshotKeys, logEntries }: Sizes): Parameters<typeof fillCommand>[1] {
  return { from: snapshotKeys, to: snapshotKeys + logEntries, oneByOne: true };
}

/** Writes what is to be recovered, and leaves it as a crash would. */
async function prepare(bench: Bench, start: Start, sizes: Sizes): Promise<Storage> {
  const storage: Storage = { folder: bench.dataFolder(), fsync: "interval", cutsLog: false };
  await using server = await start(storage);
  bench.note(`${server.name}: ${words.count(sizes.snapshotKeys)} keys for the snapshot`);
  await fill(server, { from: 0, to: sizes.snapshotKeys });
  await foldLog(server.port);
  bench.note(`${server.name}: ${words.count(sizes.logEntries)} entries for the log`);
  await fill(server, logOf(sizes));
  await pause(syncedMs);
  return { ...storage, fsync: "always" };
}

async function restart(start: Start, storage: Storage, sizes: Sizes): Promise<Restart> {
  await using server = await start(storage);
  const cpuMs = cpuMicros(server.pids) / 1_000;
  const { peakBytes } = memoryOf(server.pids[0]!);
  const keys = sizes.snapshotKeys + sizes.logEntries;
  const found = await ask(server.port, "DBSIZE");
  if (found !== keys) throw new Error(`${server.name} recovered ${found} keys of ${keys}`);
  return { readyMs: server.readyMs, cpuMs, peakBytesPerKey: peakBytes / keys };
}

function findingsOf(runs: Pairs<Restart>, { snapshotKeys, logEntries }: Sizes): Findings {
  const ready = pick(runs, (run) => run.readyMs);
  const peak = pick(runs, (run) => run.peakBytesPerKey);
  const keys = snapshotKeys + logEntries;
  const perSecond = pick(runs, (run) => (keys / run.readyMs) * 1_000);
  return {
    figures: [
      {
        name: "keys a second",
        unit: "op/s",
        better: "higher",
        ...perSecond,
        goal: { on: "ratio", limit: 1 },
      },
      { name: "until the first answer", unit: "ms", better: "lower", ...ready },
      { name: "CPU until then", unit: "ms", better: "lower", ...pick(runs, (run) => run.cpuMs) },
      { name: "peak memory", unit: "B/key", better: "lower", ...peak },
    ],
    charts: [
      {
        kind: "bars",
        title: "Until the first answer",
        unit: "ms",
        groups: [
          { label: `${words.count(snapshotKeys)} keys, ${words.count(logEntries)} entries`, ...ready },
        ],
      },
      { kind: "bars", title: "Peak memory", unit: "B/key", groups: [{ label: "recovery", ...peak }] },
    ],
  };
}
