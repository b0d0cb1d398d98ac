import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { simLimits } from "../../limits.ts";
import { type Violation, Violations } from "../checker.ts";
import type { LogChange } from "./logs.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/** An entry that some node held for committed. */
export interface CommittedEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly hash: string;
  /** The term in which it became known to be committed: leaders of later terms must have it. */
  readonly commitTerm: Term;
  readonly node: NodeId;
}

/** Invariant 4: whatever any node holds for committed at an index, all others hold the same there, for ever. */
export class Committed implements ClusterChecker {
  readonly name = "state-machine-safety";
  /** The highest index that any node held for committed. */
  highest: LogIndex = 0;
  readonly entries: Map<LogIndex, CommittedEntry> = new Map();
  readonly #violations: Violations = new Violations(this.name);
  /** Up to where the node's log was compared. */
  readonly #compared: Map<NodeId, LogIndex> = new Map();

  observe(observation: Observation, { from, isNewBoot }: LogChange): void {
    const { node, firstIndex, commitIndex, lastIndex } = observation;
    const done = isNewBoot ? 0 : (this.#compared.get(node) ?? 0);
    const end = Math.min(commitIndex, lastIndex);
    for (let index = Math.max(firstIndex, Math.min(done + 1, from)); index <= end; index++)
      this.#compare(observation, index);
    this.#compared.set(node, end);
    this.highest = Math.max(this.highest, commitIndex);
  }

  #compare(observation: Observation, index: LogIndex): void {
    const { node } = observation;
    const term = observation.termOf(index)!;
    const hash = observation.hashOf(index)!;
    const known = this.entries.get(index);
    if (known === undefined) this.#remember({ index, term, hash, commitTerm: observation.term, node });
    else if (known.term !== term || known.hash !== hash)
      this.#violations.add(
        `Entry ${index} is committed twice: of term ${term} (${hash}) at ${showNode(observation)}, and of term \
${known.term} (${known.hash}) at ${known.node}, which held it for committed in term ${known.commitTerm}.`,
      );
  }

  #remember(entry: CommittedEntry): void {
    this.entries.set(entry.index, entry);
    if (this.entries.size > simLimits.entriesKept) this.entries.delete(this.entries.keys().next().value!);
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
