import { reached } from "../base/reached.ts";
import type { LogIndex, NodeId, ReadToken } from "./types.ts";

/** What a member asked the leader: its name, for ever. */
export interface ReadRequest {
  readonly boot: number;
  readonly request: number;
}

/** Reads that go together: the leader's own, and for each other member its request, which stands for all its reads. */
class Reads {
  readonly tokens: ReadToken[] = [];
  readonly requests: Map<NodeId, ReadRequest> = new Map();

  get isEmpty(): boolean {
    return this.tokens.length === 0 && this.requests.size === 0;
  }

  has(from: NodeId, { boot, request }: ReadRequest): boolean {
    const own = this.requests.get(from);
    return own?.boot === boot && own.request === request;
  }
}

/**
 * The leader's reads (thesis 6.4). They wait; a round begins and takes all of them; a majority confirms the round
 * and they may go, at the commit index of its beginning. One round at a time: what comes meanwhile waits for
 * the next, since a majority that answered before a read came proves nothing for it.
 *
 *     add, ask ──► #waiting ──begin──► #inRound ──confirm──► may go at #index
 *
 * Others repeat their request until it is answered, and have one at a time: only the last of each is kept.
 */
export class LeaderReads {
  #waiting: Reads = new Reads();
  #inRound: Reads = new Reads();
  /** Counts the rounds of this term. */
  #round = 0;
  #index: LogIndex = 0;

  /** The last round that was begun; 0: none. */
  get round(): number {
    return this.#round;
  }

  get isRoundOpen(): boolean {
    return !this.#inRound.isEmpty;
  }

  get isRoundDue(): boolean {
    return !this.#waiting.isEmpty && !this.isRoundOpen;
  }

  add(token: ReadToken): void {
    this.#waiting.tokens.push(token);
  }

  ask(from: NodeId, request: ReadRequest): void {
    if (!this.#inRound.has(from, request)) this.#waiting.requests.set(from, request);
    else reached("read-asked-again");
  }

  begin(commitIndex: LogIndex): void {
    this.#round++;
    this.#index = commitIndex;
    this.#inRound = this.#waiting;
    this.#waiting = new Reads();
  }

  /** A majority answered `round` or a later one. */
  confirm(round: number): { readonly reads: Reads; readonly index: LogIndex } | undefined {
    if (!this.isRoundOpen || round < this.#round) return undefined;
    const reads = this.#inRound;
    this.#inRound = new Reads();
    return { reads, index: this.#index };
  }

  /** Leadership is over: what this node itself wanted to read. Others ask again. */
  abandoned(): ReadToken[] {
    return [...this.#inRound.tokens, ...this.#waiting.tokens];
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
    if (request !== this.#request) {
      reached("late-read-answer");
      return [];
    }
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
