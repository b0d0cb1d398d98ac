import { closedLoad, closedLoadCommand } from "../load/closed-load.ts";
import { redisBenchmark, redisBenchmarkCommand } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import type { Cluster } from "../peers/cluster.ts";
import { pinned, sharedCores, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { etcdLeaderOf, leaderOf, missingRemarks, startEtcd, startVoters } from "./cluster-peers.ts";
import { type Case, chartsOf, figuresOf, sharedCoresRemark } from "./measured.ts";

const keys = 100_000;

interface Level {
  readonly connections: number;
  /** Of one run, a few seconds: each side at its own pace. */
  readonly requests: { readonly ours: number; readonly peer: number };
  /** Writes per second, as a multiple of etcd's. */
  readonly goal: number;
}

const levels: readonly Level[] = [
  { connections: 50, requests: { ours: 80_000, peer: 15_000 }, goal: 6 },
  { connections: 200, requests: { ours: 120_000, peer: 15_000 }, goal: 10 },
  { connections: 1_000, requests: { ours: 120_000, peer: 20_000 }, goal: 10 },
];
/** In a quick run, so many times fewer requests. */
const quickDivisor = 4;

export const quorum: Row = {
  name: "quorum",
  work: `SET of ${valueBytes} B over 100 k random keys, three nodes, each write on the disks of a majority before it is answered; 50, 200 and 1000 connections (c) to the leader, no pipelining`,
  peer: "etcd, three nodes",
  writesData: true,
  isCluster: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  await using ours = await startVoters(bench);
  await using peer = await startEtcd(bench);
  const cases: Case[] = [];
  for (const level of levels) cases.push(await caseOf(bench, level, ours, peer));
  return {
    figures: figuresOf(cases),
    charts: chartsOf(cases),
    remarks: [sharedCoresRemark(cases, "etcd"), ...missingRemarks(peer)],
  };
}

async function caseOf(
  bench: Bench,
  { connections, requests, goal }: Level,
  ours: Cluster,
  peer: Cluster | undefined,
): Promise<Case> {
  const sized = (count: number): number => (bench.isQuick ? count / quickDivisor : count);
  const load = {
    ...({ command: "set", pipeline: 1, connections, keys, valueBytes } as const),
    requests: sized(requests.ours),
  };
  const etcd = {
    protocol: "etcd",
    command: "put",
    connections,
    keys,
    requests: sized(requests.peer),
  } as const;
  const runOurs = async () => redisBenchmark(await leaderOf(ours), load, sharedCores);
  const runPeer = peer && (async () => closedLoad(await etcdLeaderOf(peer), etcd));
  bench.started(shown(pinned(sharedCores, redisBenchmarkCommand("PORT", load))));
  if (peer !== undefined) bench.started(shown(pinned(sharedCores, closedLoadCommand("PORT", etcd))));
  const label = `c${connections}`;
  bench.note(`${label}, warming up`);
  await runOurs();
  await runPeer?.();
  const runs = await bench.inPairs(label, runOurs, runPeer);
  return { label, runs, throughput: { on: "ratio", limit: goal }, p99: { on: "ratio", limit: 1 } };
}
