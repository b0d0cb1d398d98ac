import { fill, fillCommand } from "../load/fill.ts";
import { type Load, redisBenchmark, redisBenchmarkCommand } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { busyRemark, type Case, chartsOf, figuresOf } from "./measured.ts";

const keys = 100_000;

/** The number of requests is about three seconds where a sync takes a tenth of a millisecond. */
const loads: readonly Load[] = [
  { connections: 50, pipeline: 1, requests: 200_000 },
  { connections: 200, pipeline: 1, requests: 200_000 },
  { connections: 50, pipeline: 16, requests: 1_200_000 },
  { connections: 200, pipeline: 16, requests: 1_200_000 },
].map((each) => ({ command: "set", keys, valueBytes, ...each }));
/** In a quick run, so many times fewer requests. */
const quickDivisor = 4;

export const durable: Row = {
  name: "durable",
  work: `SET of ${valueBytes} B over 100 k random keys, each on the disk before it is answered; 50 and 200 connections (c), no pipelining and pipelines of 16 (P); one node on one core`,
  peer: "Redis with appendfsync always",
  writesData: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const storage = () => ({ folder: bench.dataFolder(), fsync: "always", cutsLog: true }) as const;
  await using ours = await bench.startKvorum(storage());
  await using peer = await bench.startPeer(storage());
  bench.started(shown(pinned(loadCore, fillCommand("PORT", { from: 0, to: keys }))));
  for (const server of [ours, peer]) await fill(server, { from: 0, to: keys });
  const cases: Case[] = [];
  for (const full of loads) {
    const load = bench.isQuick ? { ...full, requests: full.requests / quickDivisor } : full;
    const label = `c${load.connections} P${load.pipeline}`;
    bench.started(shown(pinned(loadCore, redisBenchmarkCommand("PORT", load))));
    for (const server of [ours, peer]) await redisBenchmark(server, load);
    const runs = await bench.inPairs(
      label,
      () => redisBenchmark(ours, load),
      () => redisBenchmark(peer, load),
    );
    cases.push({ label, runs, throughput: { on: "ratio", limit: 1 } });
  }
  return {
    figures: figuresOf(cases),
    charts: chartsOf(cases),
    remarks: [
      "Both cut their logs back when they have grown, as they come. All threads of a server share its core, those too that wait for the disk; a core waits idle for a disk.",
      busyRemark(cases, bench.peerName),
    ],
  };
}
