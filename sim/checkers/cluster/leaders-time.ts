import type { NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

interface Told {
  readonly term: Term;
  readonly timeMs: number;
  readonly monotonicMs: number;
}

/** Cluster time meets wall time by a tenth of what passes; both numbers are whole ms, and so off by one. */
const slew = 0.1;
const roundingMs = 2;

/**
 * Part of invariant 12: while one leader decides what time it is, cluster time never goes back, and goes with the monotonic
 * clock of its process, a tenth faster or slower at most. So a jump of its wall clock neither expires keys nor keeps them.
 */
export class LeadersTime implements Checker {
  readonly name = "leaders-time";
  readonly #violations: Violations = new Violations(this.name);
  readonly #told: WeakMap<object, Told> = new WeakMap();

  /** What a leader tells the others. */
  told(process: object, node: NodeId, told: Told): void {
    const before = this.#told.get(process);
    this.#told.set(process, told);
    if (before === undefined || before.term !== told.term) return;
    const passedMs = told.monotonicMs - before.monotonicMs;
    const wentMs = told.timeMs - before.timeMs;
    if (wentMs < 0 || Math.abs(wentMs - passedMs) > passedMs * slew + roundingMs)
      this.#violations.add(
        `${node}, which leads term ${told.term}, lets ${wentMs} ms pass in ${passedMs.toFixed(1)} ms of its clock.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
