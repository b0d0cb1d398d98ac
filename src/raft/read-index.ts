import type { LogIndex, NodeId, ReadToken } from "./types.ts";

/** A read that waits at the leader: its own, or that of another member. */
export type Read =
  | { readonly from: undefined; readonly token: ReadToken }
  | { readonly from: NodeId; readonly boot: number; readonly request: number };

/**
 * The leader's reads (thesis 6.4). They wait; a round begins and takes all of them; a majority confirms the round
 * and they may go, at the commit index of its beginning. One round at a time: what comes meanwhile waits for
 * the next, since a majority that answered before a read came proves nothing for it.
 *
 *     add ──► #waiting ──begin──► #inRound ──confirm──► may go at #index
 */
export class LeaderReads {
  #waiting: Read[] = [];
  #inRound: Read[] = [];
  /** Counts the rounds of this term. */
  #round = 0;
  #index: LogIndex = 0;

  /** The last round that was begun; 0: none. */
  get round(): number {
    return this.#round;
  }

  get isRoundOpen(): boolean {
    return this.#inRound.length > 0;
  }

  get isRoundDue(): boolean {
    return this.#waiting.length > 0 && !this.isRoundOpen;
  }

  add(read: Read): void {
    this.#waiting.push(read);
  }

  begin(commitIndex: LogIndex): void {
    this.#round++;
    this.#index = commitIndex;
    this.#inRound = this.#waiting;
    this.#waiting = [];
  }

  /** A majority answered `round` or a later one. */
  confirm(round: number): { readonly reads: readonly Read[]; readonly index: LogIndex } | undefined {
    if (!this.isRoundOpen || round < this.#round) return undefined;
    const reads = this.#inRound;
    this.#inRound = [];
    return { reads, index: this.#index };
  }

  /** Leadership is over: what this node itself wanted to read. Others ask again. */
  abandoned(): ReadToken[] {
    const reads = [...this.#inRound, ...this.#waiting];
    return reads.flatMap((read) => (read.from === undefined ? [read.token] : []));
  }
}

/**
 * Reads of a member that does not lead: it asks the leader, in one request at a time, named by (boot, request) so
 * that no late answer is taken for that of another request.
 */
export class ForwardedReads {
  #waiting: ReadToken[] = [];
  #asked: ReadToken[] = [];
  /** The number of the request that is under way, or was the last one. */
  #request = 0;

  get isEmpty(): boolean {
    return this.#asked.length === 0 && this.#waiting.length === 0;
  }

  add(token: ReadToken): void {
    this.#waiting.push(token);
  }

  /** The number of a new request, if one is due. */
  begin(): number | undefined {
    if (this.#asked.length > 0 || this.#waiting.length === 0) return undefined;
    this.#asked = this.#waiting;
    this.#waiting = [];
    return ++this.#request;
  }

  /** The number of the request that has no answer. */
  get unanswered(): number | undefined {
    return this.#asked.length > 0 ? this.#request : undefined;
  }

  answered(request: number): readonly ReadToken[] {
    if (request !== this.#request) return [];
    const tokens = this.#asked;
    this.#asked = [];
    return tokens;
  }

  abandon(): readonly ReadToken[] {
    const tokens = [...this.#asked, ...this.#waiting];
    this.#asked = [];
    this.#waiting = [];
    return tokens;
  }
}
