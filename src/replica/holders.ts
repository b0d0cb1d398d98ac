import type { LogEnd, PeerMessage } from "../peers/message.ts";
import type { LogIndex, NodeId } from "../raft/types.ts";
import type { Consensus } from "./consensus.ts";
import type { Count } from "./contract.ts";

export interface HoldersParts {
  readonly id: NodeId;
  readonly boot: number;
  /** Undefined while this node loads. */
  readonly consensus: () => Consensus | undefined;
  readonly appliedIndex: () => LogIndex;
}

interface Waiting {
  readonly index: LogIndex;
  readonly heard: (others: number) => void;
  /** As it was told last. */
  others: number;
}

/** Of questions that belong to no round of the voters: quorum-rounds.ts counts its own from 1. */
export const noRound = 0;
const askTicks = 2;

/**
 * How many other members, voters or not, hold durably what is applied here: WAIT and its like. A leader knows; any other
 * node asks them as long as somebody waits. Who holds a committed entry holds it for ever, so an answer is never too old.
 */
export class Holders {
  readonly #parts: HoldersParts;
  readonly #waiting = new Set<Waiting>();
  /** As others have said. */
  readonly #held = new Map<NodeId, LogIndex>();
  #ticksToAsk = 0;

  constructor(parts: HoldersParts) {
    this.#parts = parts;
  }

  /** See Replica.countHolders. */
  count(heard: (others: number) => void): Count {
    const index = this.#parts.appliedIndex();
    const waiting: Waiting = { index, heard, others: this.#holding(index) };
    if (this.#waiting.size === 0) this.#ticksToAsk = 0;
    this.#waiting.add(waiting);
    heard(waiting.others);
    this.#ask();
    return { end: () => void this.#waiting.delete(waiting) };
  }

  /** Something was acknowledged. */
  look(): void {
    for (const waiting of this.#waiting) {
      const others = this.#holding(waiting.index);
      if (others <= waiting.others) continue;
      waiting.others = others;
      waiting.heard(others);
    }
  }

  tick(): void {
    if (this.#waiting.size === 0) return;
    this.#ask();
    this.look();
  }

  /** Where the log of another member ends, and what it holds that is committed. */
  answered({ from, boot, heldIndex }: LogEnd): void {
    if (boot !== this.#parts.boot) return;
    this.#held.set(from, heldIndex);
    this.look();
  }

  #ask(): void {
    const consensus = this.#parts.consensus();
    if (consensus === undefined || consensus.leads || --this.#ticksToAsk > 0) return;
    this.#ticksToAsk = askTicks;
    for (const to of this.#others(consensus)) consensus.send(this.#question(to));
  }

  #question(to: NodeId): PeerMessage {
    const { id, boot } = this.#parts;
    return { type: "logEndRequest", from: id, to, boot, round: noRound };
  }

  #holding(index: LogIndex): number {
    const consensus = this.#parts.consensus();
    if (consensus === undefined) return 0;
    const held = consensus.leads ? matchesOf(consensus) : this.#held;
    return this.#others(consensus).filter((id) => (held.get(id) ?? 0) >= index).length;
  }

  #others({ configuration }: Consensus): NodeId[] {
    return configuration.members.map(({ id }) => id).filter((id) => id !== this.#parts.id);
  }
}

function matchesOf(consensus: Consensus): Map<NodeId, LogIndex> {
  return new Map(consensus.status().peers.map(({ id, match }) => [id, match]));
}
