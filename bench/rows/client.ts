import { type ClientLoad, type ClientMeasured, clientLoad, clientLoadCommand } from "../load/client-load.ts";
import type { ClientKind } from "../load/clients.ts";
import { fill } from "../load/fill.ts";
import { valueBytes } from "../load/set-batch.ts";
import { type Pairs, pick } from "../pairs.ts";
import type { Cluster } from "../peers/cluster.ts";
import type { Server } from "../peers/server.ts";
import { loadCore, pinned, sharedCores, shown } from "../programs.ts";
import type { BarGroup, Chart, Figure, Findings, Goal } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { startVoters } from "./cluster-peers.ts";

const keys = 10_000;
/** Callers, and the requests of one run: about two seconds. */
const levels: readonly { readonly callers: number; readonly requests: number }[] = [
  { callers: 1, requests: 15_000 },
  { callers: 10, requests: 60_000 },
  { callers: 100, requests: 120_000 },
];
/** In a quick run, so many times fewer requests; of new connections there are fewer in any case. */
const quickDivisor = 10;
const unpooledDivisor = 10;
const clusterRequests = { set: 40_000, get: 80_000 } as const;

export const client: Row = {
  name: "client",
  work: `SET and GET of ${valueBytes} B by 1, 10 and 100 callers in one process of Node.js; one node in memory on one core, then three durable nodes that share both cores with the client`,
  peer: "ioredis and node-redis, on kvorum and on Redis; a new connection for each request",
  writesData: true,
  run: measure,
};

/** KvClient beside another client, or the same one otherwise. */
interface Comparison {
  readonly label: string;
  readonly runs: Pairs<ClientMeasured>;
  readonly goal?: Goal;
}

/** Others, each at its server. */
interface Rival {
  readonly name: string;
  readonly kind: ClientKind;
  readonly server: "kvorum" | "peer";
  readonly goal?: Goal;
}

const rivals: readonly Rival[] = [
  { name: "ioredis", kind: "ioredis", server: "kvorum", goal: { on: "ratio", limit: 1 } },
  { name: "ioredis on Redis", kind: "ioredis", server: "peer", goal: { on: "ratio", limit: 1 } },
  { name: "node-redis", kind: "node-redis", server: "kvorum" },
  { name: "node-redis on Redis", kind: "node-redis", server: "peer" },
  { name: "new connections", kind: "unpooled", server: "kvorum", goal: { on: "ratio", limit: 10 } },
];

async function measure(bench: Bench): Promise<Findings> {
  const comparisons = [...(await alone(bench)), ...(await clustered(bench))];
  return {
    figures: comparisons.flatMap(figuresOf),
    charts: chartsOf(comparisons),
    remarks: [
      "CPU is the client's own. Writes of KvClient carry a number, so that a repeated one is applied once; those of the others do not.",
    ],
  };
}

async function alone(bench: Bench): Promise<Comparison[]> {
  await using kvorum = await bench.startKvorum();
  await using peer = await bench.startPeer();
  const servers = { kvorum, peer } as const;
  for (const server of [kvorum, peer]) await fill(server, { from: 0, to: keys });
  const comparisons: Comparison[] = [];
  for (const command of ["set", "get"] as const)
    for (const level of levels) comparisons.push(...(await besideRivals(bench, command, level, servers)));
  return comparisons;
}

