import type { RunResult } from "./run.ts";

/** What many runs add up to, as a report. */
export class Totals {
  seeds = 0;
  failed = 0;
  #simulatedMs = 0;
  #events = 0;
  readonly #known: number[] = [];
  #unknown = 0;
  #refused = 0;
  readonly #faults: Map<string, number> = new Map();

  add({ violations, simulatedMs, events, operations, faults }: RunResult): void {
    this.seeds++;
    if (violations.length > 0) this.failed++;
    this.#simulatedMs += simulatedMs;
    this.#events += events;
    this.#known.push(operations.known);
    this.#unknown += operations.unknown;
    this.#refused += operations.failed;
    for (const [kind, count] of faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
  }

  /** Acknowledged operations of the run in the middle. */
  get median(): number {
    return this.#known.toSorted((a, b) => a - b)[this.#known.length >> 1] ?? 0;
  }

  report(wallMs: number): string {
    const minutes = wallMs / 60_000;
    const hours = this.#simulatedMs / 3_600_000;
    const known = this.#known.reduce((sum, count) => sum + count, 0);
    return [
      `${this.seeds} seeds, ${this.failed} failed: ${hours.toFixed(2)} simulated hours in ${minutes.toFixed(1)} min \
(${(hours / minutes).toFixed(2)} hours and ${(this.seeds / minutes).toFixed(0)} seeds a minute, ${this.#events} events)`,
      `operations: ${known} acknowledged (median ${this.median} a seed), ${this.#unknown} unknown, ${this.#refused} refused`,
      `faults: ${[...this.#faults]
        .sort()
        .map(([kind, count]) => `${kind} ${count}`)
        .join(", ")}`,
    ].join("\n");
  }
}
