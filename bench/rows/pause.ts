import { fill } from "../load/fill.ts";
import {
  type OpenLoad,
  type OpenLoopResult,
  openLoop,
  openLoopCommand,
  windowMs,
} from "../load/open-loop.ts";
import { type Pairs, pick } from "../pairs.ts";
import { ask, infoNumber } from "../peers/ask.ts";
import type { Server } from "../peers/server.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { BarGroup, Chart, Figure, Findings, Line } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { words } from "../words.ts";

/** The same open load alone, beside writes to keys that exist, and beside writes that grow the table. */
type Phase = "quiet" | "overwriting" | "growing";
type Phases = Readonly<Record<Phase, OpenLoopResult>>;

interface Run extends Phases {
  /** Of the server while the table grew, where it tells. */
  readonly eventLoopDelayMs: number | undefined;
}

interface Sizes {
  readonly keysFrom: number;
  readonly keysTo: number;
  readonly quietSeconds: number;
}

const phases: readonly Phase[] = ["quiet", "overwriting", "growing"];
const full: Sizes = { keysFrom: 1_000_000, keysTo: 8_000_000, quietSeconds: 10 };
const quick: Sizes = { keysFrom: 1_000_000, keysTo: 3_000_000, quietSeconds: 3 };
const warmUpSeconds = 2;
/** Moderate: each of both takes the servers a tenth to a third of their core. */
const requestsPerSecond = 10_000;
const fillKeysPerSecond = 250_000;
const connections = 50;
const pauseMsMax = 20;

export const pause: Row = {
  name: "pause",
  work: `Open load of ${words.count(requestsPerSecond)} requests/s, latency from the intended start, while a filler grows the table from 1 M keys on at ${words.count(fillKeysPerSecond)} keys/s`,
  peer: "Redis without persistence",
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const sizes = bench.isQuick ? quick : full;
  bench.started(shown(pinned(loadCore, openLoopCommand("PORT", loadsOf(sizes).growing))));
  const runs = await bench.inPairs(
    "growing",
    () => runPhases(bench.startKvorum, sizes),
    () => runPhases(bench.startRedis, sizes),
  );
  return { figures: figuresOf(runs), charts: chartsOf(runs), remarks: remarksOf(runs) };
}

function loadsOf({ keysFrom, keysTo, quietSeconds }: Sizes): Readonly<Record<Phase, OpenLoad>> {
  const quiet = { requestsPerSecond, connections, keys: keysFrom, seconds: quietSeconds };
  const filling = (from: number, to: number): OpenLoad => {
    return { ...quiet, seconds: 0, filler: { from, to, keysPerSecond: fillKeysPerSecond } };
  };
  return { quiet, overwriting: filling(0, keysFrom), growing: filling(keysFrom, keysTo) };
}

async function runPhases(start: () => Promise<Server>, sizes: Sizes): Promise<Run> {
  await using server = await start();
  const loads = loadsOf(sizes);
  await fill(server, { from: 0, to: sizes.keysFrom });
  await openLoop(server, { ...loads.quiet, seconds: warmUpSeconds });
  const quiet = await openLoop(server, loads.quiet);
  const overwriting = await openLoop(server, loads.overwriting);
  await ask(server.port, "CONFIG", "RESETSTAT");
  const growing = await openLoop(server, loads.growing);
  const eventLoopDelayMs = await infoNumber(server.port, "eventloop_delay_max_ms");
  return { quiet, overwriting, growing, eventLoopDelayMs };
}

function figuresOf(runs: Pairs<Run>): Figure[] {
  const inMs = (name: string, of: (run: Run) => number): Figure => {
    return { name, unit: "ms", better: "lower", ...pick(runs, of) };
  };
  const longest = inMs("longest request, growing", (run) => run.growing.latencyMs.max);
  return [
    ...phases.map((phase) => inMs(`p99.9 ${phase}`, (run) => run[phase].latencyMs.p999)),
    {
      name: "p99.9 growing : quiet",
      unit: "x",
      better: "lower",
      ...pick(runs, (run) => run.growing.latencyMs.p999 / run.quiet.latencyMs.p999),
      goal: { on: "value", limit: 2 },
    },
    ...pauseFigures(runs, longest),
  ];
}

/** The server's own word on its longest pause is judged; without it, the longest request is. */
function pauseFigures(runs: Pairs<Run>, longest: Figure): Figure[] {
  const goal = { on: "value", limit: pauseMsMax } as const;
  const delays = runs.ours.flatMap((run) => run.eventLoopDelayMs ?? []);
  if (delays.length < runs.ours.length) return [{ ...longest, goal }];
  const delay: Figure = {
    name: "longest event-loop delay, growing",
    unit: "ms",
    better: "lower",
    ours: delays,
    peer: [],
    goal,
  };
  return [longest, delay];
}

function chartsOf(runs: Pairs<Run>): Chart[] {
  const groups = (of: (result: OpenLoopResult) => number): BarGroup[] =>
    phases.map((phase) => ({ label: phase, ...pick(runs, (run) => of(run[phase])) }));
  const line = (side: Line["side"], label: string, { growing }: Run): Line => {
    const points = growing.worstMs
      .map((worst, i) => [((i + 1) * windowMs) / 1_000, worst] as const)
      // A window in which nothing was answered; its wait shows in the next one.
      .filter(([, worst]) => worst > 0);
    return { side, label, isDashed: false, points };
  };
  return [
    { kind: "bars", title: "p99.9 latency", unit: "ms", groups: groups((result) => result.latencyMs.p999) },
    { kind: "bars", title: "Longest request", unit: "ms", groups: groups((result) => result.latencyMs.max) },
    {
      kind: "lines",
      title: "Longest request of each tenth of a second while the table grows, first pair",
      unit: "ms",
      xLabel: "seconds",
      xScale: "linear",
      yScale: "log",
      lines: [line("ours", "kvorum", runs.ours[0]!), line("peer", "Redis", runs.peer[0]!)],
    },
  ];
}

function remarksOf(runs: Pairs<Run>): string[] {
  const late = [...runs.ours, ...runs.peer].map((run) => run.growing.generatorLateMs);
  const worst = (of: "p999" | "max"): string => words.value(Math.max(...late.map((each) => each[of])), "ms");
  return [
    "Overwriting is the same pace of writes on keys that exist: it tells what growing costs apart from being busy.",
    `The generator itself sent 99.9 % of the requests within ${worst("p999")} of their time, and the latest one ${worst("max")} late: so much of a latency may be its own.`,
  ];
}
