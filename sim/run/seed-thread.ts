import { Worker } from "node:worker_threads";
import { simLimits } from "../limits.ts";
import type { RunOptions } from "./options.ts";
import type { PoolOptions } from "./pool.ts";
import { sharedProgress } from "./progress.ts";
import { type RunResult, SimRun } from "./run.ts";
import type { SeedTask } from "./seed-worker.ts";
import { whereIs } from "./where.ts";

/** Why there is no result of a seed, and what is known of it all the same. */
interface Loss {
  readonly text: string;
  readonly traceLines: readonly string[];
}

/** A thread that runs seeds, one at a time, and what becomes of a seed whose thread does not answer. */
export class SeedThread {
  /** It is gone, and so is the seed that it ran. */
  isLost = false;
  readonly #patienceMs: number;
  readonly #worker: Worker;
  readonly #progress = sharedProgress();

  constructor({ patienceMs, script }: Required<PoolOptions>) {
    this.#patienceMs = patienceMs;
    this.#worker = new Worker(script, {
      workerData: this.#progress,
      resourceLimits: { maxOldGenerationSizeMb: simLimits.threadMemoryMb },
    });
  }

  /** Never rejects: that the thread stands still, runs out of memory or ends is a failure of the seed. */
  async run(seed: number, options: RunOptions): Promise<RunResult> {
    const ended = await this.#outcome({ seed, options });
    if (!("text" in ended)) return ended;
    this.isLost = true;
    await this.close();
    return this.#lost(seed, options, ended);
  }

  async close(): Promise<void> {
    this.#progress[2] = 1;
    await this.#worker.terminate();
  }

  async #outcome(task: SeedTask): Promise<RunResult | Loss> {
    const worker = this.#worker;
    let timer: NodeJS.Timeout | undefined;
    const first = await new Promise<RunResult | Loss | undefined>((resolve) => {
      const ended = (text: string): void => resolve({ text, traceLines: [] });
      worker.once("message", resolve);
      worker.once("error", (error) => ended(`The thread has failed: ${error.stack ?? error}`));
      worker.once("exit", (code) => ended(`The thread has ended with ${code}.`));
      timer = setTimeout(resolve, this.#patienceMs, undefined);
      worker.postMessage(task);
    });
    clearTimeout(timer);
    for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event);
    return first ?? this.#stands();
  }

  async #stands(): Promise<Loss> {
    const [ms = 0, events = 0] = this.#progress;
    const there = await whereIs(this.#worker, "seedWorker.traceLines");
    const text = [
      `Stands still: no end after ${this.#patienceMs / 1000} s (--patience). It has come to ${ms.toFixed(3)} ms of simulated time, ${events} events;`,
      ...(there === undefined
        ? ["it does not even hear a debugger: perhaps it is in a circle of promises."]
        : ["it is in", ...there.calls]),
    ].join("\n");
    return { text, traceLines: (there?.value as string[] | undefined) ?? [] };
  }

  #lost(seed: number, options: RunOptions, { text, traceLines }: Loss): RunResult {
    const [simulatedMs = 0, events = 0] = this.#progress;
    return {
      ...{ seed, simulatedMs, events, traceLines, traceHash: "unfinished" },
      violations: [{ checker: "crash", text }],
      description: new SimRun(seed, options).description,
      operations: { known: 0, unknown: 0, failed: 0 },
      undecided: 0,
      faults: [],
      reached: [],
    };
  }
}
