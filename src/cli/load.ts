import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import type { KvClient } from "../client/client.ts";
import { KvClientError } from "../client/errors.ts";
import type { Keyspace } from "../client/keyspace.ts";

export const loadKinds = ["set", "get", "mixed"] as const;

export interface LoadOptions {
  /** "mixed": one set to four gets. */
  readonly kind: (typeof loadKinds)[number];
  /** Each has one operation under way at a time. */
  readonly callers: number;
  readonly seconds: number;
  readonly valueBytes: number;
  readonly keys: number;
}

export interface LoadResult {
  /** What it took in truth. */
  readonly seconds: number;
  readonly operations: number;
  readonly perSecond: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** How many operations failed, by code; they are in no other number. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Keys are filled so many at a time. */
const batchKeys = 500;
/** At first, before programs on both sides are compiled, nothing is counted: for a tenth of the time, this at most. */
const warmUpMsMax = 1_000;
/** Who has met an error waits: what is refused at once is not to be asked for as fast as it can be. */
const afterErrorMs = 20;
const longestMs = 600_000;

/** Operations over some keys, as fast as so many callers get answers. */
export class Load {
  readonly #keys: Keyspace;
  readonly #options: LoadOptions;
  readonly #value: string;
  readonly #latency: RecordableHistogram = createHistogram({
    lowest: 1_000,
    highest: longestMs * 1e6,
    figures: 3,
  });
  readonly #errors = new Map<string, number>();
  #isOver = false;

  /** Its keys begin with `prefix`, and are deleted at the end. */
  constructor(client: KvClient, prefix: string, options: LoadOptions) {
    this.#keys = client.prefix(prefix);
    this.#options = options;
    this.#value = "v".repeat(options.valueBytes);
  }

  /** Rejects with KvClientError where the keys cannot be filled: what fails later is counted. */
  async run(progress: (done: number, total: number) => void): Promise<LoadResult> {
    await this.#fill();
    try {
      return await this.#measure(progress);
    } finally {
      await this.#forEachBatch((names) => this.#keys.deleteMany(names)).catch(() => {});
    }
  }

  /** Ends it before its time. */
  stop(): void {
    this.#isOver = true;
  }

  async #measure(progress: (done: number, total: number) => void): Promise<LoadResult> {
    const { callers, seconds } = this.#options;
    const totalMs = seconds * 1_000;
    const calling = Array.from({ length: callers }, (_, caller) => this.#call(caller));
    await this.#wait(Math.min(warmUpMsMax, totalMs / 10), () => {});
    this.#latency.reset();
    this.#errors.clear();
    const tookMs = await this.#wait(totalMs, (ms) => progress(ms, totalMs));
    const result = this.#result(tookMs / 1_000);
    this.#isOver = true;
    await Promise.all(calling);
    return result;
  }

  /** Until so much time has passed, or it is stopped. Resolves with the ms that it was. */
  async #wait(ms: number, look: (passedMs: number) => void): Promise<number> {
    const startMs = performance.now();
    for (;;) {
      const passedMs = performance.now() - startMs;
      if (passedMs >= ms || this.#isOver) return passedMs;
      look(passedMs);
      await setTimeout(Math.min(100, ms - passedMs));
    }
  }

  #result(seconds: number): LoadResult {
    const { count, max } = this.#latency;
    const ms = (percent: number): number => this.#latency.percentile(percent) / 1e6;
    return {
      seconds,
      operations: count,
      perSecond: Math.round(count / seconds),
      latencyMs: count === 0 ? none : { p50: ms(50), p99: ms(99), p999: ms(99.9), max: max / 1e6 },
      errors: Object.fromEntries(this.#errors),
    };
  }

  async #call(caller: number): Promise<void> {
    const { kind, keys } = this.#options;
    for (let i = caller; !this.#isOver; i++) {
      const isSet = kind === "set" || (kind === "mixed" && i % 5 === 0);
      const key = nameOf(i % keys);
      const startMs = performance.now();
      try {
        await (isSet ? this.#keys.set(key, this.#value) : this.#keys.get(key));
        this.#latency.record(Math.max(1_000, Math.round((performance.now() - startMs) * 1e6)));
      } catch (error) {
        if (!(error instanceof KvClientError)) throw error;
        this.#errors.set(error.code, (this.#errors.get(error.code) ?? 0) + 1);
        await setTimeout(afterErrorMs);
      }
    }
  }

  #fill(): Promise<void> {
    return this.#forEachBatch((names) => this.#keys.setMany(names.map((name) => [name, this.#value])));
  }

  async #forEachBatch(work: (names: readonly string[]) => Promise<unknown>): Promise<void> {
    // A batch of large values is a large command.
    const size = Math.max(1, Math.min(batchKeys, Math.floor(batchBytes / (this.#options.valueBytes + 1))));
    for (let first = 0; first < this.#options.keys; first += size) {
      const count = Math.min(size, this.#options.keys - first);
      await work(Array.from({ length: count }, (_, i) => nameOf(first + i)));
    }
  }
}

const batchBytes = 1_048_576;
const none = { p50: 0, p99: 0, p999: 0, max: 0 };

function nameOf(number: number): string {
  return String(number).padStart(8, "0");
}
