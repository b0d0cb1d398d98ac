import type { Ledger } from "./ledger.ts";
import type { RoundResult } from "./round.ts";
import type { StrikeName } from "./strikes.ts";

/** What happened in all rounds of a run. */
export class Sum {
  rounds = 0;
  readonly operations: Record<"known" | "unknown" | "failed", number> = { known: 0, unknown: 0, failed: 0 };
  /** Errors that clients had not asked for, by code; "closed": the connection went with its node. */
  readonly errors: Map<string, number> = new Map();
  readonly struck: Map<StrikeName, number> = new Map();
  /** Of what was answered. */
  longestMs = 0;
  /** Empty where all is well. */
  readonly wrong: string[] = [];
  readonly #ledgers: readonly Ledger[];

  constructor(ledgers: readonly Ledger[]) {
    this.#ledgers = ledgers;
  }

  /** Writes that were acknowledged, and are looked for at the end. */
  get counted(): number {
    return this.#ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  add({ history, struck, wrong }: RoundResult): void {
    this.rounds++;
    for (const outcome of ["known", "unknown", "failed"] as const)
      this.operations[outcome] += history.counts[outcome];
    addTo(this.errors, history.errors);
    addTo(this.struck, struck);
    this.longestMs = Math.max(this.longestMs, history.longestMs);
    this.wrong.push(...wrong);
  }

  get inShort(): string {
    const { known, unknown, failed } = this.operations;
    return `${known} operations acknowledged, ${unknown} unknown, ${failed} refused; ${this.counted} writes counted`;
  }

  *lines(): Generator<string> {
    yield `${this.rounds} rounds: ${this.inShort}`;
    yield `the longest wait for an answer was ${(this.longestMs / 1000).toFixed(2)} s`;
    yield `struck: ${listed(this.struck)}`;
    yield `errors that clients saw: ${this.errors.size === 0 ? "none" : listed(this.errors)}`;
    if (this.wrong.length === 0)
      yield "Every history has an order, all nodes agree, and everything acknowledged is there.";
    for (const text of this.wrong) yield `✗ ${text}`;
  }
}

function addTo<K>(sum: Map<K, number>, more: ReadonlyMap<K, number>): void {
  for (const [key, count] of more) sum.set(key, (sum.get(key) ?? 0) + count);
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
