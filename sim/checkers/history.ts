import type { Operation } from "../history.ts";
import type { Violation } from "./checker.ts";
import { checkLinearizability } from "./linearizability/index.ts";

/** What one checker has to say about a history. */
export interface Judgement {
  readonly name: string;
  /** What holds where it found nothing. */
  readonly promise: string;
  /** How much of the history it could judge; empty: all of it. */
  readonly judged: string;
  readonly violations: readonly Violation[];
}

/** All checkers of histories, one after the other. */
export function* checkHistory(history: readonly Operation[]): Generator<Judgement> {
  const { violations, keysLeft } = checkLinearizability(history);
  yield {
    name: "linearizability",
    promise: "each key has an order that explains every reply",
    judged: keysLeft === 0 ? "" : `${keysLeft} keys of RENAME left to replay`,
    violations,
  };
}
