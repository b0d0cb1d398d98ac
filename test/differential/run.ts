import { compare, type Pair } from "./compare.ts";
import { generate } from "./generator.ts";
import type { OpenPair } from "./pair.ts";
import { showConversation, showDifference } from "./show.ts";
import { type Failure, shrink } from "./shrink.ts";

/** Holds the conversation of a seed; its failure where the systems differ. */
export async function runSeed(pair: Pair, seed: number): Promise<Failure | undefined> {
  const conversation = generate(seed);
  const difference = await compare(pair, conversation).catch((cause: unknown) => {
    throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
  });
  return difference && { conversation, difference };
}

/** A seed that was not used before, small enough to be typed. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000_000);
}

/** What a person needs to find the fault: both replies, the shortest way there, and how to see it again. */
export async function explain(
  pair: OpenPair,
  seed: number,
  failure: Failure,
  budgetMs: number,
): Promise<string> {
  const { conversation, difference } = await shrink(pair, failure, budgetMs);
  return [
    ...[pair.lastWords()].filter((words) => words !== ""),
    `seed ${seed}: the replies differ`,
    showDifference(difference),
    showConversation(conversation),
    `again: npm run build && node dist/test/differential/main.js --seed ${seed} --runs 1`,
  ].join("\n");
}
