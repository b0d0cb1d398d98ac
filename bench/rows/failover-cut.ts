import { setTimeout as pause } from "node:timers/promises";
import { type LinkState, Links, PeerProxy } from "../../test/chaos/peer-proxy.ts";
import { Cluster, type Seat } from "../peers/cluster.ts";
import { kvorumBehind } from "../peers/kvorum-cluster.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { chartsOf, figuresOf, seenRemark, writesInWords, writesUnder } from "./writes-under.ts";

const cuts = 20;
const quickCuts = 3;
/** The others have elected by then, as a rule; whoever waits longer is waited for. */
const electedMs = 2_000;
const proxyHost = "127.0.0.2";

export const failoverCut: Row = {
  name: "failover-cut",
  work: `The links between the leader and the others fall silent under load, ${cuts} times: the longest time without an acknowledgement, for each client, those of the leader that was cut off included. Three nodes with every write on the disks of a majority, with proxies between them; ${writesInWords}`,
  peer: "none",
  writesData: true,
  isCluster: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const links = new Links();
  const proxies: PeerProxy[] = [];
  const prepare = async (seats: readonly Seat[]): Promise<void> => {
    for (const { id, peerPort: port } of seats) {
      proxies.push(new PeerProxy(id, links, { host: proxyHost, port }, { host: "127.0.0.1", port }));
    }
    for (const proxy of proxies) await proxy.open();
  };
  try {
    await using cluster = await Cluster.start({ ...kvorumBehind(proxyHost), prepare }, 3, bench.dataFolder);
    for (const command of cluster.commands) bench.started(command);
    return await measureCuts(bench, cluster, links);
  } finally {
    for (const proxy of proxies) proxy.close();
  }
}

async function measureCuts(bench: Bench, cluster: Cluster, links: Links): Promise<Findings> {
  const seen = await writesUnder(bench, "redis", cluster, {
    count: bench.isQuick ? quickCuts : cuts,
    strike: async (leader) => {
      setAround(leader, cluster, links, "cut");
      await pause(electedMs);
    },
    heal: async (leader) => {
      setAround(leader, cluster, links, "open");
      await cluster.serves(leader);
    },
  });
  const alone = { ours: [seen], peer: [] };
  return {
    figures: figuresOf(alone, { p99: { on: "value", limit: 1_500 } }),
    charts: chartsOf(alone),
    remarks: [seenRemark(alone, "")],
  };
}

function setAround(leader: Seat, { seats }: Cluster, links: Links, state: LinkState): void {
  for (const other of seats) {
    if (other === leader) continue;
    links.set(leader.id, other.id, state);
    links.set(other.id, leader.id, state);
  }
}
