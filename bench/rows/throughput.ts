import { fill, fillCommand } from "../load/fill.ts";
import { type Load, type Measured, redisBenchmark, redisBenchmarkCommand } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import { type Pairs, pick } from "../pairs.ts";
import type { Server } from "../peers/server.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { BarGroup, Figure, Findings, Goal } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { median } from "../statistics.ts";

export interface ThroughputRow {
  readonly name: string;
  readonly pipeline: number;
  /** Of one run: about three seconds. */
  readonly requests: number;
  readonly throughput: Goal;
  readonly cpu: Goal;
}

type Command = Load["command"];
type Runs = Readonly<Record<Command, Pairs<Measured>>>;

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
  await using peer = await bench.startRedis();
  const requests = bench.isQuick ? row.requests / quickDivisor : row.requests;
  const loadOf = (command: Command): Load => {
    return { command, connections, pipeline: row.pipeline, keys, valueBytes, requests };
  };
  await warmUp(bench, [ours, peer], loadOf);
  const compare = (command: Command): Promise<Pairs<Measured>> => {
    const load = loadOf(command);
    bench.started(shown(pinned(loadCore, redisBenchmarkCommand("PORT", load))));
    return bench.inPairs(
      command.toUpperCase(),
      () => redisBenchmark(ours, load),
      () => redisBenchmark(peer, load),
    );
  };
  const runs: Runs = { set: await compare("set"), get: await compare("get") };
  return { figures: figuresOf(runs, row), charts: chartsOf(runs), remarks: [busyRemark(runs)] };
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

function figuresOf(runs: Runs, { throughput, cpu }: ThroughputRow): Figure[] {
  return (["set", "get"] as const).flatMap((command) => {
    const name = command.toUpperCase();
    const of = (get: (run: Measured) => number): Pairs<number> => pick(runs[command], get);
    return [
      {
        name: `${name} throughput`,
        unit: "op/s",
        better: "higher",
        ...of((run) => run.opsPerSecond),
        goal: throughput,
      },
      { name: `${name} CPU`, unit: "µs/op", better: "lower", ...of((run) => run.cpuMicrosPerOp), goal: cpu },
      { name: `${name} p50`, unit: "ms", better: "lower", ...of((run) => run.latencyMs.p50) },
      { name: `${name} p99`, unit: "ms", better: "lower", ...of((run) => run.latencyMs.p99) },
    ] satisfies Figure[];
  });
}

function chartsOf({ set, get }: Runs): Findings["charts"] {
  const group = (label: string, runs: Pairs<Measured>, of: (run: Measured) => number): BarGroup => {
    return { label, ...pick(runs, of) };
  };
  return [
    {
      kind: "bars",
      title: "Throughput",
      unit: "op/s",
      groups: [group("SET", set, (run) => run.opsPerSecond), group("GET", get, (run) => run.opsPerSecond)],
    },
    {
      kind: "bars",
      title: "CPU per operation",
      unit: "µs/op",
      groups: [
        group("SET", set, (run) => run.cpuMicrosPerOp),
        group("GET", get, (run) => run.cpuMicrosPerOp),
      ],
    },
    {
      kind: "bars",
      title: "Latency",
      unit: "ms",
      groups: [
        group("SET p50", set, (run) => run.latencyMs.p50),
        group("SET p99", set, (run) => run.latencyMs.p99),
        group("GET p50", get, (run) => run.latencyMs.p50),
        group("GET p99", get, (run) => run.latencyMs.p99),
      ],
    },
  ];
}

/** Tells who was the bottleneck: where the generator was, equal throughput says little, and CPU says more. */
function busyRemark(runs: Runs): string {
  const all = { ours: [...runs.set.ours, ...runs.get.ours], peer: [...runs.set.peer, ...runs.get.peer] };
  const percent = (side: readonly Measured[], of: (run: Measured) => number): string =>
    `${Math.round(median(side.map(of)) * 100)} %`;
  const sentence = (name: string, side: readonly Measured[]): string =>
    `${name} kept its core ${percent(side, (run) => run.serverBusy)} busy and the load generator its own ${percent(side, (run) => run.generatorBusy)}`;
  return `${sentence("kvorum", all.ours)}; ${sentence("Redis", all.peer)}.`;
}
