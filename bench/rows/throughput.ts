import { fill, fillCommand } from "../load/fill.ts";
import { type Load, redisBenchmark, redisBenchmarkCommand } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import type { Server } from "../peers/server.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Findings, Goal } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { busyRemark, type Case, chartsOf, figuresOf } from "./measured.ts";

export interface ThroughputRow {
  readonly name: string;
  readonly pipeline: number;
  /** Of one run: about three seconds. */
  readonly requests: number;
  readonly throughput: Goal;
  readonly cpu: Goal;
}

type Command = Load["command"];

const keys = 100_000;
const connections = 50;
/** In a quick run, so many times fewer requests. */
const quickDivisor = 4;

/** SET and GET against one node in memory, beside Redis without persistence. */
export function throughputRow(row: ThroughputRow): Row {
  const batches = row.pipeline === 1 ? "no pipelining" : `pipelines of ${row.pipeline}`;
  return {
    name: row.name,
    work: `SET and GET of ${valueBytes} B over 100 k random keys, ${connections} connections, ${batches}; one node in memory on one core`,
    peer: "Redis without persistence",
    run: (bench) => measure(bench, row),
  };
}

async function measure(bench: Bench, row: ThroughputRow): Promise<Findings> {
  await using ours = await bench.startKvorum();
  await using peer = await bench.startPeer();
  const requests = bench.isQuick ? row.requests / quickDivisor : row.requests;
  const loadOf = (command: Command): Load => {
    return { command, connections, pipeline: row.pipeline, keys, valueBytes, requests };
  };
  await warmUp(bench, [ours, peer], loadOf);
  const cases: Case[] = [];
  for (const command of ["set", "get"] as const) {
    const load = loadOf(command);
    const label = command.toUpperCase();
    bench.started(shown(pinned(loadCore, redisBenchmarkCommand("PORT", load))));
    const runs = await bench.inPairs(
      label,
      () => redisBenchmark(ours, load),
      () => redisBenchmark(peer, load),
    );
    cases.push({ label, runs, throughput: row.throughput, cpu: row.cpu });
  }
  return {
    figures: figuresOf(cases),
    charts: chartsOf(cases),
    remarks: [busyRemark(cases, bench.peerName)],
  };
}

/** All keys exist before the first GET, and both servers have seen what is to come. */
async function warmUp(
  bench: Bench,
  servers: readonly Server[],
  loadOf: (command: Command) => Load,
): Promise<void> {
  bench.note("filling and warming up");
  bench.started(shown(pinned(loadCore, fillCommand("PORT", { from: 0, to: keys }))));
  for (const server of servers) {
    await fill(server, { from: 0, to: keys });
    for (const command of ["set", "get"] as const) await redisBenchmark(server, loadOf(command));
  }
}
