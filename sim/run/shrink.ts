import type { RunOptions } from "./options.ts";
import type { SeedPool } from "./pool.ts";
import { type RunResult, SimRun } from "./run.ts";

/** How large a run is: what was drawn, but for what is taken away. */
type Size = Required<RunOptions>;

/** Ways to take something away, the smallest rest first. */
const ways: readonly ((size: Size) => Partial<Size>[])[] = [
  ({ faults }) => (faults.length > 0 ? [{ faults: [] }] : []),
  ({ seconds }) => (seconds > 1 ? [{ seconds: Math.floor(seconds / 2) }] : []),
  ({ isCalm }) => (isCalm ? [] : [{ isCalm: true }]),
  ({ learners }) => below(learners).map((count) => ({ learners: count })),
  ({ voters }) => below(voters).flatMap((count) => (count > 0 ? [{ voters: count }] : [])),
  ({ clients }) => below(clients).flatMap((count) => (count > 0 ? [{ clients: count }] : [])),
  ({ faults }) => faults.map((fault) => ({ faults: faults.filter((other) => other !== fault) })),
  ({ seconds }) => (seconds > 1 ? [{ seconds: seconds - 1 }] : []),
];

function below(count: number): number[] {
  return [...Array(count).keys()];
}

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
  const { seed, violations } = failure;
  const { checker } = violations[0]!;
  const drawn = new SimRun(seed, options).size;
  let best: [RunResult, RunOptions] = [failure, options];
  /** Goes one such way, if it leads to a failure. */
  const goes = async (way: (typeof ways)[number]): Promise<boolean> => {
    for (const less of way({ ...drawn, ...best[1] })) {
      const candidate = { ...best[1], ...less };
      const result = await pool.run(seed, candidate);
      if (!result.violations.some((violation) => violation.checker === checker)) continue;
      best = [result, candidate];
      print(`smaller: ${JSON.stringify(candidate)}`);
      return true;
    }
    return false;
  };
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const way of ways) while (await goes(way)) isSmaller = true;
  }
  return best;
}
