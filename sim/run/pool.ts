import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RunOptions } from "./options.ts";
import type { RunResult } from "./run.ts";

/** Threads that run seeds. */
export class SeedPool {
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(size: number) {
    const script = join(import.meta.dirname, "seed-worker.js");
    this.#workers = Array.from({ length: size }, () => new Worker(script));
    this.#idle = [...this.#workers];
  }

  async run(seed: number, options: RunOptions): Promise<RunResult> {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)));
    const result = await new Promise<RunResult>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage({ seed, options });
    });
    worker.removeAllListeners("error");
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
    return result;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
