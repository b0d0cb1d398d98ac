import { fill } from "../load/fill.ts";
import { type OpenLoad, openLoop, openLoopCommand } from "../load/open-loop.ts";
import type { Server } from "../peers/server.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench } from "../row.ts";
import { median } from "../statistics.ts";
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

/** The same open load alone, and for as long as a snapshot takes. */
type Phase = "quiet, durable" | "saving";

interface Sizes {
  readonly keys: number;
  readonly quietSeconds: number;
}

const full: Sizes = { keys: 5_000_000, quietSeconds: 10 };
const quick: Sizes = { keys: 500_000, quietSeconds: 3 };
const warmUpSeconds = 2;

/** Nodes that have every write on the disk before they answer it, while they take a snapshot. */
export async function pauseSaving(bench: Bench): Promise<Required<Findings>> {
  const { keys, quietSeconds } = bench.isQuick ? quick : full;
  const storage = () => ({ folder: bench.dataFolder(), fsync: "always", cutsLog: false }) as const;
  await using ours = await bench.startKvorum(storage());
  await using peer = await bench.startPeer(storage());
  const quiet: OpenLoad = { requestsPerSecond, connections, keys, seconds: quietSeconds };
  const saving: OpenLoad = { ...quiet, seconds: 0, takesSnapshot: true };
  bench.started(shown(pinned(loadCore, openLoopCommand("PORT", saving))));
  bench.note(`filling durable nodes with ${words.count(keys)} keys`);
  for (const server of [ours, peer]) {
    await fill(server, { from: 0, to: keys });
    await openLoop(server, { ...quiet, seconds: warmUpSeconds });
  }
  const runPhases = async (server: Server): Promise<OpenRun<Phase>> => {
    const alone = await openLoop(server, quiet);
    const { result, eventLoopDelayMs } = await openLoopAndDelay(server, saving);
    return { results: { "quiet, durable": alone, saving: result }, eventLoopDelayMs };
  };
  const runs = await bench.inPairs(
    "saving",
    () => runPhases(ours),
    () => runPhases(peer),
  );
  const loads: OpenLoads<Phase> = {
    phases: ["quiet, durable", "saving"],
    topic: "while a snapshot is taken",
    peerName: bench.peerName,
    runs,
  };
  return {
    figures: figuresOf(loads),
    charts: chartsOf(loads),
    remarks: [lengthRemark(loads, keys), latenessRemark(loads)],
  };
}

function lengthRemark({ runs, peerName }: OpenLoads<Phase>, keys: number): string {
  const seconds = (side: "ours" | "peer"): string =>
    median(runs[side].map((run) => run.results.saving.seconds)).toFixed(1);
  return `A snapshot of ${words.count(keys)} keys took kvorum ${seconds("ours")} s and ${peerName} ${seconds("peer")} s, each on one core, a child process of the server included.`;
}
