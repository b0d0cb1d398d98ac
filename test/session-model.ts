/** What the engine should know of one session. */
interface ModelSession {
  readonly ttlMs: number;
  deadline: number;
  low: number;
  readonly replies: Map<number, string>;
}

/** The time, and how a write is carried out. */
export interface ModelStore {
  readonly now: number;
  readonly revision: number;
}

/** Sessions, said in the plainest way. Replies are texts as EngineClient shows them. Knows no bounds. */
export class SessionModel {
  readonly sessions: Map<number, ModelSession> = new Map();
  readonly #store: ModelStore;

  constructor(store: ModelStore) {
    this.#store = store;
  }

  /** The session that was opened as this one, in their order, and is still there, dead or alive. */
  nth(index: number): { readonly id: number; readonly low: number } {
    const all = [...this.sessions];
    if (all.length === 0) return { id: 999_999_999, low: 1 };
    const [id, { low }] = all[index % all.length]!;
    return { id, low };
  }

  open(ttlMs: number): string {
    const id = this.#store.revision + 1;
    this.sessions.set(id, { ttlMs, deadline: this.#store.now + ttlMs, low: 1, replies: new Map() });
    return String(id);
  }

  close(id: number): string {
    const isThere = this.#find(id) !== undefined;
    if (isThere) this.sessions.delete(id);
    return isThere ? "1" : "0";
  }

  /** `carryOut` is called where the write is applied. */
  numbered(id: number, sequence: number, low: number, carryOut: () => string): string {
    if (low < 1 || sequence < low)
      return "-ERR the sequence of a write is not below the lowest outstanding one, which is 1 at least";
    const session = this.#find(id);
    if (session === undefined)
      return `-NOSESSION session ${id} is unknown or has expired: the write may have been applied before`;
    session.deadline = this.#store.now + session.ttlMs;
    session.low = Math.max(session.low, low);
    for (const old of session.replies.keys()) if (old < session.low) session.replies.delete(old);
    const kept = session.replies.get(sequence);
    if (kept !== undefined) return kept;
    if (sequence < session.low)
      return `-OUTDATED_SEQUENCE the session has done with what is below ${session.low}: write ${sequence} is not applied now, and may have been before`;
    const reply = carryOut();
    session.replies.set(sequence, reply);
    return reply;
  }

  /** What Sessions.admit says. */
  admit(id: number, sequence: number): string {
    const session = this.#find(id);
    if (session === undefined) return "unknown";
    session.deadline = this.#store.now + session.ttlMs;
    if (sequence !== session.low) return sequence < session.low ? "duplicate" : "gap";
    session.low++;
    session.replies.delete(sequence);
    return "apply";
  }

  /** Removes the dead, the earliest first, at most so many. Returns how many. */
  expire(most: number): number {
    const dead = [...this.sessions].filter(([, { deadline }]) => deadline <= this.#store.now);
    dead.sort(([a, { deadline: x }], [b, { deadline: y }]) => x - y || a - b);
    const removed = dead.slice(0, most);
    for (const [id] of removed) this.sessions.delete(id);
    return removed.length;
  }

  #find(id: number): ModelSession | undefined {
    const session = this.sessions.get(id);
    return session === undefined || session.deadline <= this.#store.now ? undefined : session;
  }
}
