import assert from "node:assert/strict";
import { test } from "node:test";
import { Chaos } from "./chaos.ts";
import { coreAt } from "./core.ts";
import { type Mutant, mutants, withMutant } from "./mutants.ts";

/** A test that finds nothing proves nothing: each of these bugs, put into the core, is found by the random runs. */
const seedsMax = Number(process.env.KVORUM_SEEDS ?? 1_200);

test("there are enough bugs", () => {
  assert.ok(mutants.length >= 12);
});

for (const mutant of mutants) {
  test(`the random runs find: ${mutant.name}`, async (context) => {
    const { seed, error } = await hunt(mutant);
    context.diagnostic(`seed ${seed}: ${error}`);
  });
}

async function hunt(mutant: Mutant): Promise<{ seed: number; error: string }> {
  const core = await withMutant(mutant, coreAt);
  for (let seed = 1; seed <= seedsMax; seed++) {
    try {
      new Chaos(core, seed).run(4_000);
    } catch (error) {
      return { seed, error: String(error).split("\n")[0]! };
    }
  }
  return assert.fail(`not found in ${seedsMax} seeds`);
}
