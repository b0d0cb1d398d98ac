import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A leader that has just appended a configuration. */
export interface AppendedConfiguration {
  readonly node: NodeId;
  readonly term: Term;
  readonly index: LogIndex;
  /** Where the configuration before stands. */
  readonly before: LogIndex;
  readonly commitIndex: LogIndex;
  /** Of the entry there; undefined: nobody knows any more. */
  readonly commitTerm: Term | undefined;
}

/**
 * Point 2 of the checklist: a leader changes members one change after the other (thesis 4.1), and none before an entry of its
 * own term is committed (Ongaro 2015). Otherwise two configurations may be in force whose majorities do not meet.
 */
export class MemberChanges implements Checker {
  readonly name = "member-changes";
  readonly #violations: Violations = new Violations(this.name);

  appended({ node, term, index, before, commitIndex, commitTerm }: AppendedConfiguration): void {
    const what = `${node}, which leads term ${term}, has changed the members by entry ${index}`;
    if (before > commitIndex)
      this.#violations.add(`${what}, and those of entry ${before} are not committed: ${commitIndex} is.`);
    if (commitTerm !== undefined && commitTerm !== term)
      this.#violations.add(`${what}, and has committed nothing of its term.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
