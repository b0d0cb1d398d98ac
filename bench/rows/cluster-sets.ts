import { type Load, redisBenchmark, redisBenchmarkCommand, type Target } from "../load/redis-benchmark.ts";
import { pinned, sharedCores, shown } from "../programs.ts";
import type { Findings, Goal } from "../results.ts";
import type { Bench } from "../row.ts";
import { type Case, chartsOf, figuresOf, sharedCoresRemark } from "./measured.ts";

/** Both sides, wherever their leaders are now. */
export interface Sides {
  readonly ours: () => Promise<Target>;
  readonly peer: () => Promise<Target>;
}

/** In a quick run, so many times fewer requests. */
const quickDivisor = 4;

/** SET by redis-benchmark on both sides, where a side is several servers that share the cores with the load. */
export async function measureSets(
  bench: Bench,
  { ours, peer }: Sides,
  loads: readonly Load[],
  throughput: Goal,
): Promise<Findings> {
  const cases: Case[] = [];
  for (const full of loads) {
    const load = bench.isQuick ? { ...full, requests: full.requests / quickDivisor } : full;
    const label = `c${load.connections} P${load.pipeline}`;
    bench.started(shown(pinned(sharedCores, redisBenchmarkCommand("PORT", load))));
    const on = (side: () => Promise<Target>) => async () => redisBenchmark(await side(), load, sharedCores);
    bench.note(`${label}, warming up`);
    await on(ours)();
    await on(peer)();
    cases.push({ label, runs: await bench.inPairs(label, on(ours), on(peer)), throughput });
  }
  return {
    figures: figuresOf(cases),
    charts: chartsOf(cases),
    remarks: [sharedCoresRemark(cases, "Redis")],
  };
}
