import type { Operation } from "../../history.ts";
import { simLimits } from "../../limits.ts";
import { withoutRepeats } from "../attempts.ts";
import { type Violation, Violations } from "../checker.ts";
import { defaultTolerance, type KeyStep } from "../register.ts";
import { describeWrong } from "./describe.ts";
import { keyHistories } from "./key-histories.ts";
import { type SearchOptions, search } from "./search.ts";
import { shortestWrong } from "./shortest.ts";

export interface Linearizability {
  readonly violations: readonly Violation[];
  readonly keys: number;
  /** Keys that were left to the replay, since RENAME brought values from others. */
  readonly keysLeft: number;
}

const defaults: SearchOptions = {
  tolerance: defaultTolerance,
  configurationsMax: simLimits.searchConfigurationsMax,
};

/**
 * Invariant 8, key by key: the operations have an order that keeps to real time and explains every reply. A key for
 * which the search gives up counts as wrong: nobody may trust what nobody has seen.
 */
export function checkLinearizability(
  history: readonly Operation[],
  options: Partial<SearchOptions> = {},
): Linearizability {
  const { steps, left } = keyHistories(withoutRepeats(history));
  const violations = new Violations("linearizability");
  for (const [key, own] of steps) {
    const text = wrongOf(key, own, { ...defaults, ...options });
    if (text !== undefined) violations.add(text);
  }
  return { violations: violations.all, keys: steps.size, keysLeft: left.size };
}

function wrongOf(key: string, steps: readonly KeyStep[], options: SearchOptions): string | undefined {
  const verdict = search(steps, options);
  if (verdict.type === "linearizable") return undefined;
  if (verdict.type === "gaveUp") {
    return `key ${key}: gave up after ${verdict.configurations} configurations of ${steps.length} operations, \
undecided. Fewer clients on the key, or fewer unknown outcomes, make it decidable.`;
  }
  return describeWrong(key, shortestWrong(steps, verdict.stuck, options), options.tolerance);
}
