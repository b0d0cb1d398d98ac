import type { ClosedTarget } from "../load/closed-load.ts";
import type { Target } from "../load/redis-benchmark.ts";
import { Cluster } from "../peers/cluster.ts";
import { etcdVoters } from "../peers/etcd-cluster.ts";
import { kvorumLearners, kvorumVoters } from "../peers/kvorum-cluster.ts";
import { redisReplicas } from "../peers/redis-replicas.ts";
import { isInstalled } from "../programs.ts";
import type { Bench } from "../row.ts";

/** Of each cluster. */
const members = 3;

/** Three voters of this checkout. */
export async function startVoters(bench: Bench): Promise<Cluster> {
  return noted(bench, await Cluster.start(kvorumVoters, members, bench.dataFolder));
}

/** A voter of this checkout with two learners, and Redis with two replicas. */
export async function startLearners(bench: Bench): Promise<Cluster> {
  return noted(bench, await Cluster.start(kvorumLearners, members, bench.dataFolder));
}

export async function startReplicas(bench: Bench): Promise<Cluster> {
  return noted(bench, await Cluster.start(redisReplicas, members, bench.dataFolder));
}

/** Three members of etcd, or undefined where it is not installed: then ours is measured alone. */
export async function startEtcd(bench: Bench): Promise<Cluster | undefined> {
  if (!isInstalled("etcd")) {
    bench.note(etcdMissing);
    return undefined;
  }
  return noted(bench, await Cluster.start(etcdVoters, members, bench.dataFolder));
}

const etcdMissing =
  "etcd is not installed (Debian: apt-get install etcd-server): nothing was measured beside it.";

/** What a report has to say of a peer that is missing. */
export function missingRemarks(peer: Cluster | undefined): string[] {
  return peer === undefined ? [etcdMissing] : [];
}

/** Load for who leads now, and for the processes of all. */
export async function leaderOf(cluster: Cluster): Promise<Target> {
  return { port: (await cluster.leader()).port, pids: cluster.pids };
}

export async function etcdLeaderOf(cluster: Cluster): Promise<ClosedTarget> {
  return { ports: [(await cluster.leader()).port], pids: cluster.pids };
}

function noted(bench: Bench, cluster: Cluster): Cluster {
  for (const command of cluster.commands) bench.started(command);
  return cluster;
}
