import type { LogIndex } from "../../../src/raft/index.ts";
import type { Checker, Violation } from "../checker.ts";
import { Acknowledged } from "./acknowledged.ts";
import { Committed } from "./committed.ts";
import { Convergence } from "./convergence.ts";
import { ElectionSafety } from "./election-safety.ts";
import { Held } from "./held.ts";
import { LeaderCompleteness } from "./leader-completeness.ts";
import { LogMatching } from "./log-matching.ts";
import { Logs } from "./logs.ts";
import type { ClusterChecker, Observation } from "./observation.ts";
import { Once } from "./once.ts";
import { Progress } from "./progress.ts";
import { Quarantine } from "./quarantine.ts";
import { ReadPoints } from "./read-points.ts";
import { States } from "./states.ts";
import { Votes } from "./votes.ts";

/**
 * All checkers that look at nodes.
 *
 *     const checkers = new ClusterCheckers({ convergeWithinUs });
 *     after each step of a node:    checkers.observe(node)       an Observation: the same object each time will do
 *     when something leaves it:     checkers.votes.sent(…)       and the other events of the fields below
 *     at the end:                   checkers.finish()
 */
export class ClusterCheckers {
  readonly votes: Votes = new Votes();
  readonly acknowledged: Acknowledged;
  readonly states: States;
  readonly once: Once = new Once();
  readonly quarantine: Quarantine = new Quarantine();
  readonly held: Held;
  readonly readPoints: ReadPoints = new ReadPoints();
  readonly convergence: Convergence;
  readonly #logs: Logs = new Logs();
  readonly #committed: Committed = new Committed();
  readonly #observers: readonly ClusterChecker[];

  constructor({ convergeWithinUs }: { readonly convergeWithinUs: number }) {
    const committed = this.#committed;
    this.held = new Held(this.#logs);
    this.acknowledged = new Acknowledged(this.#logs, committed);
    this.states = new States(committed);
    this.convergence = new Convergence(convergeWithinUs);
    this.#observers = [
      ...[new ElectionSafety(), new LogMatching(this.#logs), committed, new LeaderCompleteness(committed)],
      ...[new Progress(), this.votes, this.acknowledged, this.convergence],
    ];
  }

  observe(observation: Observation): void {
    const change = this.#logs.observe(observation);
    for (const checker of this.#observers) checker.observe(observation, change);
  }

  /** The highest entry that any node held for committed until now. */
  get committedIndex(): LogIndex {
    return this.#committed.highest;
  }

  finish(): readonly Violation[] {
    const others: readonly Checker[] = [this.states, this.once, this.quarantine, this.held, this.readPoints];
    return [...this.#observers, ...others].flatMap((checker) => checker.finish());
  }
}
