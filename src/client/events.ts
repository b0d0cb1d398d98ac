import type { ConnectionError } from "./errors.ts";

/** What can be listened to. */
export interface KvClientEvents {
  /** A connection stands. */
  connect: { readonly address: string };
  /** A connection is gone; `error` is undefined where the client closed it. */
  disconnect: { readonly address: string; readonly error: Error | undefined };
  /** No connection came about. */
  unreachable: { readonly address: string; readonly error: ConnectionError };
  /** Another leader, or other members. */
  topology: {
    readonly term: number;
    /** "HOST:PORT", undefined while none is known. */
    readonly leader: string | undefined;
    readonly members: readonly string[];
  };
}

export type KvClientEvent = keyof KvClientEvents;
export type Listener<E extends KvClientEvent> = (event: KvClientEvents[E]) => void;
type AnyListener<E extends KvClientEvent> = (event: KvClientEvents[E]) => unknown;

/**
 * Callbacks for what happens beside operations. There is no event that has to be listened to: what concerns an operation
 * rejects it. A listener that throws, or rejects, is reported as a warning of the process, and nobody else notices.
 */
export class Events {
  readonly #listeners = new Map<KvClientEvent, Set<Listener<never>>>();

  /** Returns what ends the listening. */
  on<E extends KvClientEvent>(name: E, listener: Listener<E>): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<E extends KvClientEvent>(name: E, event: KvClientEvents[E]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const returned = (listener as AnyListener<E>)(event);
        if (returned instanceof Promise) returned.catch((error) => warn(name, error));
      } catch (error) {
        warn(name, error);
      }
    }
  }
}

function warn(name: KvClientEvent, error: unknown): void {
  process.emitWarning(`a listener of "${name}" threw: ${String(error)}`, "KvClientWarning");
}
