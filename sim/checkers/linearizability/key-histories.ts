import { isWrite, keysOf, type Operation, type Part, partsOf } from "../../history.ts";
import type { KeyPart, KeyStep } from "../register.ts";

export interface KeyHistories {
  readonly steps: ReadonlyMap<string, readonly KeyStep[]>;
  /** Keys of RENAME: what it brings depends on another key, so a key alone cannot be judged. Replay judges them. */
  readonly left: ReadonlySet<string>;
}

/**
 * The history of each key alone. Linearizability is local (Herlihy and Wing, theorem 1): where the whole has an order,
 * its part at one key has one too, with a transaction as one step at each of its keys. That transactions are whole
 * across keys is for the replay in revision order to say.
 */
export function keyHistories(history: readonly Operation[]): KeyHistories {
  const steps = new Map<string, KeyStep[]>();
  const left = new Set<string>();
  const judged = history.filter(isJudged);
  for (const operation of judged) for (const key of keysOf(operation)) steps.set(key, []);
  for (const operation of judged) {
    const parts = partsOf(operation);
    const keys = parts.some(({ action }) => action.type === "flush") ? steps.keys() : keysOf(operation);
    for (const key of keys) {
      const own = parts.filter((part) => touches(part, key));
      if (own.some(({ action }) => action.type === "rename")) left.add(key);
      else if (own.length > 0) steps.get(key)!.push({ operation, parts: own as KeyPart[] });
    }
  }
  for (const key of left) steps.delete(key);
  return { steps, left };
}

/** Reads of other modes promise less; a read without a reply says nothing; what failed never happened. */
function isJudged(operation: Operation): boolean {
  if (operation.outcome === "failed") return false;
  if (isWrite(operation)) return true;
  return operation.outcome === "known" && operation.mode === "linearizable";
}

function touches({ action }: Part, key: string): boolean {
  if (action.type === "flush") return true;
  return action.key === key || (action.type === "rename" && action.argument === key);
}
