import type { NodeId } from "../../../src/raft/index.ts";
import { type Violation, Violations } from "../checker.ts";
import type { LogChange, NodeLog } from "./logs.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

const counters = ["term", "commitIndex", "appliedIndex", "firstIndex"] as const;

/**
 * Invariant 5: what counts up in a node never goes back while it runs; a restart keeps all that was durable, and begins
 * with at least what the snapshot has.
 */
export class Progress implements ClusterChecker {
  readonly name = "progress";
  readonly #violations: Violations = new Violations(this.name);
  readonly #before: Map<NodeId, Readonly<Record<(typeof counters)[number], number>>> = new Map();

  observe(observation: Observation, { before, isNewBoot, isNewIncarnation }: LogChange): void {
    const { node, term, commitIndex, appliedIndex, firstIndex } = observation;
    if (!isNewBoot) this.#counts(observation);
    else if (!isNewIncarnation && before !== undefined) this.#restarts(observation, before);
    if (appliedIndex > commitIndex)
      this.#says(observation, `applied ${appliedIndex}, and only ${commitIndex} is committed there`);
    this.#before.set(node, { term, commitIndex, appliedIndex, firstIndex });
  }

  #counts(observation: Observation): void {
    const before = this.#before.get(observation.node)!;
    for (const name of counters) {
      if (observation[name] < before[name])
        this.#says(observation, `went back in ${name} from ${before[name]} to ${observation[name]}`);
    }
  }

  #restarts(observation: Observation, { boot, firstIndex, stableIndex, terms }: NodeLog): void {
    if (observation.appliedIndex < observation.firstIndex - 1)
      this.#says(
        observation,
        `has a log from ${observation.firstIndex} on, and began with ${observation.appliedIndex} applied`,
      );
    if (observation.boot < boot)
      this.#says(observation, `runs again after boot ${boot}: a lower boot number must be refused`);
    if (observation.lastIndex < stableIndex) {
      const end = `its log ended with ${observation.lastIndex}`;
      this.#says(
        observation,
        `lost durable entries in a restart: ${end}, and ${stableIndex} had been durable`,
      );
    } else if (stableIndex >= observation.firstIndex && stableIndex >= firstIndex) {
      const term = terms[stableIndex - firstIndex];
      if (observation.termOf(stableIndex) !== term)
        this.#says(
          observation,
          `has another entry ${stableIndex} than before its restart: not of term ${term}`,
        );
    }
  }

  #says(observation: Observation, what: string): void {
    this.#violations.add(`${showNode(observation)} ${what}.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
