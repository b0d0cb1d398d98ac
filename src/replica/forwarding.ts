import { reached } from "../base/reached.ts";
import { entryKinds } from "../log/entry.ts";
import type { Forward, ForwardReply, PeerMessage } from "../peers/message.ts";
import type { Clock } from "../platform/clock.ts";
import type { EntryKind, LogIndex, NodeId, Refusal } from "../raft/types.ts";
import type { Batch } from "./batch.ts";
import { encodeSessionEntry } from "./session-entry.ts";

export interface ForwardingParts {
  readonly id: NodeId;
  readonly incarnation: string;
  readonly boot: number;
  /** How long its session lives unused, in cluster time. */
  readonly nodeSessionMs: number;
  readonly clock: Clock;
  readonly leads: () => boolean;
  readonly leaderId: () => NodeId | undefined;
  readonly term: () => number;
  /** Proposes a payload here, which is nobody else's: Offers.proposeNumbered. */
  readonly propose: (kind: EntryKind, payload: Buffer, voters: number) => LogIndex | Refusal;
  readonly send: (message: PeerMessage) => void;
}

/** What was sent and not answered is sent again after so long. */
const repeatMs = 150;
/** A session that is not used for so long is gone. */
export const nodeSessionMs = 60_000;
/** One that was not used for this part of it is not begun with any more: it may be gone when the batch is applied. */
const idlePartMax = 1 / 3;

/**
 * Brings this node's batches into the log, whoever leads, each of them once (semantics: nodes forward under a session
 * of their own).
 *
 *     batch ──number──► #sent ── propose here, or Forward to the leader, again with each new leader ──► applied
 *
 * A batch is applied only as the next one of the session. So what was sent once is sent until it is applied, in its
 * order, even where its callers have given up; its number is never used for another. What was never sent has none.
 * Another node gets one batch at a time, as soon as it said that it has proposed the one before.
 */
