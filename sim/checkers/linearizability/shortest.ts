import type { KeyStep } from "../register.ts";
import { type SearchOptions, type Stuck, search } from "./search.ts";

/** The shortest beginning of a wrong history that is wrong already. */
export interface Shortest {
  readonly steps: readonly KeyStep[];
  readonly stuck: Stuck;
}

/**
 * Cuts a wrong history at the earliest end of a step with which it is wrong. What had not ended by then becomes
 * unknown; what had not begun is gone. A cut of a right history is right, so the place is found by halving, first near
 * where the search ended.
 */
export function shortestWrong(steps: readonly KeyStep[], whole: Stuck, options: SearchOptions): Shortest {
  const ends = [...new Set(steps.filter(isKnown).map(({ operation }) => operation.end))].sort(
    (a, b) => a - b,
  );
  let result: Shortest = { steps, stuck: whole };
  const isWrongAt = (place: number): boolean => {
    const cut = cutAt(steps, ends[place]!);
    const verdict = search(cut, options);
    if (verdict.type === "wrong") result = { steps: cut, stuck: verdict.stuck };
    return verdict.type === "wrong";
  };
  firstThat(isWrongAt, ends.length, ends.indexOf(firstEnd(whole)));
  return result;
}

/** Looks for the first place that holds, where all behind one that holds do, and the last one does. */
function firstThat(holds: (place: number) => boolean, count: number, guess: number): void {
  let [low, high] = [0, count - 1];
  for (let step = 1, place = guess; place >= low && place < high; step *= 2) {
    if (!holds(place)) {
      low = place + 1;
      break;
    }
    high = place;
    place -= step;
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
}

/** One of these has to come next: the whole cannot go on behind the first end. */
function firstEnd({ next }: Stuck): number {
  return Math.min(...next.map(({ operation }) => operation.end));
}

function isKnown({ operation }: KeyStep): boolean {
  return operation.outcome === "known";
}

function cutAt(steps: readonly KeyStep[], end: number): KeyStep[] {
  return steps.flatMap((step) => {
    const { operation } = step;
    if (operation.start > end) return [];
    return isKnown(step) && operation.end > end ? asUnknown(step) : [step];
  });
}

/** A read that has not ended says nothing. */
function asUnknown({ operation, parts }: KeyStep): KeyStep[] {
  if (parts.every(({ action }) => action.type === "get")) return [];
  const unknown = { ...operation, outcome: "unknown", reply: null } as const;
  return [{ operation: unknown, parts: parts.map(({ action }) => ({ action, reply: undefined })) }];
}
