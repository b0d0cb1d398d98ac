/** How often each kind of fault was injected, for the report of a run. */
export class FaultCounts {
  readonly #counts: Map<string, number> = new Map();

  count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  of(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** By name. */
  get all(): (readonly [kind: string, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
