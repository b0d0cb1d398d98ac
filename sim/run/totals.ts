import { points } from "../../src/base/points.ts";
import { simLimits } from "../limits.ts";
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
  #undecided = 0;
  readonly #faults: Map<string, number> = new Map();
  readonly #reached: Map<string, number> = new Map();

  add({ violations, simulatedMs, events, operations, undecided, faults, reached }: RunResult): void {
    this.seeds++;
    if (violations.length > 0) this.failed++;
    this.#simulatedMs += simulatedMs;
    this.#events += events;
    this.#known.push(operations.known);
    this.#unknown += operations.unknown;
    this.#refused += operations.failed;
    this.#undecided += undecided;
    for (const [kind, count] of faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
    for (const [point, count] of reached) this.#reached.set(point, (this.#reached.get(point) ?? 0) + count);
  }

  /** States that no run has reached, of those that src names. */
  get neverReached(): string[] {
    return pointNames.filter((point) => !this.#reached.has(point));
  }

  /** So many runs should have reached all of them, and have not. */
  get hasMissed(): boolean {
    return this.seeds >= simLimits.seedsOfLongRun && this.neverReached.length > 0;
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
      `operations: ${known} acknowledged (median ${this.median} a seed), ${this.#unknown} unknown, ${this.#refused} refused; \
${this.#undecided} keys too tangled for the search for an order, judged by replay alone`,
      `faults: ${[...this.#faults]
        .sort()
        .map(([kind, count]) => `${kind} ${count}`)
        .join(", ")}`,
      this.#reachedReport,
    ].join("\n");
  }

  /** Few runs reach few states: which ones they have not, says nothing. */
  get #reachedReport(): string {
    const { neverReached } = this;
    const sum = `reached: ${pointNames.length - neverReached.length} of ${pointNames.length} named states`;
    if (neverReached.length === 0) return sum;
    return `${sum}\nnever reached: ${neverReached.join(", ")}`;
  }
}

const pointNames: readonly string[] = Object.values(points).flatMap((ofFile) => Object.keys(ofFile));