async function besideRivals(
  bench: Bench,
  command: ClientLoad["command"],
  { callers, requests }: (typeof levels)[number],
  servers: Readonly<Record<Rival["server"], Server>>,
): Promise<Comparison[]> {
  const loadOf = (kind: ClientKind): ClientLoad => {
    const divisor = (bench.isQuick ? quickDivisor : 1) * (kind === "unpooled" ? unpooledDivisor : 1);
    return { client: kind, command, callers, keys, requests: Math.ceil(requests / divisor) };
  };
  const at = ({ port }: Server, kind: ClientKind) => clientLoad([port], loadOf(kind), loadCore);
  for (const kind of ["kvorum", ...rivals.map((rival) => rival.kind)] as const)
    bench.started(shown(pinned(loadCore, clientLoadCommand("PORT", loadOf(kind)))));
  const label = `${command.toUpperCase()} ${callers}`;
  // One run of ours stands beside one of each of the others.
  const rounds = await bench.inPairs<readonly ClientMeasured[]>(
    label,
    async () => [await at(servers.kvorum, "kvorum")],
    async () => {
      const all: ClientMeasured[] = [];
      for (const { kind, server } of rivals) all.push(await at(servers[server], kind));
      return all;
    },
  );
  return rivals.map(({ name, goal }, i) => ({
    label: `${label}, ${name}`,
    runs: { ours: rounds.ours.map(([run]) => run!), peer: rounds.peer.map((runs) => runs[i]!) },
    ...(goal && { goal }),
  }));
}

/** On three nodes: beside ioredis at the leader; and stale reads from all nodes beside those from the leader alone. */
async function clustered(bench: Bench): Promise<Comparison[]> {
  await using cluster = await startVoters(bench);
  await fill(await cluster.leader(), { from: 0, to: keys });
  const comparisons: Comparison[] = [];
  for (const [command, ours, other] of [
    ["set", "kvorum", "ioredis"],
    ["get", "kvorum", "ioredis"],
    ["get", "kvorum-stale", "kvorum-stale-leader"],
  ] as const)
    comparisons.push(await inCluster(bench, cluster, command, ours, other));
  return comparisons;
}

async function inCluster(
  bench: Bench,
  cluster: Cluster,
  command: ClientLoad["command"],
  ours: ClientKind,
  other: ClientKind,
): Promise<Comparison> {
  const requests = Math.ceil(clusterRequests[command] / (bench.isQuick ? quickDivisor : 1));
  const load = { command, callers: 100, keys, requests } as const;
  const all = cluster.seats.map(({ port }) => port);
  const first = other === "ioredis" ? [(await cluster.leader()).port] : all;
  const label = `three nodes, ${command.toUpperCase()} 100, ${other === "ioredis" ? "ioredis at the leader" : "stale from the leader alone"}`;
  const runs = await bench.inPairs(
    label,
    () => clientLoad(all, { ...load, client: ours }, sharedCores),
    () => clientLoad(first, { ...load, client: other }, sharedCores),
  );
  return { label, runs };
}

function figuresOf({ label, runs, goal }: Comparison): Figure[] {
  return [
    {
      ...({ name: `${label}: throughput`, unit: "op/s", better: "higher" } as const),
      ...pick(runs, (run) => run.opsPerSecond),
      goal,
    },
    {
      ...({ name: `${label}: CPU`, unit: "µs/op", better: "lower" } as const),
      ...pick(runs, (run) => run.cpuMicrosPerOp),
    },
    {
      ...({ name: `${label}: p50`, unit: "ms", better: "lower" } as const),
      ...pick(runs, (run) => run.latencyMs.p50),
    },
    {
      ...({ name: `${label}: p99`, unit: "ms", better: "lower" } as const),
      ...pick(runs, (run) => run.latencyMs.p99),
    },
    {
      ...({ name: `${label}: allocated`, unit: "B/op", better: "lower" } as const),
      ...pick(runs, (run) => run.allocatedBytesPerOp),
    },
  ];
}

function chartsOf(comparisons: readonly Comparison[]): Chart[] {
  const groups = (of: (run: ClientMeasured) => number): BarGroup[] =>
    comparisons.map(({ label, runs }) => ({ label, ...pick(runs, of) }));
  return [
    { kind: "bars", title: "Throughput", unit: "op/s", groups: groups((run) => run.opsPerSecond) },
    { kind: "bars", title: "Latency, p50", unit: "ms", groups: groups((run) => run.latencyMs.p50) },
  ];
}
