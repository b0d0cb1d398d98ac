import type { EntryId, NodeId, Role, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A process as it stands when it answers a pre-vote. */
export interface Standing {
  readonly node: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | undefined;
  /** The end of its log; undefined where nobody knows it at the moment. */
  readonly last: EntryId | undefined;
  /** It knows members, and so has not lost its log. */
  readonly knowsMembers: boolean;
}

/** A heartbeat whose sender had a majority, as it arrived. */
interface Confirmation {
  readonly leader: NodeId;
  readonly term: Term;
  readonly atMs: number;
}

interface Question {
  readonly term: Term;
  readonly last: EntryId;
}

interface Memory {
  confirmation: Confirmation | undefined;
  /** Who has asked and has no answer, as long as the question is being taken, and afterwards. */
  open: NodeId | undefined;
  overdue: NodeId | undefined;
  /** What each member asked last. */
  readonly asked: Map<NodeId, Question>;
}

/**
 * Points 3 to 5 of the checklist. Nobody begins a term without the pre-votes of others; and whoever is asked for one says
 * no while it leads, or has just heard a leader with a majority, and else goes by term and log alone. So nobody disturbs
 * a cluster that is well, and nothing keeps one that is not from electing. Whoever asks is answered.
 *
 * Times are those of the process's own monotonic clock, in ms: what is nearer to the limit than its ticks is not judged.
 */
export class PreVotes implements Checker {
  readonly name = "pre-votes";
  readonly #violations: Violations = new Violations(this.name);
  readonly #stickyMs: number;
  readonly #tickMs: number;
  readonly #memories: WeakMap<object, Memory> = new WeakMap();
  /** Who has granted a pre-vote, by candidate and term. */
  readonly #granted: Map<string, Set<NodeId>> = new Map();

  /** The shortest election timeout, and what a tick is worth. */
  constructor(stickyMs: number, tickMs: number) {
    this.#stickyMs = stickyMs;
    this.#tickMs = tickMs;
  }

  /** The process was told by a leader that it has a majority. */
  confirmed(process: object, confirmation: Confirmation): void {
    this.#memoryOf(process).confirmation = confirmation;
  }

  /** It knows no leader: whatever was heard of one counts no more. */
  leaderGone(process: object): void {
    const memory = this.#memories.get(process);
    if (memory !== undefined) memory.confirmation = undefined;
  }

  asked(process: object, from: NodeId, term: Term, last: EntryId): void {
    const memory = this.#memoryOf(process);
    memory.asked.set(from, { term, last });
    memory.open = from;
  }

  /** What had arrived has been taken. */
  taken(process: object): void {
    const memory = this.#memories.get(process);
    if (memory?.open === undefined) return;
    memory.overdue = memory.open;
    memory.open = undefined;
  }

  /** Something leaves the process, so it has not stopped. */
  spoke(process: object, node: NodeId): void {
    const memory = this.#memories.get(process);
    if (memory?.overdue === undefined) return;
    this.#violations.add(`${node} did not answer the pre-vote of ${memory.overdue}, and goes on.`);
    memory.overdue = undefined;
  }

  /** An answer leaves. */
  answered(process: object, standing: Standing, to: NodeId, isGranted: boolean, atMs: number): void {
    const memory = this.#memoryOf(process);
    const question = memory.asked.get(to);
    if (question === undefined) return;
    if (memory.open === to) memory.open = undefined;
    const forTerm = question.term + 1;
    if (isGranted) this.#grantedBy(to, forTerm).add(standing.node);
    const may = mayGrant(question, standing);
    const isSticky = this.#isSticky(memory, standing, atMs);
    const whom = `${to} in term ${forTerm}`;
    if (isGranted && isSticky === true)
      this.#says(standing, `would vote for ${whom}, and has just heard its leader`);
    if (isGranted && may === false)
      this.#says(standing, `would vote for ${whom}, which is behind by term or log`);
    if (!isGranted && may === true && isSticky === false)
      this.#says(standing, `would not vote for ${whom}, and has no leader with a majority`);
  }

  /** A candidate asks for votes, though no leader told it to. */
  campaigned(node: NodeId, term: Term, voters: readonly NodeId[]): void {
    const granted = this.#granted.get(nameOf(node, term));
    const others = voters.filter((voter) => voter !== node && granted?.has(voter) === true).length;
    // The question waits for the disk, and meanwhile there may be a voter more or less.
    const needed = Math.max(1, Math.floor(voters.length / 2) - 1);
    if (voters.length > 1 && others < needed)
      this.#violations.add(`${node} asks for votes in term ${term} with pre-votes of ${others} others.`);
  }

  /** Undefined: it is too near to the limit. */
  #isSticky({ confirmation }: Memory, { role, term, leaderId }: Standing, atMs: number): boolean | undefined {
    if (role === "leader") return true;
    if (confirmation?.leader !== leaderId || confirmation?.term !== term) return false;
    const passedMs = atMs - confirmation.atMs;
    if (Math.abs(passedMs - this.#stickyMs) <= 2 * this.#tickMs) return undefined;
    return passedMs < this.#stickyMs;
  }

  #memoryOf(process: object): Memory {
    let memory = this.#memories.get(process);
    if (memory === undefined) {
      memory = { confirmation: undefined, open: undefined, overdue: undefined, asked: new Map() };
      this.#memories.set(process, memory);
    }
    return memory;
  }

  #grantedBy(candidate: NodeId, term: Term): Set<NodeId> {
    const name = nameOf(candidate, term);
    const granted = this.#granted.get(name) ?? new Set();
    this.#granted.set(name, granted);
    return granted;
  }

  #says({ node, role, term }: Standing, what: string): void {
    this.#violations.add(`${node}, ${role} in term ${term}, ${what}.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}

function nameOf(candidate: NodeId, term: Term): string {
  return `${candidate} ${term}`;
}

/** By term and log alone. */
function mayGrant({ term, last }: Question, own: Standing): boolean | undefined {
  if (term < own.term || !own.knowsMembers) return false;
  return own.last && covers(last, own.last);
}

function covers(last: EntryId, own: EntryId): boolean {
  return last.term > own.term || (last.term === own.term && last.index >= own.index);
}
