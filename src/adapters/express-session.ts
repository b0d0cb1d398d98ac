/** The door `kvorum/express-session`: a store for express-session 1. */
import { type SessionData, Store } from "express-session";
import type { Keyspace } from "../client/keyspace.ts";
import { deleteAll, inBatches, valuesOf } from "./keys.ts";

export interface KvorumSessionOptions {
  /** A client, or `client.prefix("shop:")`: behind that, session ids stand as they are. */
  readonly keys: Keyspace;
  /** How long a session lives whose cookie has no end, in ms; a day by default. */
  readonly ttl?: number;
}

type Done = (error?: unknown) => void;

const dayMs = 24 * 60 * 60 * 1000;

/**
 * A session store over those keys of a client that begin with a prefix:
 *
 *     const store = new KvorumStore({ keys: client.prefix("session:") });
 *     app.use(session({ store, secret, resave: false, saveUninitialized: false }));
 *
 * A session expires with its cookie. `touch` only moves its end, so a request that changes nothing never overwrites what
 * another one has changed. Callbacks get KvClientError.
 */
export class KvorumStore extends Store {
  readonly #keys: Keyspace;
  readonly #ttlMs: number;

  constructor({ keys, ttl = dayMs }: KvorumSessionOptions) {
    super();
    this.#keys = keys;
    this.#ttlMs = ttl;
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    tell(this.#get(sid), callback);
  }

  override set(sid: string, session: SessionData, callback?: Done): void {
    const ttl = this.#lifeOf(session);
    tell(
      ttl > 0 ? this.#keys.set(sid, JSON.stringify(session), { ttl }) : this.#keys.delete(sid),
      callback && ((error) => callback(error)),
    );
  }

  override touch(sid: string, session: SessionData, callback?: Done): void {
    tell(this.#keys.expire(sid, this.#lifeOf(session)), callback && ((error) => callback(error)));
  }

  override destroy(sid: string, callback?: Done): void {
    tell(this.#keys.delete(sid), callback && ((error) => callback(error)));
  }

  override all(callback: (error: unknown, sessions?: Record<string, SessionData> | null) => void): void {
    tell(this.#all(), callback);
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    tell(this.#length(), callback);
  }

  override clear(callback?: Done): void {
    tell(deleteAll(this.#keys), callback && ((error) => callback(error)));
  }

  async #get(sid: string): Promise<SessionData | null> {
    const text = await this.#keys.get(sid);
    return text === null ? null : JSON.parse(text);
  }

  async #all(): Promise<Record<string, SessionData>> {
    const sessions: Record<string, SessionData> = {};
    for await (const ids of inBatches(this.#keys.scan())) {
      const texts = await valuesOf(this.#keys, ids);
      for (const [i, text] of texts.entries()) if (text !== null) sessions[ids[i]!] = JSON.parse(text);
    }
    return sessions;
  }

  /** Without their values. A scan may tell of a key more than once. */
  async #length(): Promise<number> {
    const ids = new Set<string>();
    for await (const id of this.#keys.scan()) ids.add(id);
    return ids.size;
  }

  /** In ms from now; 0 or less: it is over. */
  #lifeOf({ cookie }: SessionData): number {
    const { expires } = cookie;
    // It is text where the session was read from a store.
    return expires ? Math.ceil(new Date(expires).getTime() - Date.now()) : this.#ttlMs;
  }
}

/** Calls back outside of the promise, so that what the callback throws is thrown as if there was none. */
function tell<T>(promise: Promise<T>, callback: ((error: unknown, value?: T) => void) | undefined): void {
  promise.then(
    (value) => process.nextTick(() => callback?.(null, value)),
    (error: unknown) => process.nextTick(() => callback?.(error)),
  );
}
