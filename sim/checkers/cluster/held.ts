import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";
import { holdsDurably, type Logs } from "./logs.ts";

/** What a leader has noted of a member. */
export interface Counted {
  readonly node: NodeId;
  readonly term: Term;
  readonly peer: NodeId;
  /** The incarnation that the leader's configuration names. */
  readonly incarnation: string;
  readonly match: LogIndex;
  /** Of the leader's own entry there; undefined: compacted. */
  readonly matchTerm: Term | undefined;
  /** The member's own, which is a later one where another leader has told it to cut its log. */
  readonly peerTerm: Term;
}

/**
 * Part of invariant 7: what a leader counts for a member is on that member's disk, and is the leader's own entry. Commits
 * are made of these numbers (paper, figure 2: matchIndex).
 */
export class Held implements Checker {
  readonly name = "held";
  readonly #violations: Violations = new Violations(this.name);
  readonly #logs: Logs;

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  /**
   * To be told when the leader has counted, after all nodes were observed. False: the member's disk was not seen yet, and it is
   * to be told again.
   */
  counted({ node, term, peer, incarnation, match, matchTerm, peerTerm }: Counted): boolean {
    if (match === 0 || matchTerm === undefined || peerTerm > term) return true;
    const log = this.#logs.nodes.get(peer);
    if (log?.incarnation !== incarnation) return false;
    if (holdsDurably(log, match, matchTerm)) return true;
    this.#violations.add(
      `${node}, which leads term ${term}, counts on ${peer} for its entry ${match} of term ${matchTerm}, which is not on that disk.`,
    );
    return true;
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
