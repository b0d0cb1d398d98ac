import { type ClosedTarget, closedLoad, closedLoadCommand } from "../load/closed-load.ts";
import type { EtcdCommand } from "../load/etcd-requests.ts";
import { fill } from "../load/fill.ts";
import { valueBytes } from "../load/set-batch.ts";
import type { Cluster } from "../peers/cluster.ts";
import { pinned, sharedCores, shown } from "../programs.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { missingRemarks, startEtcd, startVoters } from "./cluster-peers.ts";
import { type Case, chartsOf, figuresOf, sharedCoresRemark } from "./measured.ts";

const keys = 10_000;
const levels = [51, 201] as const;
/** Of one run, a few seconds: each side at its own pace. */
const requests = { ours: 150_000, peer: 24_000 } as const;
/** In a quick run, so many times fewer. */
const quickDivisor = 4;

export const readLinearizable: Row = readRow("read-linearizable", "get", "linearizable");
export const readStale: Row = readRow("read-stale", "stale-get", "stale (READONLY)");

function readRow(name: string, command: EtcdCommand, words: string): Row {
  return {
    name,
    work: `GET of ${valueBytes} B over 10 k random keys, ${words}; three nodes, ${levels.join(" and ")} connections (c), a third of them to each`,
    peer: `etcd, three nodes, ${command === "get" ? "linearizable" : "serializable"} reads`,
    writesData: true,
    isCluster: true,
    run: (bench) => measure(bench, command),
  };
}

async function measure(bench: Bench, command: EtcdCommand): Promise<Findings> {
  await using ours = await startVoters(bench);
  await using peer = await startEtcd(bench);
  bench.note("filling");
  await fill(await ours.leader(), { from: 0, to: keys });
  if (peer !== undefined) await fillEtcd(peer);
  const cases: Case[] = [];
  for (const connections of levels) cases.push(await caseOf(bench, command, connections, ours, peer));
  return {
    figures: figuresOf(cases),
    charts: chartsOf(cases),
    remarks: [sharedCoresRemark(cases, "etcd"), ...missingRemarks(peer)],
  };
}

async function caseOf(
  bench: Bench,
  command: EtcdCommand,
  connections: number,
  ours: Cluster,
  peer: Cluster | undefined,
): Promise<Case> {
  const sized = (count: number): number => (bench.isQuick ? count / quickDivisor : count);
  const load = { command, connections, keys } as const;
  const [kvorum, etcd] = [
    { ...load, protocol: "redis", requests: sized(requests.ours) } as const,
    { ...load, protocol: "etcd", requests: sized(requests.peer) } as const,
  ];
  const runOurs = () => closedLoad(allOf(ours), kvorum);
  const runPeer = peer && (() => closedLoad(allOf(peer), etcd));
  for (const each of [kvorum, etcd]) {
    bench.started(shown(pinned(sharedCores, closedLoadCommand("PORT,PORT,PORT", each))));
  }
  const label = `c${connections}`;
  await runOurs();
  await runPeer?.();
  const runs = await bench.inPairs(label, runOurs, runPeer);
  return { label, runs, throughput: { on: "ratio", limit: 10 } };
}

function allOf({ seats, pids }: Cluster): ClosedTarget {
  return { ports: seats.map(({ port }) => port), pids };
}

async function fillEtcd(etcd: Cluster): Promise<void> {
  const each = { protocol: "etcd", command: "put", connections: 51, keys, requests: keys } as const;
  await closedLoad(allOf(etcd), { ...each, inSequence: true });
}
