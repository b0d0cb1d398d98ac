import { parentPort, workerData } from "node:worker_threads";
import type { RunOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { type RunResult, SimRun } from "./run.ts";

/** A thread that runs seeds, one after the other, as it is told. */
export interface SeedTask {
  readonly seed: number;
  readonly options: RunOptions;
}

/** What went wrong in a promise that nobody waits for: told by Node.js once the run is over. */
let unhandled: string[] = [];
process.on("unhandledRejection", (error) => {
  unhandled.push(error instanceof Error ? `${error.stack}` : String(error));
});

parentPort?.on("message", async ({ seed, options }: SeedTask) => {
  parentPort!.postMessage(await resultOf(seed, options));
});

async function resultOf(seed: number, options: RunOptions): Promise<RunResult> {
  unhandled = [];
  const run = new SimRun(seed, options, new Progress(workerData));
  showTrace(run);
  const result = await run.run();
  await new Promise((resolve) => setImmediate(resolve));
  const more = unhandled.map((text) => ({ checker: "crash", text: `A node has failed: ${text}` }));
  return { ...result, violations: [...result.violations, ...more] };
}

/** For whoever asks a thread that stands still (where.ts). */
function showTrace({ world }: SimRun): void {
  Object.assign(globalThis, {
    seedWorker: {
      get traceLines() {
        return world.trace.lines;
      },
    },
  });
}
