import { setTimeout as pause } from "node:timers/promises";
import { ask } from "../peers/ask.ts";
import type { Findings } from "../results.ts";
import type { Bench, Row } from "../row.ts";
import { startVoters } from "./cluster-peers.ts";
import { chartsOf, figuresOf, seenRemark, writesInWords, writesUnder } from "./writes-under.ts";

const transfers = 50;
const quickTransfers = 5;
/** What a transfer delays is over by then. */
const settledMs = 300;

export const transfer: Row = {
  name: "transfer",
  work: `Planned change of leader under load, again and again: the longest time without an acknowledgement, for each client. Three nodes with every write on the disks of a majority; ${writesInWords}`,
  peer: "none",
  writesData: true,
  isCluster: true,
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  await using cluster = await startVoters(bench);
  const seen = await writesUnder(bench, "redis", cluster, {
    count: bench.isQuick ? quickTransfers : transfers,
    strike: async (leader) => {
      await ask(leader.port, "KVORUM", "TRANSFER");
      await pause(settledMs);
    },
  });
  const alone = { ours: [seen], peer: [] };
  return {
    figures: [
      ...figuresOf(alone, { p99: { on: "value", limit: 50 } }),
      {
        ...({ name: "refused or broken", unit: "errors", better: "lower", peer: [] } as const),
        ours: [seen.errors],
        goal: { on: "value", limit: 0 },
      },
    ],
    charts: chartsOf(alone),
    remarks: [seenRemark(alone, "")],
  };
}
