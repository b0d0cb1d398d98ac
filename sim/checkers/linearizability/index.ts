import type { Operation } from "../../history.ts";
import { simLimits } from "../../limits.ts";
import { withoutRepeats } from "../attempts.ts";
import { type Violation, Violations } from "../checker.ts";
import { defaultTolerance } from "../register.ts";
import { describeWrong } from "./describe.ts";
import { keyHistories } from "./key-histories.ts";
import { type SearchOptions, search } from "./search.ts";
import { shortestWrong } from "./shortest.ts";

export interface Linearizability {
  readonly violations: readonly Violation[];
  readonly keys: number;
  /** Keys that were left to the replay, since RENAME brought values from others. */
  readonly keysLeft: number;
  /** Keys for which the search gave up, where it may. */
  readonly keysUndecided: number;
}

export interface LinearizabilityOptions extends SearchOptions {
  /** Somebody else judges the whole: then a search that gives up is no violation. */
  readonly mayGiveUp: boolean;
}

const defaults: LinearizabilityOptions = {
  mayGiveUp: false,
  tolerance: defaultTolerance,
  configurationsMax: simLimits.searchConfigurationsMax,
  stepsMax: simLimits.searchStepsMax,
};

/**
 * Invariant 8, key by key: the operations have an order that keeps to real time and explains every reply. A key for
 * which the search gives up counts as wrong, unless it may: nobody may trust what nobody has seen.
 */
export function checkLinearizability(
  history: readonly Operation[],
  partial: Partial<LinearizabilityOptions> = {},
): Linearizability {
  const options = { ...defaults, ...partial };
  const { steps, left } = keyHistories(withoutRepeats(history));
  const violations = new Violations("linearizability");
  let keysUndecided = 0;
  for (const [key, own] of steps) {
    const verdict = search(own, options);
    if (verdict.type === "gaveUp" && options.mayGiveUp) keysUndecided++;
    else if (verdict.type === "gaveUp") violations.add(undecided(key, own.length, verdict.configurations));
    else if (verdict.type === "wrong")
      violations.add(describeWrong(key, shortestWrong(own, verdict.stuck, options), options.tolerance));
  }
  return { violations: violations.all, keys: steps.size, keysLeft: left.size, keysUndecided };
}

function undecided(key: string, steps: number, configurations: number): string {
  return `key ${key}: gave up after ${configurations} configurations of ${steps} operations, undecided. Fewer clients on \
the key, or fewer unknown outcomes, make it decidable.`;
}
