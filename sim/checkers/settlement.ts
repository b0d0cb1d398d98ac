import { type Checker, type Violation, Violations } from "./checker.ts";

/** Invariant 17: whoever asks is answered once: applied, refused, or unknown; neither never nor twice. */
export class Settlement implements Checker {
  readonly name = "settlement";
  readonly #violations: Violations = new Violations(this.name);
  /** Calls without an answer, and what they were. */
  readonly #open: Map<number, string> = new Map();
  #asked = 0;

  /** Something was asked; the number names it when it is settled. */
  asked(what: string): number {
    this.#open.set(++this.#asked, what);
    return this.#asked;
  }

  settled(call: number, how: string): void {
    if (!this.#open.delete(call)) this.#violations.add(`Call ${call} was settled again: ${how}.`);
  }

  /** When nothing can come any more: all connections are closed, or had their time. */
  finish(): readonly Violation[] {
    for (const [call, what] of this.#open) this.#violations.add(`Call ${call} was never settled: ${what}.`);
    return this.#violations.all;
  }
}
