import type { NodeId } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** Invariant 18: queues and memory stay within their bounds. */
export class Bounds implements Checker {
  readonly name = "bounds";
  readonly #violations: Violations = new Violations(this.name);
  readonly #most: Readonly<Record<string, number>>;
  readonly #isOver: Set<string> = new Set();

  /** The most that each measured thing may be, by its name; units belong into the names. */
  constructor(most: Readonly<Record<string, number>>) {
    this.#most = most;
  }

  measured(node: NodeId, name: string, value: number): void {
    const most = this.#most[name];
    if (most === undefined) throw new Error(`no bound is known for ${name}`);
    if (value <= most || this.#isOver.has(`${node} ${name}`)) return;
    this.#isOver.add(`${node} ${name}`);
    this.#violations.add(`${node} has ${value} ${name}, and ${most} is the bound.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
