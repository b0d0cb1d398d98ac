import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A member's question to its leader, up to where it has to read: its name, for ever. */
export interface ReadQuestion {
  readonly from: NodeId;
  readonly boot: number;
  readonly request: number;
}

/** A leader answers it. */
export interface ReadAnswer extends ReadQuestion {
  readonly node: NodeId;
  readonly term: Term;
  readonly index: LogIndex;
  /** Of the last entry that the leader has committed; undefined: nobody knows any more. */
  readonly commitTerm: Term | undefined;
}

/** What was committed anywhere when a leader was asked first. */
interface Asked {
  readonly term: Term;
  readonly committed: Map<string, LogIndex>;
}

interface Asking {
  /** The last question; its term is 0 where that was given up. */
  term: Term;
  request: number;
  /** The last one that was answered. What asks it once more may still be on its way out. */
  told: number;
}

/**
 * Point 11 of the checklist, seen at both ends. A leader answers when an entry of its own term is committed, by a round that
 * began after the question came: so its answer covers all that was committed anywhere by then (thesis 6.4). And a member asks
 * its next question when the one before has its own answer, and not that of another or of an earlier life (etcd#20418).
 */
export class ReadRounds implements Checker {
  readonly name = "read-rounds";
  readonly #violations: Violations = new Violations(this.name);
  readonly #asked: WeakMap<object, Asked> = new WeakMap();
  readonly #asking: WeakMap<object, Asking> = new WeakMap();

  // At the leader

  /** A question has arrived. `committed`: the highest entry that any node holds for committed. */
  asked(process: object, term: Term, question: ReadQuestion, committed: LogIndex): void {
    let asked = this.#asked.get(process);
    if (asked === undefined || asked.term < term) {
      asked = { term, committed: new Map() };
      this.#asked.set(process, asked);
    }
    const name = nameOf(question);
    // What comes late from an earlier term is not heard.
    if (asked.term === term && !asked.committed.has(name)) asked.committed.set(name, committed);
  }

  answers(process: object, answer: ReadAnswer): void {
    const { node, term, from, index, commitTerm } = answer;
    const what = `${node}, which leads term ${term}, told ${from} to read at ${index}`;
    if (commitTerm !== undefined && commitTerm !== term)
      this.#violations.add(`${what}, and has committed nothing of its term.`);
    const asked = this.#asked.get(process);
    const committed = asked?.term === term ? (asked.committed.get(nameOf(answer)) ?? 0) : 0;
    if (index < committed)
      this.#violations.add(`${what}, and ${committed} was committed before it was asked.`);
  }

  // At the member

  /** A question leaves, or is repeated. */
  asks(process: object, { from: node, request }: ReadQuestion, term: Term): void {
    const asking = this.#askingOf(process);
    if (asking.term === term && request > asking.request && asking.told < asking.request)
      this.#violations.add(
        `${node} has asked the leader of term ${term} where to read, ${asking.request}, and asks ${request} without an answer.`,
      );
    asking.term = term;
    asking.request = request;
  }

  /** An answer has arrived, which is for this life. */
  isTold(process: object, request: number): void {
    const asking = this.#askingOf(process);
    asking.told = Math.max(asking.told, request);
  }

  /** The node knows no leader: what it asked is given up. */
  leaderGone(process: object): void {
    const asking = this.#asking.get(process);
    if (asking !== undefined) asking.term = 0;
  }

  #askingOf(process: object): Asking {
    let asking = this.#asking.get(process);
    if (asking === undefined) {
      asking = { term: 0, request: 0, told: 0 };
      this.#asking.set(process, asking);
    }
    return asking;
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}

function nameOf({ from, boot, request }: ReadQuestion): string {
  return `${from} ${boot} ${request}`;
}
