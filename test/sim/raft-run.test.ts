import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKnobs, machineFaults } from "../../sim/knobs.ts";
import { RaftRun } from "./raft-run.ts";

/**
 * Bare raft cores on the twins of clock, network and disk. KVORUM_SEED and KVORUM_SEEDS choose other seeds, and a
 * failure names its own.
 */
const first = Number(process.env.KVORUM_SEED ?? 201);
const count = Number(process.env.KVORUM_SEEDS ?? 100);
const stormMs = 10_000;

async function finished(seed: number): Promise<RaftRun> {
  const run = new RaftRun(seed);
  try {
    await run.run(stormMs);
  } catch (error) {
    const head = `KVORUM_SEED=${seed}: ${describeKnobs(run.world.knobs)}`;
    throw new Error(`${head}\n${run.world.trace.lines.slice(-40).join("\n")}\n${error}`, { cause: error });
  }
  return run;
}

test(`clusters keep every guarantee in a storm, and agree after it (seeds ${first} to ${first + count - 1})`, async () => {
  const sums = { committed: 0, elections: 0, reads: 0 };
  const faults = new Map<string, number>();
  for (let seed = first; seed < first + count; seed++) {
    const { counts, world } = await finished(seed);
    sums.committed += counts.committed;
    sums.elections += counts.elections;
    sums.reads += counts.reads;
    for (const [kind, times] of world.faults.all) faults.set(kind, (faults.get(kind) ?? 0) + times);
  }
  // A storm in which nothing happens finds nothing.
  const text = JSON.stringify([sums, Object.fromEntries(faults)]);
  assert.ok(sums.committed > 50 * count && sums.elections > count && sums.reads > 10 * count, text);
  const ofNetwork = [
    "cut",
    "lost",
    "repeated",
    "held back",
    "corrupted",
    "damage found",
    "broken",
    "refused",
  ];
  for (const kind of [...machineFaults, ...ofNetwork, "no room"])
    assert.ok((faults.get(kind) ?? 0) > 0, `${kind} never happened: ${text}`);
});

test("a seed is a run: the same one twice has one trace, another one has another", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const [one, again, other] = [await finished(seed), await finished(seed), await finished(seed + 100)];
    assert.equal(one.world.trace.hash, again.world.trace.hash, `seed ${seed}`);
    assert.equal(one.world.trace.lines.join("\n"), again.world.trace.lines.join("\n"));
    assert.equal(one.world.scheduler.events, again.world.scheduler.events);
    assert.notEqual(one.world.trace.hash, other.world.trace.hash);
  }
});
