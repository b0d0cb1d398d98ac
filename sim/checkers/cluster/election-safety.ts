import type { NodeId, Term } from "../../../src/raft/index.ts";
import { type Violation, Violations } from "../checker.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/** Invariant 1: at most one leader in a term. */
export class ElectionSafety implements ClusterChecker {
  readonly name = "election-safety";
  readonly #violations: Violations = new Violations(this.name);
  readonly #leaders: Map<Term, { readonly node: NodeId; readonly boot: number }> = new Map();

  observe({ node, boot, role, term }: Observation): void {
    if (role !== "leader") return;
    const leader = this.#leaders.get(term);
    if (leader === undefined) this.#leaders.set(term, { node, boot });
    else if (leader.node !== node || leader.boot !== boot)
      this.#violations.add(
        `Term ${term} has two leaders: ${showNode(leader)} and ${showNode({ node, boot })}.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
