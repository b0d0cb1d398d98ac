import type { Configuration } from "./configuration.ts";

/**
 * Configurations from which nobody needs to look for a way on. Of two that differ in the unknown writes that are in,
 * the one with fewer of them leads wherever the other does: what is not in may still come. So a configuration is known
 * where one was that has no unknown write which this one has not.
 */
export class Memory {
  size = 0;
  bytes = 0;
  /** Sets that were compared with another one: the price of all answers until now. */
  comparisons = 0;
  /** By what is the same, the sets of unknown writes. */
  readonly #sets: Map<string, bigint[]> = new Map();

  /** False where it is known. */
  add(configuration: Configuration): boolean {
    const { optionals, isOptionalLast } = configuration;
    const name = configuration.name();
    const free = this.#sets.get(name) ?? [];
    if (this.#holdsSubset(free, optionals)) return false;
    // Behind an unknown write fewer ways on are tried, so what failed there says nothing about the others.
    const place = isOptionalLast ? `${name}?` : name;
    const sets = isOptionalLast ? (this.#sets.get(place) ?? []) : free;
    if (isOptionalLast && this.#holdsSubset(sets, optionals)) return false;
    if (sets.length === 0) this.bytes += place.length;
    sets.push(optionals);
    this.#sets.set(place, sets);
    this.size++;
    return true;
  }

  #holdsSubset(sets: readonly bigint[], set: bigint): boolean {
    this.comparisons += sets.length;
    const others = ~set;
    return sets.some((known) => (known & others) === 0n);
  }
}
