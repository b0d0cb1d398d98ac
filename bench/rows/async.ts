import type { Load } from "../load/redis-benchmark.ts";
import { valueBytes } from "../load/set-batch.ts";
import type { Row } from "../row.ts";
import { leaderOf, startLearners, startReplicas } from "./cluster-peers.ts";
import { measureSets } from "./cluster-sets.ts";

const loads: readonly Load[] = [
  { connections: 50, pipeline: 1, requests: 200_000 },
  { connections: 50, pipeline: 16, requests: 1_200_000 },
].map((each) => ({ command: "set", keys: 100_000, valueBytes, ...each }));

export const asynchronous: Row = {
  name: "async",
  work: `SET of ${valueBytes} B over 100 k random keys, one voter and two learners, written to the disk within a second; 50 connections (c) to the voter, no pipelining and pipelines of 16 (P)`,
  peer: "Redis with two replicas and appendfsync everysec",
  writesData: true,
  isCluster: true,
  run: async (bench) => {
    await using ours = await startLearners(bench);
    await using peer = await startReplicas(bench);
    const sides = { ours: () => leaderOf(ours), peer: () => leaderOf(peer) };
    return await measureSets(bench, sides, loads, { on: "ratio", limit: 1 });
  },
};
