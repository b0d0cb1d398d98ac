import type { LogIndex, NodeId } from "../../../src/raft/index.ts";
import { simLimits } from "../../limits.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";
import type { Committed } from "./committed.ts";

/**
 * Invariants 15 and 16: nodes that applied the same index have the same state, and a backup has the state of a committed
 * index. Hashing a state costs as much as it has keys, so whoever shows states chooses how often.
 */
export class States implements Checker {
  readonly name = "states";
  readonly #violations: Violations = new Violations(this.name);
  readonly #committed: Committed;
  readonly #hashes: Map<LogIndex, { readonly hash: string; readonly who: string }> = new Map();

  constructor(committed: Committed) {
    this.#committed = committed;
  }

  /** The state hash of a node that has just applied this index. */
  applied(node: NodeId, index: LogIndex, hash: string): void {
    this.#compare(node, index, hash);
  }

  /** The state hash of a backup, as it was restored, and the index that it says it has. */
  backup(name: string, index: LogIndex, hash: string): void {
    if (index > this.#committed.highest)
      this.#violations.add(
        `The backup ${name} has index ${index}, and no more than ${this.#committed.highest} is committed.`,
      );
    this.#compare(`the backup ${name}`, index, hash);
  }

  #compare(who: string, index: LogIndex, hash: string): void {
    const known = this.#hashes.get(index);
    if (known === undefined) {
      this.#hashes.set(index, { hash, who });
      if (this.#hashes.size > simLimits.statesKept) this.#hashes.delete(this.#hashes.keys().next().value!);
    } else if (known.hash !== hash)
      this.#violations.add(
        `At index ${index}, the state of ${who} is not that of ${known.who}: ${hash}, ${known.hash}.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
