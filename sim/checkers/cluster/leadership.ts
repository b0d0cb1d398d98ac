import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

interface Office {
  readonly term: Term;
  /** When each other member was heard last, or met. */
  readonly heardMs: Map<NodeId, number>;
  /** Heartbeats without a majority in a row, and when the last one was. */
  late: number;
  lateMs: number;
  /** What it has told to be committed. */
  commitIndex: LogIndex;
}

/** What leaves before a process has looked at its clock, as after a pause, is not counted. */
const lateMax = 2;
const apartMs = 20;

/**
 * Points 1, 5 and 21 of the checklist: a leader commits by entries of its own term alone (paper 5.4.2); one that has heard no
 * majority of the voters for so long leads no more, so that it is gone before others may elect another one; and so does one
 * that has no vote any more (thesis 4.2.2). Times are those of the process's own monotonic clock.
 */
export class Leadership implements Checker {
  readonly name = "leadership";
  readonly #violations: Violations = new Violations(this.name);
  readonly #mostMs: number;
  readonly #offices: WeakMap<object, Office> = new WeakMap();

  /** What a leader may go without a majority, in ms of its clock. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** An answer of a follower has arrived. */
  heard(process: object, from: NodeId, term: Term, atMs: number): void {
    const office = this.#offices.get(process);
    if (office?.term === term) office.heardMs.set(from, atMs);
  }

  /** A heartbeat leaves. */
  leads(process: object, node: NodeId, term: Term, voters: readonly NodeId[], atMs: number): void {
    const office = this.#officeOf(process, term);
    const silent = this.#silent(office, node, voters, atMs);
    if (voters.length - silent > voters.length / 2) office.late = 0;
    else if (office.late === 0 || atMs - office.lateMs > apartMs) {
      office.lateMs = atMs;
      if (++office.late <= lateMax) return;
      this.#violations.add(
        `${node} leads term ${term}, and has not heard ${silent} of ${voters.length} voters for ${this.#mostMs} ms.`,
      );
    }
  }

  /** It tells that all up to this entry is committed, which is of `entryTerm`; undefined: nobody knows any more. */
  commits(process: object, node: NodeId, term: Term, index: LogIndex, entryTerm: Term | undefined): void {
    const office = this.#officeOf(process, term);
    // What it knew when its term began may be of an earlier one.
    const isNews = office.commitIndex >= 0 && index > office.commitIndex;
    office.commitIndex = Math.max(office.commitIndex, index);
    if (isNews && entryTerm !== undefined && entryTerm !== term)
      this.#violations.add(
        `${node} leads term ${term}, and has committed entry ${index} of term ${entryTerm}.`,
      );
  }

  /** Members by whom it goes, which are committed, do not let it vote. */
  leadsWithoutVote(node: NodeId, term: Term): void {
    this.#violations.add(`${node} leads term ${term}, and has committed that it is no voter.`);
  }

  #officeOf(process: object, term: Term): Office {
    let office = this.#offices.get(process);
    if (office?.term !== term) {
      office = { term, heardMs: new Map(), late: 0, lateMs: 0, commitIndex: -1 };
      this.#offices.set(process, office);
    }
    return office;
  }

  /** Of the voters, how many were not heard for too long. */
  #silent({ heardMs }: Office, node: NodeId, voters: readonly NodeId[], atMs: number): number {
    let silent = 0;
    for (const voter of voters) {
      if (voter === node) continue;
      const lastMs = heardMs.get(voter);
      if (lastMs === undefined) heardMs.set(voter, atMs);
      else if (atMs - lastMs > this.#mostMs) silent++;
    }
    return silent;
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
