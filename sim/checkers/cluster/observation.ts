import type { LogIndex, NodeId, Role, Term } from "../../../src/raft/index.ts";
import type { Checker } from "../checker.ts";
import type { LogChange } from "./logs.ts";

/**
 * What a node looks like after a step, as somebody sees it who sees everything: all of one moment, and the log as consensus
 * has it in memory, which may be ahead of the disk. Checkers keep numbers of it and nothing else, so one object may be
 * shown again and again.
 */
export interface Observation {
  readonly node: NodeId;
  /** Another one for each empty directory in which the node began. */
  readonly incarnation: string;
  /** Counts its starts. */
  readonly boot: number;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId | undefined;
  /** Term and vote as a crash at this moment would leave them. */
  readonly durableTerm: Term;
  readonly durableVote: NodeId | undefined;
  readonly firstIndex: LogIndex;
  /** A crash at this moment leaves the entries up to here. */
  readonly stableIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  /** Undefined: compacted, or behind the end. */
  termOf(index: LogIndex): Term | undefined;
  /** A hash of the entry's kind and payload, for each index from firstIndex to lastIndex. Asked once an entry. */
  hashOf(index: LogIndex): string | undefined;
}

/** Shown every node after every step, with what changed in its log since it was shown the node last. */
export interface ClusterChecker extends Checker {
  observe(observation: Observation, change: LogChange): void;
}

/** "n2 (boot 3)" */
export function showNode({ node, boot }: { readonly node: NodeId; readonly boot: number }): string {
  return `${node} (boot ${boot})`;
}
