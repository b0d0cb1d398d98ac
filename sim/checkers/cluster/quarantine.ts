import type { NodeId } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** Invariant 20: a node whose data are damaged takes no part until it is repaired. */
export class Quarantine implements Checker {
  readonly name = "quarantine";
  readonly #violations: Violations = new Violations(this.name);
  readonly #damaged: Map<NodeId, string> = new Map();

  /** The node's disk was spoiled in a way that it has to notice at its next start. */
  damaged(node: NodeId, how: string): void {
    this.#damaged.set(node, how);
  }

  /** It got another directory, or its data back. */
  repaired(node: NodeId): void {
    this.#damaged.delete(node);
  }

  /** The node did something that others rely on: "voted for n2 in term 5", "answered a read". */
  acted(node: NodeId, what: string): void {
    const how = this.#damaged.get(node);
    if (how !== undefined) this.#violations.add(`${node} ${what}, though its disk was damaged: ${how}.`);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
