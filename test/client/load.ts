import type { KvClient } from "../../src/client/client.ts";
import type { KvClientError } from "../../src/client/errors.ts";

/** Callers that go on for as long as they are let, and what became of what they did. */
export class Load {
  readonly client: KvClient;
  /** Acknowledged increments of each counter. */
  readonly counts: Map<string, number> = new Map<string, number>();
  readonly errors: KvClientError[] = [];
  longestMs = 0;
  #isStopping = false;
  readonly #callers: Promise<void>[];
  #done = 0;

  constructor(client: KvClient, callers: number) {
    this.client = client;
    this.#callers = Array.from({ length: callers }, (_, i) => this.#call(`counter-${i % 8}`, i));
  }

  /** Resolves when so many more operations are over. */
  async goesOn(operations: number): Promise<void> {
    const until = this.#done + operations;
    while (this.#done < until && this.errors.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#callers);
  }

  async #call(counter: string, number: number): Promise<void> {
    for (let i = 0; !this.#isStopping; i++) {
      const startMs = performance.now();
      try {
        if (i % 2 === 0) {
          await this.client.increment(counter);
          this.counts.set(counter, (this.counts.get(counter) ?? 0) + 1);
        } else {
          const value = `${number}-${i}`;
          await this.client.set(`own-${number}`, value);
          const read = await this.client.get(`own-${number}`);
          if (read !== value) throw new Error(`read ${read} behind a write of ${value}`);
        }
      } catch (error) {
        this.errors.push(error as KvClientError);
        return;
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
      this.#done++;
    }
  }
}
