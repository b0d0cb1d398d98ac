import type { Point } from "./points.ts";

/** Who counts; nobody in production. */
let observer: ((point: Point) => void) | undefined;

/**
 * Says that a state was reached which only rare faults lead to: points.ts has them all. The simulator counts them, so
 * that it is known what its runs have seen, and what they have not.
 *
 * In production it is a look at one variable, which the compiler inlines. Even so it stands where something rare happens,
 * or something that costs a message or a write, and never on the way of a command.
 */
export function reached(point: Point): void {
  observer?.(point);
}

/** Who is told from now on, in this thread; undefined: nobody. */
export function observeReached(next: ((point: Point) => void) | undefined): void {
  observer = next;
}
