import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { simLimits } from "../../limits.ts";
import type { Observation } from "./observation.ts";

/** An entry that somebody had in its log, with what stood before it; undefined where that was compacted. */
export interface SeenEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly hash: string;
  readonly previousTerm: Term | undefined;
  /** Who had it first. */
  readonly node: NodeId;
}

/** A node's log, as numbers. */
export interface NodeLog {
  readonly node: NodeId;
  readonly incarnation: string;
  readonly boot: number;
  readonly firstIndex: LogIndex;
  readonly stableIndex: LogIndex;
  /** Terms of the entries from firstIndex on. */
  readonly terms: readonly Term[];
}

/** What became of a node's log since it was looked at last. */
export interface LogChange {
  /** As it was; undefined for a node that is new. */
  readonly before: NodeLog | undefined;
  /** Entries from here to the end are new, or others than before. */
  readonly from: LogIndex;
  /** It has started since: everything in its memory is new. */
  readonly isNewBoot: boolean;
  /** It began with an empty directory. */
  readonly isNewIncarnation: boolean;
}

/**
 * The logs of all nodes, and every entry that was ever in one of them. A look costs as much as the log has changed:
 * by log matching, where a log has the same entry as before, it has the same before it; whoever breaks that is found
 * by the comparison of neighbours (log-matching.ts).
 */
export class Logs {
  readonly nodes: Map<NodeId, NodeLog> = new Map();
  /** As they were when their disks were lost. */
  readonly lost: NodeLog[] = [];
  readonly #entries: Map<LogIndex, SeenEntry[]> = new Map();
  #oldest: LogIndex = 1;

  observe(observation: Observation): LogChange {
    const { node, incarnation, boot, firstIndex, stableIndex } = observation;
    const before = this.nodes.get(node);
    const isNewIncarnation = before?.incarnation !== incarnation;
    if (isNewIncarnation && before !== undefined) this.lost.push(before);
    const isNewBoot = isNewIncarnation || before?.boot !== boot;
    const kept = isNewBoot ? [] : keptTerms(before!, observation);
    const from = firstIndex + kept.length;
    for (let index = from; index <= observation.lastIndex; index++) kept.push(observation.termOf(index)!);
    this.nodes.set(node, { ...{ node, incarnation, boot, firstIndex, stableIndex }, terms: kept });
    return { before, from, isNewBoot, isNewIncarnation };
  }

  /** Remembers an entry; what is returned is what was known by this name before. */
  remember(entry: SeenEntry): SeenEntry | undefined {
    const { index, term } = entry;
    const known = this.entry(index, term);
    if (known !== undefined) return known;
    const same = this.#entries.get(index);
    if (same === undefined) this.#entries.set(index, [entry]);
    else same.push(entry);
    this.#forget(index);
    return undefined;
  }

  entry(index: LogIndex, term: Term): SeenEntry | undefined {
    return this.#entries.get(index)?.find((entry) => entry.term === term);
  }

  /** What lies so far back is compacted everywhere. */
  #forget(newest: LogIndex): void {
    while (this.#oldest <= newest - simLimits.entriesKept) this.#entries.delete(this.#oldest++);
  }
}

/** The terms that are still there: of entries that were neither compacted nor replaced. */
function keptTerms(before: NodeLog, observation: Observation): Term[] {
  const { firstIndex, lastIndex } = observation;
  const terms = before.terms as Term[];
  if (firstIndex > before.firstIndex) terms.splice(0, firstIndex - before.firstIndex);
  else if (firstIndex < before.firstIndex) return [];
  let count = Math.min(terms.length, lastIndex - firstIndex + 1);
  while (count > 0 && terms[count - 1] !== observation.termOf(firstIndex + count - 1)) count--;
  terms.length = Math.max(0, count);
  return terms;
}

/** Whether the node's disk has the entry, in its log or in its snapshot. */
export function holdsDurably(log: NodeLog, index: LogIndex, term: Term): boolean {
  if (index < log.firstIndex) return true;
  return index <= log.stableIndex && log.terms[index - log.firstIndex] === term;
}