export class Forwarding {
  readonly #parts: ForwardingParts;
  /** The session and the number of its next batch; 0: there is none. */
  #session = 0;
  #next = 1;
  /** Numbered and not applied, in order. */
  #sent: Batch[] = [];
  /** How many of them were proposed in `#term`, as far as is known. */
  #proposed = 0;
  #term = 0;
  /** When the last message to the leader left, which it has not answered; 0: none. */
  #askedMs = 0;
  #usedMs = 0;
  readonly #label: string;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    // A node that lost its directory counts its starts anew, and meets the sessions of its former self in the log.
    this.#label = `${parts.id}:${parts.incarnation}:${parts.boot}`;
  }

  /** Takes a batch, which has no number yet. False: not now. */
  offer(batch: Batch): boolean {
    this.#beginTerm();
    if (this.#session === 0 || (this.#sent.length === 0 && this.#isIdle)) {
      this.#open();
      return false;
    }
    if (this.#proposed < this.#sent.length || !this.#hasLeader) return false;
    batch.number(this.#session, this.#next);
    if (!this.#bring(batch)) {
      reached("number-used-again");
      batch.forgetNumber();
      return false;
    }
    this.#next++;
    this.#sent.push(batch);
    if (this.#parts.leads()) this.#proposed++;
    return true;
  }

  /** Nothing with a number waits to be applied. */
  get isAtRest(): boolean {
    return this.#sent.length === 0;
  }

  /** With each tick, and when the leader has changed. */
  goOn(): void {
    this.#beginTerm();
    while (this.#proposed < this.#sent.length && !this.#isWaiting) {
      if (!this.#bring(this.#sent[this.#proposed]!)) return;
      if (this.#parts.leads()) this.#proposed++;
    }
  }

  /** The leader's answer to what was sent to it. True: there may be more to send. */
  replied({ session, sequence, refusal }: ForwardReply): boolean {
    if (session === 0) return false;
    const asked = this.#sent[this.#proposed];
    if (session !== this.#session || asked?.sequence !== sequence) return false;
    if (refusal === undefined) {
      this.#askedMs = 0;
      this.#proposed++;
    }
    return refusal === undefined;
  }

  /** Another member's entry: proposed if this node leads. */
  forwarded({ from, session, sequence, kind, voters, payload }: Forward): void {
    const taken = this.#parts.leads() ? Buffer.from(payload) : payload;
    const answer = this.#parts.propose(kind, taken, voters);
    const refusal = typeof answer === "string" ? answer : undefined;
    this.#parts.send({ type: "forwardReply", from: this.#parts.id, to: from, session, sequence, refusal });
  }

  /** The batch of this node with this number, where it is not applied. */
  find(session: number, sequence: number): Batch | undefined {
    if (session !== this.#session || session === 0) return undefined;
    return this.#sent.find((batch) => batch.sequence === sequence);
  }

  /** It is applied, or was before, and so are all in front of it. */
  settled(batch: Batch): void {
    const place = this.#sent.indexOf(batch);
    this.#sent.splice(0, place + 1);
    this.#proposed = Math.max(0, this.#proposed - place - 1);
    this.#usedMs = this.#parts.clock.monotonicMs();
  }

  /** A session was opened; `label` says for whom. */
  opened(session: number, label: string): void {
    if (label !== this.#label || this.#sent.length > 0) return;
    this.#session = session;
    this.#next = 1;
    this.#askedMs = 0;
    this.#usedMs = this.#parts.clock.monotonicMs();
  }

  /** The session is gone, or what was applied under it is not known: what was sent under it has no outcome. */
  drop(): readonly Batch[] {
    const sent = this.#sent;
    this.#sent = [];
    this.#proposed = 0;
    this.#session = 0;
    this.#askedMs = 0;
    return sent;
  }

  get #isIdle(): boolean {
    return this.#parts.clock.monotonicMs() - this.#usedMs > this.#parts.nodeSessionMs * idlePartMax;
  }

  get #isWaiting(): boolean {
    return this.#askedMs > 0 && this.#parts.clock.monotonicMs() - this.#askedMs < repeatMs;
  }

  get #hasLeader(): boolean {
    return this.#parts.leads() || this.#parts.leaderId() !== undefined;
  }

  /** A new leader may have nothing of what was proposed to the one before. */
  #beginTerm(): void {
    const term = this.#parts.term();
    if (term === this.#term) return;
    if (this.#sent.length > 0) reached("forwarded-to-next-leader");
    this.#term = term;
    this.#proposed = 0;
    this.#askedMs = 0;
  }

  /** Proposes it, or sends it to who can. False: there is nobody, or it was refused here. */
  #bring(batch: Batch): boolean {
    const { writes, session, sequence, writeQuorum: voters } = batch;
    const kind = writes > 0 ? entryKinds.commands : entryKinds.time;
    const payload = this.#parts.leads() ? batch.takePayload() : batch.payload;
    if (!this.#bringEntry({ kind, payload, session, sequence, voters })) return false;
    batch.isLogged = true;
    return true;
  }

  #open(): void {
    if (this.#isWaiting || !this.#hasLeader) return;
    const ttlMs = this.#parts.nodeSessionMs;
    const payload = encodeSessionEntry({ ttlMs, label: this.#label });
    this.#bringEntry({ kind: entryKinds.session, payload, session: 0, sequence: 0, voters: 0 });
    this.#askedMs = this.#parts.clock.monotonicMs();
  }

  #bringEntry(entry: Omit<Forward, "type" | "from" | "to">): boolean {
    const { id, leads, leaderId, propose, send, clock } = this.#parts;
    if (leads()) return typeof propose(entry.kind, entry.payload, entry.voters) === "number";
    const to = leaderId();
    if (to === undefined) return false;
    send({ type: "forward", from: id, to, ...entry });
    this.#askedMs = clock.monotonicMs();
    return true;
  }
}
