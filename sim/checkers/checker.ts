import { simLimits } from "../limits.ts";

/** Something that must never happen and did, as a paragraph for people. */
export interface Violation {
  /** Who found it. */
  readonly checker: string;
  readonly text: string;
}

/** A reader of what happens in a run. It changes nothing, and tells at the end what it found. */
export interface Checker {
  readonly name: string;
  finish(): readonly Violation[];
}

/** Violations of one checker: the first ones, each text once. */
export class Violations {
  readonly #checker: string;
  readonly #texts: Set<string> = new Set();

  constructor(checker: string) {
    this.#checker = checker;
  }

  add(text: string): void {
    if (this.#texts.size < simLimits.violationsMax) this.#texts.add(text);
  }

  get all(): readonly Violation[] {
    return [...this.#texts].map((text) => ({ checker: this.#checker, text }));
  }
}
