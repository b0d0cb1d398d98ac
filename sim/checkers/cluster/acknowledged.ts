import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { simLimits } from "../../limits.ts";
import { type Violation, Violations } from "../checker.ts";
import type { Committed } from "./committed.ts";
import { hasEntry } from "./leader-completeness.ts";
import { holdsDurably, type Logs } from "./logs.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

/** A write whose client was answered that it was applied. */
export interface Acknowledgement {
  readonly index: LogIndex;
  /**
   * The voters as of then, and how many of them the write was promised to be on. More than one, where members were just
   * changing: then one of them was in force at the leader when it committed the write.
   */
  readonly quorums: readonly Quorum[];
}

export interface Quorum {
  readonly voters: readonly NodeId[];
  readonly quorum: number;
}

/**
 * Invariant 7: when a write is acknowledged, it is committed, and durable on as many voters as were promised; and every
 * leader of a later term has it.
 */
export class Acknowledged implements ClusterChecker {
  readonly name = "acknowledged";
  readonly #violations: Violations = new Violations(this.name);
  readonly #logs: Logs;
  readonly #committed: Committed;
  readonly #entries: Map<LogIndex, { readonly term: Term; readonly commitTerm: Term }> = new Map();
  readonly #leaders: Set<string> = new Set();

  constructor(logs: Logs, committed: Committed) {
    this.#logs = logs;
    this.#committed = committed;
  }

  /** To be told when the reply leaves, after all nodes were observed. */
  acknowledged({ index, quorums }: Acknowledgement): void {
    if (this.#entries.has(index)) return;
    const entry = this.#committed.entries.get(index);
    if (entry === undefined) {
      this.#violations.add(
        `A write was acknowledged at index ${index}, and no node holds that for committed.`,
      );
      return;
    }
    this.#remember(index, entry);
    // Who said that it holds the entry, and lost its disk before the client was told, did hold it.
    const logs = [...this.#logs.nodes.values(), ...this.#logs.lost];
    const isHolder = (id: NodeId): boolean =>
      logs.some((log) => log.node === id && holdsDurably(log, index, entry.term));
    const isMet = ({ voters, quorum }: Quorum): boolean => voters.filter(isHolder).length >= quorum;
    if (!quorums.some(isMet)) this.#violations.add(describe(index, quorums, isHolder));
  }

  #remember(index: LogIndex, { term, commitTerm }: { term: Term; commitTerm: Term }): void {
    this.#entries.set(index, { term, commitTerm });
    if (this.#entries.size > simLimits.entriesKept) this.#entries.delete(this.#entries.keys().next().value!);
  }

  observe(observation: Observation): void {
    const { node, boot, role, term } = observation;
    if (role !== "leader" || this.#leaders.has(`${term} ${node} ${boot}`)) return;
    this.#leaders.add(`${term} ${node} ${boot}`);
    for (const [index, entry] of this.#entries) {
      if (entry.commitTerm >= term || hasEntry(observation, { index, term: entry.term })) continue;
      this.#violations.add(
        `${showNode(observation)} leads term ${term} without the write at index ${index}, which was acknowledged in \
term ${entry.commitTerm}: it is lost.`,
      );
      return;
    }
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}

function describe(index: LogIndex, quorums: readonly Quorum[], isHolder: (id: NodeId) => boolean): string {
  const wanted = quorums.map(({ voters, quorum }) => {
    const holders = voters.filter(isHolder);
    return `it was durable on ${holders.length} of the voters ${voters.join(", ")} only (${holders.join(", ") || "none"}); ${quorum} were promised`;
  });
  return `The write at index ${index} was acknowledged while ${wanted.join(", and ")}.`;
}
