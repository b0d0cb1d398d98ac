import { keysOf, type Operation, type PartAction, type PartReply, partsOf } from "../history.ts";
import { simLimits } from "../limits.ts";
import {
  absent,
  type Held,
  type KeyStep,
  sameHeld,
  sightsAtAnyTime,
  statesAfter,
  type Tolerance,
} from "./register.ts";

/** All that a key may hold: one thing, unless an outcome is unknown or a deadline near. Undefined: anything. */
export type Possible = readonly Held[] | undefined;

/** What a key held, by revision. */
interface Row {
  readonly revisions: number[];
  readonly states: Possible[];
}

/** Revisions from which, and up to which, a read may have seen the store. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * What each key held at each revision, as a plain model says. Whether a key with a deadline was still there is left
 * open: that is for expiry.ts to judge.
 */
export class Timeline {
  readonly tolerance: Tolerance;
  readonly #rows: Map<string, Row> = new Map();

  constructor(tolerance: Tolerance) {
    this.tolerance = tolerance;
  }

  get keys(): Iterable<string> {
    return this.#rows.keys();
  }

  at(key: string, revision: number): Possible {
    const row = this.#rows.get(key);
    const place = row === undefined ? 0 : firstBeyond(row.revisions, revision);
    return place === 0 ? nothing : row!.states[place - 1];
  }

  /** From this revision on; no later one of the key is known yet. */
  put(key: string, revision: number, states: Possible): void {
    const row = this.#rows.get(key) ?? { revisions: [], states: [] };
    this.#rows.set(key, row);
    if (row.revisions.at(-1) === revision) row.states.pop();
    else row.revisions.push(revision);
    row.states.push(bounded(states));
  }

  /** When the keys of an operation changed: after `from`, up to `to`. */
  changes(operation: Operation, { from, to }: Window): number[] {
    const revisions = new Set<number>();
    for (const key of keysOf(operation)) {
      const all = this.#rows.get(key)?.revisions ?? [];
      for (let i = firstBeyond(all, from); i < all.length && all[i]! <= to; i++) revisions.add(all[i]!);
    }
    return [...revisions].sort((a, b) => a - b);
  }

  /** Whether an operation that changed nothing can have been answered so at this revision. */
  explains(operation: Operation, revision: number): boolean {
    return partsOf(operation).every(({ action, reply }) => {
      if (action.type === "flush") return true;
      const states = this.at(action.key, revision);
      return this.after(states, stepOf(operation, action, reply))?.length !== 0;
    });
  }

  /** The first revision in the window that explains it. Who was told its revision saw that one. */
  match(operation: Operation, window: Window): number | undefined {
    const { revision } = operation;
    if (revision !== undefined) {
      const isInside = revision >= window.from && revision <= window.to;
      return isInside && this.explains(operation, revision) ? revision : undefined;
    }
    if (window.from > window.to) return undefined;
    if (this.explains(operation, window.from)) return window.from;
    return this.changes(operation, window).find((change) => this.explains(operation, change));
  }

  /** What may be held after a step; none: no state explains its reply. */
  after(states: Possible, step: KeyStep): Possible {
    const { action, reply } = step.parts[0]!;
    if (states === undefined) {
      // Whatever it was, a SET makes it known.
      const isKnown = reply !== undefined && (action.type === "set" || action.type === "del");
      return isKnown ? statesAfter(absent, withoutReply(step), this.tolerance) : undefined;
    }
    return union(states.flatMap((held) => statesAfter(held, step, this.tolerance, sightsAtAnyTime(held))));
  }
}

const nothing: Possible = [absent];

/** One part of an operation as a step of its key. A RENAME is as a DEL for the key that it takes away. */
export function stepOf(operation: Operation, action: PartAction, reply: PartReply | undefined): KeyStep {
  if (action.type !== "rename") return { operation, parts: [{ action, reply }] };
  const known = reply === undefined ? undefined : reply === "OK" ? 1 : 0;
  return { operation, parts: [{ action: { type: "del", key: action.key }, reply: known }] };
}

function withoutReply({ operation, parts }: KeyStep): KeyStep {
  return { operation, parts: parts.map(({ action }) => ({ action, reply: undefined })) };
}

export function union(states: readonly Held[]): readonly Held[] {
  if (states.length <= 1) return states;
  return states.filter((state, i) => states.findIndex((other) => sameHeld(state, other)) === i);
}

function bounded(states: Possible): Possible {
  return states !== undefined && states.length > simLimits.possibleValuesMax ? undefined : states;
}

/** The place of the first number that is greater, in a sorted list. */
function firstBeyond(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
