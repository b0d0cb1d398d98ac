import { makers, takenOfTold } from "../../test/costly-transactions.ts";
import type { Figure, Findings, Goal } from "../results.ts";
import type { Bench, Row } from "../row.ts";

/** What is told is never less than what it takes, or a transaction holds up all clients for longer than it may. */
const goal: Goal = { on: "value", limit: 1 };

const warmUps = 3;

export const commandCost: Row = {
  name: "command-cost",
  work: "Transactions as long as may be, of each kind of command, carried out by the engine in this process: processor time over the time that they were told to take",
  peer: "none",
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const figures: Figure[] = [];
  for (const [what, make] of Object.entries(makers)) {
    // New code is slow at first.
    for (let i = 0; i < warmUps; i++) takenOfTold(make);
    const { ours, peer } = await bench.inPairs(what, async () => takenOfTold(make), undefined);
    figures.push({ name: what, unit: "x", better: "lower", ours, peer, goal });
  }
  return {
    figures,
    charts: [],
    remarks: ["1.00x is all of the time that was told; the lower, the more could have been taken."],
  };
}
