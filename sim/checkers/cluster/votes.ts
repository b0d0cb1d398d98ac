import type { NodeId, Term } from "../../../src/raft/index.ts";
import { type Violation, Violations } from "../checker.ts";
import type { LogChange } from "./logs.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/** A vote that left the node: VoteReply granted, or RequestVote, which is a vote for the sender itself. */
export interface SentVote {
  readonly node: NodeId;
  readonly term: Term;
  readonly candidate: NodeId;
}

interface Memory {
  readonly term: Term;
  readonly vote: NodeId | undefined;
  readonly durableTerm: Term;
  readonly durableVote: NodeId | undefined;
  readonly incarnation: string;
}

/** Invariant 6: terms and votes never go back, also across a crash, and nobody votes twice in a term. */
export class Votes implements ClusterChecker {
  readonly name = "votes";
  readonly #violations: Violations = new Violations(this.name);
  readonly #memories: Map<NodeId, Memory> = new Map();
  readonly #sent: Map<string, NodeId> = new Map();

  observe(observation: Observation, { isNewBoot, isNewIncarnation }: LogChange): void {
    const { node, incarnation, term, vote, durableTerm, durableVote } = observation;
    const before = this.#memories.get(node);
    if (before !== undefined && !isNewIncarnation) {
      if (isNewBoot) this.#restarts(observation, before);
      else if (term === before.term && before.vote !== undefined && vote !== before.vote)
        this.#says(observation, `forgot its vote for ${before.vote} in term ${term}: now ${vote ?? "none"}`);
    }
    this.#memories.set(node, { term, vote, durableTerm, durableVote, incarnation });
  }

  #restarts(observation: Observation, { durableTerm, durableVote }: Memory): void {
    const { term, vote } = observation;
    if (term < durableTerm)
      this.#says(observation, `came back in term ${term}, and ${durableTerm} had been durable`);
    else if (term === durableTerm && durableVote !== undefined && vote !== durableVote)
      this.#says(observation, `lost its durable vote for ${durableVote} in term ${term}: ${vote ?? "none"}`);
  }

  /** To be told when the message leaves, after the node was observed. */
  sent({ node, term, candidate }: SentVote): void {
    const memory = this.#memories.get(node);
    const name = `${node} ${memory?.incarnation ?? ""} ${term}`;
    const other = this.#sent.get(name);
    if (other !== undefined && other !== candidate)
      this.#violations.add(`${node} voted twice in term ${term}: for ${other}, and for ${candidate}.`);
    this.#sent.set(name, candidate);
    if (memory === undefined || memory.durableTerm > term) return;
    if (memory.durableTerm < term || memory.durableVote !== candidate)
      this.#violations.add(
        `${node} sent its vote for ${candidate} in term ${term} before it was durable: on its disk is term \
${memory.durableTerm} with a vote for ${memory.durableVote ?? "nobody"}.`,
      );
  }

  #says(observation: Observation, what: string): void {
    this.#violations.add(`${showNode(observation)} ${what}.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
