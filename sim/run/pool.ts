import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { simLimits } from "../limits.ts";
import type { RunOptions } from "./options.ts";
import type { RunResult } from "./run.ts";

/** Threads that run seeds. */
export class SeedPool {
  readonly #script: string;
  readonly #workers: Set<Worker> = new Set();
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  /** `script`: that of the threads, where it is another one. */
  constructor(size: number, script: string = join(import.meta.dirname, "seed-worker.js")) {
    this.#script = script;
    for (let i = 0; i < size; i++) this.#idle.push(this.#begin());
  }

  /** A thread that ends, or does not come to an end, has failed too. */
  async run(seed: number, options: RunOptions): Promise<RunResult> {
    let worker = this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)));
    let result: RunResult;
    try {
      result = await resultOf(worker, seed, options);
    } catch (error) {
      result = lost(seed, error instanceof Error ? `${error.stack}` : String(error));
      this.#workers.delete(worker);
      await worker.terminate();
      worker = this.#begin();
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
    return result;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  #begin(): Worker {
    const worker = new Worker(this.#script);
    this.#workers.add(worker);
    return worker;
  }
}

async function resultOf(worker: Worker, seed: number, options: RunOptions): Promise<RunResult> {
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      limit = setTimeout(
        () => reject(new Error(`the run did not end within ${simLimits.seedMsMax} ms`)),
        simLimits.seedMsMax,
      );
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage({ seed, options });
    });
  } finally {
    clearTimeout(limit);
    worker.removeAllListeners("message");
    worker.removeAllListeners("error");
  }
}

/** Of a run that told nothing. */
function lost(seed: number, text: string): RunResult {
  return {
    ...{ seed, violations: [{ checker: "crash", text }], traceHash: "", traceLines: [], description: "" },
    ...{
      simulatedMs: 0,
      events: 0,
      operations: { known: 0, unknown: 0, failed: 0 },
      faults: [],
      reached: [],
    },
  };
}
