import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Moment } from "./keyspace.ts";
import { SessionQueue } from "./session-queue.ts";

/**
 * What the store knows of one client that numbers its writes, or of one node that numbers the batches it forwards.
 *
 *     sequence   1 … low − 1       done with: never applied from now on
 *                low …             in `replies`: was applied; its reply may still be asked for
 *                                  else: was not applied yet
 */
export class Session {
  /** The revision of the write that opened it: no other session ever has it, in this cluster or one restored from it. */
  readonly id: number;
  readonly ttlMs: number;
  /** In cluster time; each use moves it to `ttlMs` from then. From it on the session is as good as gone. */
  deadline: number;
  /** The lowest sequence that may still be applied or asked for. Never goes back. */
  low = 1;
  /** Replies by sequence, in the bytes of kept-reply.ts as latin1; undefined: it was too long to be kept. */
  readonly replies: Map<number, string | undefined> = new Map();
  /** What `replies` take. */
  replyBytes = 0;
  /** Where it stands in the queue. */
  place = 0;

  constructor(id: number, ttlMs: number, deadline: number) {
    this.id = id;
    this.ttlMs = ttlMs;
    this.deadline = deadline;
  }
}

/** Is shown a session just before its first change. */
export interface SessionSaver {
  save(session: Session): void;
}

/** What becomes of a batch that a node has forwarded: only "apply" has any effect. */
export type Admission = "apply" | "duplicate" | "gap" | "unknown";

/**
 * All sessions. They end in the order of their deadlines (ties by id), a bounded number at a time, like keys; so which
 * of them are removed already is state, and part of a snapshot.
 *
 * The bounds are looked at while a write is carried out, by every member: they belong to engine version 1, and can
 * change only with a later one.
 */
export class Sessions {
  /** An image that is being taken. */
  saver: SessionSaver | undefined = undefined;

  readonly #moment: Moment;
  readonly #byId = new Map<number, Session>();
  readonly #queue = new SessionQueue();
  #replyBytes = 0;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Infinity where there is none. */
  get earliestDeadline(): number {
    return this.#queue.first?.deadline ?? Number.POSITIVE_INFINITY;
  }

  get residentBytes(): number {
    return this.#replyBytes + this.#byId.size * sessionBytes;
  }

  /** In no order that means anything. */
  all(): IterableIterator<Session> {
    return this.#byId.values();
  }

  /** Why no more are opened; "" where one may be. */
  get openRefusal(): string {
    if (this.#byId.size < limits.sessionsMax) return "";
    return `BUSY ${limits.sessionsMax} sessions are open, and no more may be: close some, or wait until they expire`;
  }

  open(id: number, ttlMs: number): void {
    this.#add(new Session(id, ttlMs, this.#moment.now + ttlMs));
  }

  /** Undefined where it was never opened, is closed, or has expired. */
  find(id: number): Session | undefined {
    const session = this.#byId.get(id);
    return session === undefined || session.deadline <= this.#moment.now ? undefined : session;
  }

  /** Puts its deadline off, and forgets the replies below `low`, which nobody will ask for. */
  use(session: Session, low: number): void {
    this.saver?.save(session);
    session.deadline = this.#moment.now + session.ttlMs;
    this.#queue.putOff(session);
    if (low <= session.low) return;
    for (const sequence of passedBy(session, low)) this.#forget(session, sequence);
    session.low = low;
  }

  /** Why a write that was not applied yet is not applied now; "" where it may be. Its reply will have its place. */
  writeRefusal(session: Session): string {
    if (session.replies.size >= limits.sessionRepliesMax)
      return `BUSY the session has ${limits.sessionRepliesMax} replies that may be asked for, ${tooMany}`;
    if (session.replyBytes + largestReply > limits.sessionBytesMax)
      return `BUSY the session's replies take ${session.replyBytes} bytes of ${limits.sessionBytesMax}, ${tooMany}`;
    if (this.#replyBytes + largestReply > limits.sessionsBytesMax)
      return `BUSY the replies of all sessions take ${this.#replyBytes} bytes of ${limits.sessionsBytesMax}, ${tooMany}`;
    return "";
  }

  /** Keeps the reply of a write that was applied; undefined: there is none to be kept. After `use`. */
  keep(session: Session, sequence: number, reply: string | undefined): void {
    assert(!session.replies.has(sequence) && sequence >= session.low, "a write is applied once");
    const bytes = replyBytes(reply);
    session.replies.set(sequence, reply);
    session.replyBytes += bytes;
    this.#replyBytes += bytes;
  }

  close(session: Session): void {
    this.saver?.save(session);
    this.#remove(session);
  }

  /** Removes those whose deadline has passed, at most `most`. Returns how many. */
  expire(most: number): number {
    let removed = 0;
    for (; removed < most; removed++) {
      const { first } = this.#queue;
      if (first === undefined || first.deadline > this.#moment.now) break;
      this.close(first);
    }
    return removed;
  }

  /**
   * Says what becomes of a batch that a node forwards under its session: it is applied only as the next one, so that
   * none is applied twice, left out, or in another order. No replies are kept of it.
   */
  admit(id: number, sequence: number): Admission {
    const session = this.find(id);
    if (session === undefined) return "unknown";
    const { low } = session;
    this.use(session, sequence === low ? low + 1 : low);
    if (sequence === low) return "apply";
    reached(sequence < low ? "forwarded-again-and-applied-once" : "forwarded-out-of-order");
    return sequence < low ? "duplicate" : "gap";
  }

  /** Takes a session over from a snapshot. False: it is there already. */
  restore(session: Session): boolean {
    if (this.#byId.has(session.id)) return false;
    for (const reply of session.replies.values()) session.replyBytes += replyBytes(reply);
    this.#replyBytes += session.replyBytes;
    this.#add(session);
    return true;
  }

  clear(): void {
    this.#byId.clear();
    this.#queue.clear();
    this.#replyBytes = 0;
  }

  #add(session: Session): void {
    assert(!this.#byId.has(session.id), "no two sessions have the same id");
    this.#byId.set(session.id, session);
    this.#queue.add(session);
  }

  #remove(session: Session): void {
    this.#byId.delete(session.id);
    this.#queue.remove(session);
    this.#replyBytes -= session.replyBytes;
  }

  #forget(session: Session, sequence: number): void {
    const bytes = replyBytes(session.replies.get(sequence));
    if (!session.replies.delete(sequence)) return;
    session.replyBytes -= bytes;
    this.#replyBytes -= bytes;
  }
}

/** Sequences below `low` that may have a reply: a look at each, or at each reply, whichever is less. */
function passedBy(session: Session, low: number): number[] {
  const from = session.low;
  const { replies } = session;
  if (low - from > replies.size) return [...replies.keys()].filter((sequence) => sequence < low);
  return Array.from({ length: low - from }, (_, i) => from + i);
}

function replyBytes(reply: string | undefined): number {
  return replyOverhead + (reply?.length ?? 0);
}

/** What a kept reply takes beside its bytes, and a session beside its replies: an entry of a map, headers of objects. */
const replyOverhead = 64;
const sessionBytes = 256;
const largestReply: number = replyOverhead + limits.sessionReplyBytesMax;
const tooMany = "and no more may be kept: raise the lowest outstanding sequence, or wait";
