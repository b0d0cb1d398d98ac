import type { LogIndex, NodeId, Role, Term } from "../../../src/raft/index.ts";
import type { Observation } from "./observation.ts";

interface FakeEntry {
  readonly term: Term;
  readonly hash: string;
}

/** A node for tests, whose fields a test sets as it likes. Everything in its log is durable, unless it says otherwise. */
export class FakeNode implements Observation {
  readonly node: NodeId;
  incarnation = "i1";
  boot = 1;
  role: Role = "follower";
  term: Term = 1;
  vote: NodeId | undefined;
  durableTerm: Term = 1;
  durableVote: NodeId | undefined;
  firstIndex: LogIndex = 1;
  commitIndex: LogIndex = 0;
  appliedIndex: LogIndex = 0;
  /** Entries that are not durable yet. */
  unstable = 0;
  #entries: FakeEntry[] = [];

  constructor(node: NodeId) {
    this.node = node;
  }

  get lastIndex(): LogIndex {
    return this.firstIndex + this.#entries.length - 1;
  }

  get stableIndex(): LogIndex {
    return this.lastIndex - this.unstable;
  }

  termOf(index: LogIndex): Term | undefined {
    return this.#entries[index - this.firstIndex]?.term;
  }

  hashOf(index: LogIndex): string | undefined {
    return this.#entries[index - this.firstIndex]?.hash;
  }

  /** Entries "1a 1b 2c" (term and hash) in place of everything from `from` on, by default behind the end. */
  append(text: string, from: LogIndex = this.lastIndex + 1): this {
    const entries = text.split(" ").map((word) => ({ term: Number(word[0]), hash: word.slice(1) }));
    this.#entries = [...this.#entries.slice(0, from - this.firstIndex), ...entries];
    return this;
  }

  truncate(from: LogIndex): this {
    this.#entries = this.#entries.slice(0, from - this.firstIndex);
    return this;
  }

  compact(firstIndex: LogIndex): this {
    this.#entries = this.#entries.slice(firstIndex - this.firstIndex);
    this.firstIndex = firstIndex;
    return this;
  }

  commit(index: LogIndex): this {
    this.commitIndex = index;
    this.appliedIndex = index;
    return this;
  }

  lead(term: Term): this {
    this.enter(term, this.node);
    this.role = "leader";
    return this;
  }

  /** A term with a vote, durable at once. */
  enter(term: Term, vote?: NodeId): this {
    this.role = "follower";
    this.term = term;
    this.vote = vote;
    this.durableTerm = term;
    this.durableVote = vote;
    return this;
  }

  restart(): this {
    this.boot++;
    this.role = "follower";
    this.term = this.durableTerm;
    this.vote = this.durableVote;
    this.truncate(this.stableIndex + 1);
    this.unstable = 0;
    return this.commit(this.firstIndex - 1);
  }
}
