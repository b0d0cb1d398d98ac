import { type Violation, Violations } from "../checker.ts";
import type { LogChange, Logs } from "./logs.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/**
 * Invariant 2: where two logs have an entry of the same index and term, it is the same one, and so is everything before
 * it. Compared are neighbours: when every pair of them is the same wherever it stands, whole logs are.
 */
export class LogMatching implements ClusterChecker {
  readonly name = "log-matching";
  readonly #violations: Violations = new Violations(this.name);
  readonly #logs: Logs;

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  observe(observation: Observation, { from }: LogChange): void {
    for (let index = from; index <= observation.lastIndex; index++) this.#compare(observation, index);
  }

  #compare(observation: Observation, index: number): void {
    const { node, firstIndex } = observation;
    const term = observation.termOf(index)!;
    const hash = observation.hashOf(index)!;
    const previousTerm = index === firstIndex ? undefined : observation.termOf(index - 1);
    const known = this.#logs.remember({ index, term, hash, previousTerm, node });
    if (known === undefined) return;
    const who = `${showNode(observation)} and ${known.node}`;
    if (known.hash !== hash)
      this.#violations.add(
        `Entry ${index} of term ${term} is not the same at ${who}: ${hash}, ${known.hash}.`,
      );
    const isOther = previousTerm !== undefined && known.previousTerm !== undefined;
    if (isOther && previousTerm !== known.previousTerm)
      this.#violations.add(
        `Entry ${index} of term ${term} stands behind different entries at ${who}: behind one of term \
${previousTerm}, and of term ${known.previousTerm}.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
