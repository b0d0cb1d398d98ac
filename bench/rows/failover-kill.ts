import { setTimeout as pause } from "node:timers/promises";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { missingRemarks, startEtcd, startVoters } from "./cluster-peers.ts";
import { chartsOf, figuresOf, type Strike, seenRemark, writesInWords, writesUnder } from "./writes-under.ts";

const kills = { ours: 50, peer: 10 } as const;
const quickKills = { ours: 3, peer: 2 } as const;
/** Both sides have elected by then, as a rule; whoever waits longer is waited for. */
const electedMs = 1_000;

export const failoverKill: Row = {
  name: "failover-kill",
  work: `kill -9 of the leader under load, again and again: the longest time without an acknowledgement, for each client, those of the dead leader included. Three nodes with every write on the disks of a majority; ${writesInWords}`,
  peer: "etcd, three nodes, as it comes",
  writesData: true,
  isCluster: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const { ours: ourKills, peer: peerKills } = bench.isQuick ? quickKills : kills;
  await using ours = await startVoters(bench);
  const seen = { ours: [await writesUnder(bench, "redis", ours, killing(ourKills))] };
  await ours[Symbol.asyncDispose]();
  await using peer = await startEtcd(bench);
  const both = {
    ...seen,
    peer: peer === undefined ? [] : [await writesUnder(bench, "etcd", peer, killing(peerKills))],
  };
  return {
    figures: figuresOf(both, { p50: { on: "value", limit: 200 }, p99: { on: "value", limit: 500 } }),
    charts: chartsOf(both),
    remarks: [seenRemark(both, "etcd"), ...missingRemarks(peer)],
  };
}

function killing(count: number): Strike {
  return {
    count,
    strike: async (leader, cluster) => {
      await cluster.kill(leader);
      await pause(electedMs);
    },
    heal: async (leader, cluster) => {
      cluster.start(leader);
      await cluster.serves(leader);
    },
  };
}
