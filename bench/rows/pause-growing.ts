import { fill } from "../load/fill.ts";
import { type OpenLoad, openLoop, openLoopCommand } from "../load/open-loop.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench, Start } from "../row.ts";
import { words } from "../words.ts";
import {
  chartsOf,
  connections,
  figuresOf,
  latenessRemark,
  type OpenLoads,
  type OpenRun,
  openLoopAndDelay,
  requestsPerSecond,
} from "./open-load.ts";

/** The same open load alone, beside writes to keys that exist, and beside writes that grow the table. */
type Phase = "quiet" | "overwriting" | "growing";

interface Sizes {
  readonly keysFrom: number;
  readonly keysTo: number;
  readonly quietSeconds: number;
}

const full: Sizes = { keysFrom: 1_000_000, keysTo: 8_000_000, quietSeconds: 10 };
const quick: Sizes = { keysFrom: 1_000_000, keysTo: 3_000_000, quietSeconds: 3 };
const warmUpSeconds = 2;
/** Moderate, as the load beside it. */
const fillKeysPerSecond = 250_000;

/** Nodes in memory, while a filler grows their tables. */
export async function pauseGrowing(bench: Bench): Promise<Required<Findings>> {
  const sizes = bench.isQuick ? quick : full;
  bench.started(shown(pinned(loadCore, openLoopCommand("PORT", loadsOf(sizes).growing))));
  const runs = await bench.inPairs(
    "growing",
    () => runPhases(bench.startKvorum, sizes),
    () => runPhases(bench.startPeer, sizes),
  );
  const loads: OpenLoads<Phase> = {
    phases: ["quiet", "overwriting", "growing"],
    topic: "while the table grows",
    peerName: bench.peerName,
    runs,
  };
  return {
    figures: figuresOf(loads),
    charts: chartsOf(loads),
    remarks: [
      `A filler grows the table from ${words.count(sizes.keysFrom)} to ${words.count(sizes.keysTo)} keys, ${words.count(fillKeysPerSecond)} a second. Overwriting is the same pace of writes on keys that exist: it tells what growing costs apart from being busy.`,
      latenessRemark(loads),
    ],
  };
}

function loadsOf({ keysFrom, keysTo, quietSeconds }: Sizes): Readonly<Record<Phase, OpenLoad>> {
  const quiet = { requestsPerSecond, connections, keys: keysFrom, seconds: quietSeconds };
  const filling = (from: number, to: number): OpenLoad => {
    return { ...quiet, seconds: 0, filler: { from, to, keysPerSecond: fillKeysPerSecond } };
  };
  return { quiet, overwriting: filling(0, keysFrom), growing: filling(keysFrom, keysTo) };
}

async function runPhases(start: Start, sizes: Sizes): Promise<OpenRun<Phase>> {
  await using server = await start();
  const loads = loadsOf(sizes);
  await fill(server, { from: 0, to: sizes.keysFrom });
  await openLoop(server, { ...loads.quiet, seconds: warmUpSeconds });
  const quiet = await openLoop(server, loads.quiet);
  const overwriting = await openLoop(server, loads.overwriting);
  const { result: growing, eventLoopDelayMs } = await openLoopAndDelay(server, loads.growing);
  return { results: { quiet, overwriting, growing }, eventLoopDelayMs };
}
