import { argumentsOf, type RunOptions } from "./options.ts";
import { SeedPool } from "./pool.ts";
import type { RunResult } from "./run.ts";
import { shrink } from "./shrink.ts";
import { Totals } from "./totals.ts";

export interface SeedsOptions {
  readonly first: number;
  /** Infinity: until the time is over. */
  readonly count: number;
  readonly minutes: number;
  readonly threads: number;
  /** Real time after which a seed stands still. */
  readonly patienceMs: number;
  readonly shrinks: boolean;
  readonly run: RunOptions;
  readonly print: (line: string) => void;
}

/** Lines of a failing seed's trace that are shown. */
const tailLines = 60;
const progressEveryMs = 10_000;

/** Runs seeds on several threads and tells how they went. Resolves with true where nothing is wrong. */
export async function runSeeds(options: SeedsOptions): Promise<boolean> {
  const { first, count, minutes, threads, patienceMs, print } = options;
  const startMs = performance.now();
  const untilMs = startMs + minutes * 60_000;
  const pool = new SeedPool(threads, { patienceMs });
  const totals = new Totals();
  const failures: RunResult[] = [];
  let next = first;
  let toldMs = startMs;
  const work = async (): Promise<void> => {
    while (next < first + count && performance.now() < untilMs) {
      const result = await pool.run(next++, options.run);
      totals.add(result);
      if (result.violations.length > 0) {
        failures.push(result);
        print(describeFailure(result, options.run));
      }
      if (performance.now() < toldMs + progressEveryMs) continue;
      toldMs = performance.now();
      print(`… seed ${next - 1}: ${totals.seeds} run, ${totals.failed} failed`);
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  if (options.shrinks && failures[0] !== undefined)
    print(describeFailure(...(await shrink(pool, failures[0], options.run, print))));
  await pool.close();
  print(totals.report(performance.now() - startMs));
  // Whoever leaves something out of the runs reaches less.
  const isWhole = Object.keys(options.run).length === 0;
  return totals.failed === 0 && !(isWhole && totals.hasMissed);
}

/** What was violated, the command that repeats it, what was drawn, and the end of the trace. */
function describeFailure(result: RunResult, options: RunOptions): string {
  const { seed, violations, description, traceLines } = result;
  return [
    `\nSeed ${seed} fails:`,
    ...violations.slice(0, 5).map(({ checker, text }) => `  ${checker}: ${text.replaceAll("\n", "\n    ")}`),
    ...(violations.length > 5 ? [`  … and ${violations.length - 5} more`] : []),
    `  Drawn: ${description}`,
    `  The end of its trace (${result.traceHash}):`,
    ...traceLines.slice(-tailLines),
    `Repeat it: npm run sim -- --seed ${seed} ${argumentsOf(options)}`.trimEnd(),
  ].join("\n");
}
