import type { Load } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import { Cluster } from "../peers/cluster.ts";
import { redisAlone } from "../peers/redis-replicas.ts";
import type { Row } from "../row.ts";
import { leaderOf, startVoters } from "./cluster-peers.ts";
import { measureSets } from "./cluster-sets.ts";

const loads: readonly Load[] = [50, 200].map((connections) => {
  return { command: "set", keys: 100_000, valueBytes, connections, pipeline: 16, requests: 1_200_000 };
});

export const quorumP16: Row = {
  name: "quorum-p16",
  work: `SET of ${valueBytes} B over 100 k random keys, three nodes, each write on the disks of a majority before it is answered; 50 and 200 connections (c) to the leader, pipelines of 16 (P)`,
  peer: "Redis with appendfsync always, one node",
  writesData: true,
  isCluster: true,
  run: async (bench) => {
    await using ours = await startVoters(bench);
    await using peer = await Cluster.start(redisAlone, 1, bench.dataFolder);
    for (const command of peer.commands) bench.started(command);
    const sides = { ours: () => leaderOf(ours), peer: () => leaderOf(peer) };
    return await measureSets(bench, sides, loads, { on: "ratio", limit: 0.8, moonshot: 1 });
  },
};
