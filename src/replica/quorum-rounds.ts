import { reached } from "../base/reached.ts";
import type { LogEnd, LogEndRequest, PeerMessage } from "../peers/message.ts";
import type { LogIndex, NodeId } from "../raft/types.ts";
import type { Batch } from "./batch.ts";

/** What this node knows of itself and of the members. */
export interface OwnState {
  readonly id: NodeId;
  readonly boot: number;
  /** Of the last configuration that is committed here. */
  readonly voters: readonly NodeId[];
  readonly configurationIndex: LogIndex;
  /** Of the last configuration in the log, committed or not. */
  readonly knownConfigurationIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Committed, and durable here. */
  readonly heldIndex: LogIndex;
}

/**
 * Asks voters where their logs end, in rounds, as long as somebody waits for that:
 *
 * - a quorum read sees every acknowledged write when all is applied that R voters had in **one** round begun after the
 *   read came: W of N hold the write and W + R > N, so one of those asked has it (semantics: quorum reads). A later
 *   round may end lower, where an earlier one met entries that never commit;
 * - a write has its W when so many voters say that they hold it committed.
 *
 * The answer of a voter that knows newer members, committed or not, does not count: what was written since may be on
 * others. Where those members are committed, no majority without such a voter is left. And while this node itself knows
 * newer ones, no answer counts: by then it hears whom those name, who may have lost the disk of the voter that was asked.
 */
export class QuorumRounds {
  readonly #own: () => OwnState;
  readonly #send: (message: PeerMessage) => void;
  readonly #reads = new Set<Batch>();
  #round = 0;
  /** By which members the round goes. */
  #configurationIndex: LogIndex = 0;
  #answers = new Map<NodeId, { lastIndex: LogIndex; heldIndex: LogIndex }>();
  /** Reads that this round counts for, with the R of each. */
  #asking: Batch[] = [];

  constructor(own: () => OwnState, send: (message: PeerMessage) => void) {
    this.#own = own;
    this.#send = send;
  }

  /** `batch` waits for a round of `batch.readQuorum` voters. */
  want(batch: Batch): void {
    this.#reads.add(batch);
  }

  /** Begins a round, where anybody waits; who has waited since an earlier one goes on waiting for that too. */
  begin(isHoldWanted: boolean): void {
    for (const batch of this.#reads) if (batch.isDone) this.#reads.delete(batch);
    if (this.#reads.size === 0 && !isHoldWanted) return;
    const { id, boot, voters, lastIndex, heldIndex, configurationIndex, knownConfigurationIndex } =
      this.#own();
    this.#round++;
    this.#configurationIndex = configurationIndex;
    this.#answers.clear();
    this.#asking = [];
    if (knownConfigurationIndex !== configurationIndex) {
      reached("round-waits-for-members");
      return;
    }
    this.#asking = [...this.#reads];
    if (voters.includes(id)) this.#answers.set(id, { lastIndex, heldIndex });
    for (const to of voters) {
      if (to !== id) this.#send({ type: "logEndRequest", from: id, to, boot, round: this.#round });
    }
    this.#judge();
  }

  requested({ from, boot, round }: LogEndRequest): void {
    const { id, lastIndex, heldIndex, knownConfigurationIndex: configurationIndex } = this.#own();
    const reply = { boot, round, lastIndex, heldIndex, configurationIndex };
    this.#send({ type: "logEnd", from: id, to: from, ...reply });
  }

  /** True: something that waited may go on. */
  answered({ from, boot, round, lastIndex, heldIndex, configurationIndex }: LogEnd): boolean {
    const own = this.#own();
    if (boot !== own.boot || round !== this.#round || !own.voters.includes(from)) {
      reached("late-round-answer");
      return false;
    }
    // Newer members since the round began, committed or not: the next one asks them.
    if (this.#configurationIndex !== own.configurationIndex) return false;
    if (this.#configurationIndex !== own.knownConfigurationIndex) return false;
    if (configurationIndex > own.configurationIndex) {
      reached("round-spoiled-by-newer-members");
      return false;
    }
    this.#answers.set(from, { lastIndex, heldIndex });
    return this.#judge();
  }

  /** The highest entry that at least so many voters hold, as far as the present round tells. */
  heldBy(count: number): LogIndex {
    const held = [...this.#answers.values()].map(({ heldIndex }) => heldIndex).sort((a, b) => b - a);
    return held[count - 1] ?? 0;
  }

  #judge(): boolean {
    let highest = 0;
    for (const { lastIndex } of this.#answers.values()) highest = Math.max(highest, lastIndex);
    const majority = Math.floor(this.#own().voters.length / 2) + 1;
    const complete = this.#asking.filter(
      (batch) => this.#answers.size >= Math.max(batch.readQuorum, majority),
    );
    for (const batch of complete) batch.readIndex = Math.min(batch.readIndex, highest);
    this.#asking = this.#asking.filter((batch) => !complete.includes(batch));
    return complete.length > 0;
  }
}
