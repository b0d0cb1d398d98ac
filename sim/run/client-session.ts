import type { Action } from "../history.ts";
import type { Numbered, Told } from "../wire.ts";

/** A write that is sent until it is known what became of it. */
export interface SessionWrite {
  readonly sequence: number;
  readonly action: Action;
  /** An attempt waits for its reply. */
  isUnderWay: boolean;
  tries: number;
}

const outstandingMax = 5;
/** Then the client says that it will not ask again. */
const triesMax = 30;

/** A client's side of SESSION: numbers for writes, and which of them are still outstanding. */
export class ClientSession {
  #id: string | undefined;
  #next = 1;
  #writes: SessionWrite[] = [];

  get isOpen(): boolean {
    return this.#id !== undefined;
  }

  /** No write is outstanding. */
  get isAtRest(): boolean {
    return this.#writes.length === 0;
  }

  opened(id: string): void {
    this.#id = id;
    this.#next = 1;
    this.#writes = [];
  }

  /** A new write, unless too many are outstanding. */
  add(action: Action): SessionWrite | undefined {
    if (this.#writes.length >= outstandingMax) return undefined;
    const write = { sequence: this.#next++, action, isUnderWay: false, tries: 0 };
    this.#writes.push(write);
    return write;
  }

  /** Writes that have to be sent, again or at all. */
  due(): SessionWrite[] {
    return this.#writes.filter(({ isUnderWay }) => !isUnderWay);
  }

  numberOf(write: SessionWrite): Numbered {
    const low = Math.min(...this.#writes.map(({ sequence }) => sequence));
    return { session: this.#id!, sequence: write.sequence, low };
  }

  answered(write: SessionWrite, told: Told): void {
    write.isUnderWay = false;
    write.tries++;
    if (told.outcome !== "known" && told.error.startsWith("NOSESSION")) this.#forget();
    else if (told.outcome === "known" || told.error.startsWith("OUTDATED") || write.tries > triesMax)
      this.#writes = this.#writes.filter((one) => one !== write);
  }

  /** It has expired. What was outstanding stays unknown: under another session it could be applied twice. */
  #forget(): void {
    this.#id = undefined;
    this.#writes = [];
  }
}
