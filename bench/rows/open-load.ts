import { type OpenLoad, type OpenLoopResult, openLoop, windowMs } from "../load/open-loop.ts";
import { type Pairs, pick } from "../pairs.ts";
import { ask, infoNumber } from "../peers/ask.ts";
import type { Server } from "../peers/server.ts";
import type { BarGroup, Chart, Figure, Line } from "../results.ts";
import { words } from "../words.ts";

/** Moderate: it takes the servers a tenth to a third of their core. */
export const requestsPerSecond = 10_000;
export const connections = 50;
const pauseMsMax = 20;

/** The same open load several times: first alone, and last beside what is to be judged. */
export interface OpenLoads<Phase extends string> {
  readonly phases: readonly Phase[];
  /** "while the table grows" */
  readonly topic: string;
  readonly peerName: string;
  readonly runs: Pairs<OpenRun<Phase>>;
}

export interface OpenRun<Phase extends string> {
  readonly results: Readonly<Record<Phase, OpenLoopResult>>;
  /** Of the server in the last phase, where it tells. */
  readonly eventLoopDelayMs: number | undefined;
}

/** The load of a last phase, and what the server says of its own pauses meanwhile. */
export async function openLoopAndDelay(
  server: Server,
  load: OpenLoad,
): Promise<{ result: OpenLoopResult; eventLoopDelayMs: number | undefined }> {
  await ask(server.port, "CONFIG", "RESETSTAT");
  const result = await openLoop(server, load);
  return { result, eventLoopDelayMs: await infoNumber(server.port, "eventloop_delay_max_ms") };
}

export function figuresOf<Phase extends string>({ phases, runs }: OpenLoads<Phase>): Figure[] {
  const [quiet, last] = [phases[0]!, phases.at(-1)!];
  const inMs = (name: string, of: (run: OpenRun<Phase>) => number): Figure => {
    return { name, unit: "ms", better: "lower", ...pick(runs, of) };
  };
  const p999 = (run: OpenRun<Phase>, phase: Phase): number => run.results[phase].latencyMs.p999;
  return [
    ...phases.map((phase) => inMs(`p99.9 ${phase}`, (run) => p999(run, phase))),
    {
      name: `p99.9 ${last} : quiet`,
      unit: "x",
      better: "lower",
      ...pick(runs, (run) => p999(run, last) / p999(run, quiet)),
      goal: { on: "value", limit: 2 },
    },
    ...pauseFigures(
      runs,
      last,
      inMs(`longest request, ${last}`, (run) => run.results[last].latencyMs.max),
    ),
  ];
}

/** The server's own word on its longest pause is judged; without it, the longest request is. */
function pauseFigures<Phase extends string>(
  runs: Pairs<OpenRun<Phase>>,
  last: Phase,
  longest: Figure,
): Figure[] {
  const goal = { on: "value", limit: pauseMsMax } as const;
  const delays = runs.ours.flatMap((run) => run.eventLoopDelayMs ?? []);
  if (delays.length < runs.ours.length) return [{ ...longest, goal }];
  const name = `longest event-loop delay, ${last}`;
  return [longest, { name, unit: "ms", better: "lower", ours: delays, peer: [], goal }];
}

export function chartsOf<Phase extends string>(loads: OpenLoads<Phase>): Chart[] {
  const { phases, topic, peerName, runs } = loads;
  const last = phases.at(-1)!;
  const groups = (of: (result: OpenLoopResult) => number): BarGroup[] =>
    phases.map((label) => ({ label, ...pick(runs, (run) => of(run.results[label])) }));
  return [
    {
      kind: "bars",
      title: `p99.9 latency ${topic}`,
      unit: "ms",
      groups: groups((result) => result.latencyMs.p999),
    },
    {
      kind: "bars",
      title: `Longest request ${topic}`,
      unit: "ms",
      groups: groups((result) => result.latencyMs.max),
    },
    {
      kind: "lines",
      title: `Longest request of each tenth of a second ${topic}, first pair`,
      unit: "ms",
      xLabel: "seconds",
      xScale: "linear",
      yScale: "log",
      lines: [
        lineOf("ours", "kvorum", runs.ours[0]!.results[last]),
        lineOf("peer", peerName, runs.peer[0]!.results[last]),
      ],
    },
  ];
}

function lineOf(side: Line["side"], label: string, { worstMs }: OpenLoopResult): Line {
  const points = worstMs
    .map((worst, i) => [((i + 1) * windowMs) / 1_000, worst] as const)
    // A window in which nothing was answered; its wait shows in the next one.
    .filter(([, worst]) => worst > 0);
  return { side, label, isDashed: false, points };
}

export function latenessRemark<Phase extends string>({ phases, topic, runs }: OpenLoads<Phase>): string {
  const late = [...runs.ours, ...runs.peer].map((run) => run.results[phases.at(-1)!].generatorLateMs);
  const worst = (of: "p999" | "max"): string => words.value(Math.max(...late.map((each) => each[of])), "ms");
  return `The generator itself sent 99.9 % of the requests ${topic} within ${worst("p999")} of their time, and the latest one ${worst("max")} late: so much of a latency may be its own.`;
}
