import type { NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

interface Votes {
  readonly term: Term;
  readonly from: Set<NodeId>;
}

/**
 * Point 22 of the checklist: who leads has the votes of a majority of its voters, by the last configuration in its own log,
 * committed or not (thesis 4.1).
 */
export class Elected implements Checker {
  readonly name = "elected";
  readonly #violations: Violations = new Violations(this.name);
  /** What each process was given in the latest term. */
  readonly #votes: WeakMap<object, Votes> = new WeakMap();

  /** A vote has arrived. */
  given(process: object, from: NodeId, term: Term): void {
    let votes = this.#votes.get(process);
    if (votes === undefined || votes.term < term) {
      votes = { term, from: new Set() };
      this.#votes.set(process, votes);
    }
    if (votes.term === term) votes.from.add(from);
  }

  /** It leads from now on. Its own vote needs no message. */
  leads(process: object, node: NodeId, term: Term, voters: readonly NodeId[]): void {
    const votes = this.#votes.get(process);
    const given = voters.filter((id) => id === node || (votes?.term === term && votes.from.has(id)));
    if (given.length > voters.length / 2) return;
    this.#violations.add(
      `${node} leads term ${term} with the votes of ${given.join(", ") || "nobody"}, and the voters are ${voters.join(", ")}.`,
    );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
