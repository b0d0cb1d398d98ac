import { fill } from "../load/fill.ts";
import { type Load, redisBenchmark, redisBenchmarkCommand } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import type { Pairs } from "../pairs.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { Figure, Findings, Line } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { median } from "../statistics.ts";
import { words } from "../words.ts";

type Command = Load["command"];

/** Costs of one command, by the number of keys in the table. */
type Costs = ReadonlyMap<number, Pairs<number>>;

const sizes: readonly number[] = [10_000, 100_000, 1_000_000, 5_000_000, 20_000_000];
const quickSizes: readonly number[] = sizes.slice(0, 3);
const connections = 50;
const pipeline = 16;
const requests = 1_000_000;
const quickRequests = 400_000;

export const costCurve: Row = {
  name: "cost-curve",
  work: `CPU of a SET and of a GET of ${valueBytes} B on random keys, pipelines of ${pipeline}, as the table grows`,
  peer: "Redis without persistence",
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  await using ours = await bench.startKvorum();
  await using peer = await bench.startPeer();
  const costs: Record<Command, Map<number, Pairs<number>>> = { set: new Map(), get: new Map() };
  let from = 0;
  for (const size of bench.isQuick ? quickSizes : sizes) {
    bench.note(`filling up to ${words.count(size)} keys`);
    for (const server of [ours, peer]) await fill(server, { from, to: size });
    from = size;
    for (const command of ["set", "get"] as const) {
      const load = loadOf(command, size, bench.isQuick);
      bench.started(shown(pinned(loadCore, redisBenchmarkCommand("PORT", load))));
      // Caches and compiled code are those of the last size and command.
      for (const server of [ours, peer]) await redisBenchmark(server, { ...load, requests: quickRequests });
      const cost = await bench.inPairs(
        `${command.toUpperCase()} over ${words.count(size)} keys`,
        async () => (await redisBenchmark(ours, load)).cpuMicrosPerOp,
        async () => (await redisBenchmark(peer, load)).cpuMicrosPerOp,
      );
      costs[command].set(size, cost);
    }
  }
  return findingsOf(costs, bench.peerName);
}

function loadOf(command: Command, keys: number, isQuick: boolean): Load {
  return {
    command,
    connections,
    pipeline,
    keys,
    valueBytes,
    requests: isQuick ? quickRequests : requests,
  };
}

function findingsOf(costs: Readonly<Record<Command, Costs>>, peerName: string): Findings {
  return {
    figures: [...figuresOf("SET", costs.set), ...figuresOf("GET", costs.get)],
    charts: [
      {
        kind: "lines",
        title: "Cost of an operation over the size of the table",
        unit: "µs/op",
        xLabel: "keys",
        xScale: "log",
        yScale: "linear",
        lines: [...linesOf("SET", costs.set, peerName), ...linesOf("GET", costs.get, peerName)],
      },
    ],
    remarks: [
      "Beyond the processor's caches each step to memory costs more, in any table: the peer's curve shows how much of the rise that is.",
    ],
  };
}

/** The cost at each size, and how much it grew from the smallest to the largest one. */
function figuresOf(name: string, costs: Costs): Figure[] {
  const at = [...costs].map(([size, pairs]): Figure => {
    return { name: `${name} at ${words.count(size)} keys`, unit: "µs/op", better: "lower", ...pairs };
  });
  const [first, last] = [at[0]!, at.at(-1)!];
  const growth = (side: "ours" | "peer"): number[] => last[side].map((cost, i) => cost / first[side][i]!);
  const title = `${name} cost, largest : smallest table`;
  return [...at, { name: title, unit: "x", better: "lower", ours: growth("ours"), peer: growth("peer") }];
}

function linesOf(command: string, costs: Costs, peerName: string): Line[] {
  return (["ours", "peer"] as const).map((side) => ({
    side,
    label: `${side === "ours" ? "kvorum" : peerName} ${command}`,
    isDashed: command === "GET",
    points: [...costs].map(([size, pairs]) => [size, median(pairs[side])] as const),
  }));
}
