import { join } from "node:path";
import { simLimits } from "../limits.ts";
import type { RunOptions } from "./options.ts";
import type { RunResult } from "./run.ts";
import { SeedThread } from "./seed-thread.ts";

export interface PoolOptions {
  /** Real time after which a seed without a result stands still. */
  readonly patienceMs?: number;
  /** What the threads run, where it is another build. */
  readonly script?: string;
}

/** Threads that run seeds. */
export class SeedPool {
  readonly #options: Required<PoolOptions>;
  readonly #threads: Set<SeedThread> = new Set();
  readonly #idle: SeedThread[] = [];
  readonly #waiting: ((thread: SeedThread) => void)[] = [];

  constructor(
    size: number,
    {
      patienceMs = simLimits.seedMsMax,
      script = join(import.meta.dirname, "seed-worker.js"),
    }: PoolOptions = {},
  ) {
    this.#options = { patienceMs, script };
    for (let i = 0; i < size; i++) this.#idle.push(this.#start());
  }

  /** There is a result, whatever becomes of the thread. */
  async run(seed: number, options: RunOptions): Promise<RunResult> {
    const thread =
      this.#idle.pop() ?? (await new Promise<SeedThread>((resolve) => this.#waiting.push(resolve)));
    const result = await thread.run(seed, options);
    this.#release(thread.isLost ? this.#replace(thread) : thread);
    return result;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }

  #release(thread: SeedThread): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(thread);
    else next(thread);
  }

  #replace(lost: SeedThread): SeedThread {
    this.#threads.delete(lost);
    return this.#start();
  }

  #start(): SeedThread {
    const thread = new SeedThread(this.#options);
    this.#threads.add(thread);
    return thread;
  }
}
