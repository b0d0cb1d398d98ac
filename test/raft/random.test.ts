import assert from "node:assert/strict";
import { test } from "node:test";
import { RawNode } from "../../src/raft/index.ts";
import { Chaos } from "./chaos.ts";

/**
 * Seeded runs of whole clusters (chaos.ts), judged by checker.ts. KVORUM_SEED and KVORUM_SEEDS choose others, and a
 * failure names its seed.
 */
const first = Number(process.env.KVORUM_SEED ?? 1);
const count = Number(process.env.KVORUM_SEEDS ?? 200);

test(`random runs keep every guarantee and recover (seeds ${first} to ${first + count - 1})`, () => {
  const sums = { committed: 0, elections: 0, reads: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const chaos = new Chaos({ RawNode }, seed);
    try {
      chaos.run(4_000);
    } catch (error) {
      throw new Error(`KVORUM_SEED=${seed}: ${error}\n${chaos.trace.slice(-40).join("\n")}`, {
        cause: error,
      });
    }
    const { committed, elections, reads } = chaos.counts;
    sums.committed += committed;
    sums.elections += elections;
    sums.reads += reads;
  }
  // A test in which nothing happens finds nothing.
  assert.ok(
    sums.committed > 20 * count && sums.elections > 2 * count && sums.reads > 5 * count,
    JSON.stringify(sums),
  );
});
