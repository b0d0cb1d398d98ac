import { stormFaults } from "../knobs.ts";
import type { RunOptions } from "./options.ts";
import { usualSeconds } from "./options.ts";
import type { SeedPool } from "./pool.ts";
import type { RunResult } from "./run.ts";

/**
 * Takes away what a failure does not need: time, nodes, clients, kinds of faults; as long as the same checker still
 * finds something. Another run is another run, so what it finds may be another instance of it.
 */
export async function shrink(
  pool: SeedPool,
  failure: RunResult,
  options: RunOptions,
  print: (line: string) => void,
): Promise<[RunResult, RunOptions]> {
  const checker = failure.violations[0]!.checker;
  let best: [RunResult, RunOptions] = [failure, options];
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(best[1])) {
      const result = await pool.run(failure.seed, candidate);
      if (!result.violations.some((violation) => violation.checker === checker)) continue;
      best = [result, candidate];
      isSmaller = true;
      print(`smaller: ${JSON.stringify(candidate)}`);
      break;
    }
  }
  return best;
}

function smaller(options: RunOptions): RunOptions[] {
  const {
    seconds = usualSeconds,
    voters = 8,
    learners = 3,
    clients = 7,
    faults = stormFaults,
    isCalm,
  } = options;
  return [
    ...(seconds > 1 ? [{ ...options, seconds: Math.floor(seconds / 2) }] : []),
    ...(isCalm ? [] : [{ ...options, isCalm: true }]),
    ...(learners > 0 ? [{ ...options, learners: 0 }] : []),
    ...[1, 2, 3, 4, 5].filter((count) => count < voters).map((count) => ({ ...options, voters: count })),
    ...[1, 2, 3].filter((count) => count < clients).map((count) => ({ ...options, clients: count })),
    ...faults.map((fault) => ({ ...options, faults: faults.filter((other) => other !== fault) })),
    ...(seconds > 1 ? [{ ...options, seconds: seconds - 1 }] : []),
  ];
}
