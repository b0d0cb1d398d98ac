import type { Session } from "./session.ts";

/**
 * Sessions in a binary heap, the one that ends first in front: by deadline, then by id. Each knows its place, so that
 * one that is used is moved, and one that is closed removed, without a search.
 */
export class SessionQueue {
  readonly #heap: Session[] = [];

  get first(): Session | undefined {
    return this.#heap[0];
  }

  add(session: Session): void {
    this.#heap.push(session);
    this.#rise(session, this.#heap.length - 1);
  }

  /** Its deadline is later than it was. */
  putOff(session: Session): void {
    this.#sink(session, session.place);
  }

  remove(session: Session): void {
    const last = this.#heap.pop()!;
    if (last === session) return;
    const { place } = session;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Puts it to this place, or further to the front. */
  #rise(session: Session, place: number): void {
    let at = place;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(session, this.#heap[above]!)) break;
      this.#put(this.#heap[above]!, at);
      at = above;
    }
    this.#put(session, at);
  }

  /** Puts it to this place, or further to the back. */
  #sink(session: Session, place: number): void {
    const heap = this.#heap;
    let at = place;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, session)) break;
      this.#put(heap[below]!, at);
      at = below;
    }
    this.#put(session, at);
  }

  #put(session: Session, place: number): void {
    this.#heap[place] = session;
    session.place = place;
  }
}

function isBefore(a: Session, b: Session): boolean {
  return a.deadline === b.deadline ? a.id < b.id : a.deadline < b.deadline;
}
