import type { LogIndex, NodeId } from "../../../src/raft/index.ts";
import { simLimits } from "../../limits.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A write of a session that a node carried out, and did not answer from memory. */
export interface CarriedOut {
  readonly node: NodeId;
  readonly index: LogIndex;
  readonly session: string;
  readonly sequence: number;
}

/** Invariant 14, seen from inside: of all attempts of a write, one is carried out, and everywhere the same one. */
export class Once implements Checker {
  readonly name = "once";
  readonly #violations: Violations = new Violations(this.name);
  readonly #indexes: Map<string, { readonly index: LogIndex; readonly node: NodeId }> = new Map();

  carriedOut({ node, index, session, sequence }: CarriedOut): void {
    const name = `${session}/${sequence}`;
    const first = this.#indexes.get(name);
    if (first === undefined) {
      this.#indexes.set(name, { index, node });
      if (this.#indexes.size > simLimits.entriesKept)
        this.#indexes.delete(this.#indexes.keys().next().value!);
    } else if (first.index !== index)
      this.#violations.add(
        `Write ${sequence} of session ${session} was carried out twice: at index ${first.index} by ${first.node}, and \
at index ${index} by ${node}.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
