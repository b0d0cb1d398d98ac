import type { RunOptions } from "../run/options.ts";
import { SeedPool } from "../run/pool.ts";
import type { RunResult } from "../run/run.ts";
import type { Mutant } from "./mutant.ts";
import { Planted } from "./plant.ts";

export interface HuntOptions {
  /** The first seed. */
  readonly first: number;
  /** Seeds after which a bug has escaped. */
  readonly most: number;
  readonly threads: number;
  readonly run: RunOptions;
}

export interface Catch {
  /** So many were run, this one included. */
  readonly seeds: number;
  /** Whoever found something wrong in it, the first finder first. */
  readonly checkers: readonly string[];
  readonly text: string;
}

/** Runs seeds with the bug until one of them fails. Undefined: it has escaped. */
export async function hunt(
  mutant: Mutant,
  { first, most, threads, run }: HuntOptions,
): Promise<Catch | undefined> {
  using planted = new Planted(mutant);
  const pool = new SeedPool(threads, { script: planted.seedWorker });
  const failures: RunResult[] = [];
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + most && failures.length === 0) {
      const result = await pool.run(next++, run);
      if (result.violations.length > 0) failures.push(result);
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  await pool.close();
  // Of those that ran at a time, the first one counts: so the answer is the same on any number of threads.
  const [found] = failures.sort((a, b) => a.seed - b.seed);
  return found && catchOf(found, first);
}

function catchOf({ seed, violations }: RunResult, first: number): Catch {
  const checkers = [...new Set(violations.map(({ checker }) => checker))];
  return { seeds: seed - first + 1, checkers, text: violations[0]!.text };
}
