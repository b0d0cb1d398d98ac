import type { Measured } from "../load/redis-benchmark.ts";
import { type Pairs, pick } from "../pairs.ts";
import type { BarGroup, Chart, Figure, Goal } from "../results.ts";
import { median } from "../statistics.ts";

/** One load, measured by turns. */
export interface Case {
  /** "SET" */
  readonly label: string;
  readonly runs: Pairs<Measured>;
  /** Goals beside a peer are left out where it is missing. */
  readonly throughput?: Goal;
  readonly cpu?: Goal;
  readonly p99?: Goal;
}

export function figuresOf(cases: readonly Case[]): Figure[] {
  return cases.flatMap(({ label, runs, throughput, cpu, p99 }) => {
    const of = (get: (run: Measured) => number): Pairs<number> => pick(runs, get);
    const beside = (goal: Goal | undefined): Goal | undefined => (runs.peer.length > 0 ? goal : undefined);
    return [
      {
        name: `${label} throughput`,
        unit: "op/s",
        better: "higher",
        ...of((run) => run.opsPerSecond),
        goal: beside(throughput),
      },
      {
        name: `${label} CPU`,
        unit: "µs/op",
        better: "lower",
        ...of((run) => run.cpuMicrosPerOp),
        goal: beside(cpu),
      },
      { name: `${label} p50`, unit: "ms", better: "lower", ...of((run) => run.latencyMs.p50) },
      {
        name: `${label} p99`,
        unit: "ms",
        better: "lower",
        ...of((run) => run.latencyMs.p99),
        goal: beside(p99),
      },
    ] satisfies Figure[];
  });
}

export function chartsOf(cases: readonly Case[]): Chart[] {
  const groups = (of: (run: Measured) => number): BarGroup[] =>
    cases.map(({ label, runs }) => ({ label, ...pick(runs, of) }));
  return [
    { kind: "bars", title: "Throughput", unit: "op/s", groups: groups((run) => run.opsPerSecond) },
    { kind: "bars", title: "CPU per operation", unit: "µs/op", groups: groups((run) => run.cpuMicrosPerOp) },
    { kind: "bars", title: "Latency", unit: "ms", groups: cases.flatMap(latencyGroups) },
  ];
}

function latencyGroups({ label, runs }: Case): BarGroup[] {
  return [
    { label: `${label} p50`, ...pick(runs, (run) => run.latencyMs.p50) },
    { label: `${label} p99`, ...pick(runs, (run) => run.latencyMs.p99) },
  ];
}

/** Tells who was the bottleneck: where the generator was, equal throughput says little, and CPU says more. */
export function busyRemark(cases: readonly Case[], peerName: string): string {
  const percent = (side: readonly Measured[], of: (run: Measured) => number): string =>
    `${Math.round(median(side.map(of)) * 100)} %`;
  const sentence = (name: string, side: readonly Measured[]): string =>
    `${name} kept its core ${percent(side, (run) => run.serverBusy)} busy and the load generator its own ${percent(side, (run) => run.generatorBusy)}`;
  const [ours, peer] = (["ours", "peer"] as const).map((side) => cases.flatMap(({ runs }) => runs[side]));
  return `${sentence("kvorum", ours!)}; ${sentence(peerName, peer!)}.`;
}

/** The same where all share their cores, and a server is a cluster. */
export function sharedCoresRemark(cases: readonly Case[], peerName: string): string {
  const cores = (side: readonly Measured[], of: (run: Measured) => number): string =>
    median(side.map(of)).toFixed(2);
  const sides = (["ours", "peer"] as const).flatMap((side) => {
    const runs = cases.flatMap((each) => each.runs[side]);
    if (runs.length === 0) return [];
    const name = side === "ours" ? "kvorum" : peerName;
    return `${name} used ${cores(runs, (run) => run.serverBusy)} cores and its load generator ${cores(runs, (run) => run.generatorBusy)}`;
  });
  return `All servers of a side and its load generator share both cores: ${sides.join("; ")}.`;
}
