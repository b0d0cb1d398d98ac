import { hasChanged, type Operation } from "../history.ts";

/** What bounds the revision that an operation saw, and the write that does. */
export interface Bound {
  readonly revision: number;
  readonly because: Operation | undefined;
}

/** Which revisions were there when: a write that was acknowledged, and one that had not begun. */
export class RealTime {
  /** Changes whose revision is known, by revision. */
  readonly changes: readonly Operation[];
  readonly #changing: ReadonlySet<Operation>;
  readonly #ended: readonly Operation[];
  readonly #highest: readonly Operation[];
  readonly #begun: readonly Operation[];
  readonly #lowest: readonly Operation[];

  constructor(history: readonly Operation[]) {
    const changes = history.filter((one) => one.revision !== undefined && hasChanged(one) === true);
    this.changes = changes.sort((a, b) => a.revision! - b.revision!);
    this.#changing = new Set(changes);
    this.#ended = changes.filter(({ outcome }) => outcome === "known").sort((a, b) => a.end - b.end);
    this.#highest = running(this.#ended, (a, b) => (b.revision! > a.revision! ? b : a));
    this.#begun = changes.toSorted((a, b) => b.start - a.start);
    this.#lowest = running(this.#begun, (a, b) => (b.revision! < a.revision! ? b : a));
  }

  isChange(operation: Operation): boolean {
    return this.#changing.has(operation);
  }

  /** The highest revision that was acknowledged before this time. */
  floorAt(time: number): Bound {
    const because = this.#highest[countWhile(this.#ended, ({ end }) => end < time) - 1];
    return { revision: because?.revision ?? 0, because };
  }

  /** The last revision before those of writes that began after this time. */
  ceilingAt(time: number): Bound {
    const because = this.#lowest[countWhile(this.#begun, ({ start }) => start > time) - 1];
    return { revision: because === undefined ? Infinity : because.revision! - 1, because };
  }
}

function running(list: readonly Operation[], pick: (a: Operation, b: Operation) => Operation): Operation[] {
  let best = list[0]!;
  return list.map((operation) => {
    best = pick(best, operation);
    return best;
  });
}

/** How many of the first ones hold, of a list in which those that hold come first. */
function countWhile<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
