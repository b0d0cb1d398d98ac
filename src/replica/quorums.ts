import type { LogEnd, LogEndRequest, PeerMessage } from "../peers/message.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { LogIndex, NodeId, PlacedConfiguration, ReadToken } from "../raft/types.ts";
import type { Batch } from "./batch.ts";
import type { Consensus } from "./consensus.ts";
import type { Proposals } from "./proposals.ts";
import { type OwnState, QuorumRounds } from "./quorum-rounds.ts";
import { ReadRounds } from "./read-rounds.ts";

export interface QuorumsParts {
  readonly id: NodeId;
  readonly boot: number;
  /** W as configured; 0: a majority. */
  readonly writeQuorum: number;
  readonly proposals: Proposals;
  readonly consensus: () => Consensus;
  /** The members as of the last entry applied. */
  readonly placed: () => PlacedConfiguration;
  readonly appliedIndex: () => LogIndex;
}

/** Ticks between two rounds of questions to the voters. */
const roundTicks = 3;

/** Whom a batch has to hear of before it is answered: N, W and R of the semantics. */
export class Quorums {
  readonly #parts: QuorumsParts;
  readonly #reads: ReadRounds;
  readonly #rounds: QuorumRounds;
  #ticksToRound = 0;

  constructor(parts: QuorumsParts) {
    this.#parts = parts;
    const send = (message: PeerMessage): void => parts.consensus().send(message);
    this.#reads = new ReadRounds((token) => parts.consensus().read(token));
    this.#rounds = new QuorumRounds(() => this.#ownState(), send);
  }

  /** Finds out which entry a batch of reads has to see. */
  ask(batch: Batch): void {
    if (batch.readMode === "linearizable") this.#reads.begin(batch);
    else if (batch.readMode === "stale") batch.readIndex = 0;
    else {
      this.#rounds.want(batch);
      this.#rounds.begin(false);
      this.#ticksToRound = roundTicks;
    }
  }

  confirmed(token: ReadToken, index: LogIndex): void {
    this.#reads.confirmed(token, index);
  }

  failed(token: ReadToken): void {
    this.#reads.failed(token);
  }

  requested(message: LogEndRequest): void {
    this.#rounds.requested(message);
  }

  answered(message: LogEnd): void {
    this.#rounds.answered(message);
  }

  /** Asks again where that failed, or where what was heard was not enough. True: somebody may have to be answered. */
  tick(): boolean {
    this.#reads.repeat();
    if (--this.#ticksToRound > 0) return false;
    this.#ticksToRound = roundTicks;
    const isHolding = this.#parts.proposals.oldest?.isApplied === true;
    this.#rounds.begin(isHolding && !this.#parts.consensus().leads);
    return isHolding;
  }

  /** W of a write that names none or its own; 0: the majority that its commit takes. */
  wanted(writeQuorum: number): number {
    const voters = writeQuorum || this.#parts.writeQuorum;
    return voters > 1 ? voters : 0;
  }

  /** Voters that a write wants beyond what its commit takes anyway; 0: none. */
  beyondMajority(voters: number): number {
    if (voters === 0) return 0;
    const all = votersOf(this.#parts.consensus().configuration).length;
    return voters > Math.floor(all / 2) + 1 ? voters : 0;
  }

  /**
   * The commit of the entry that is being applied is no proof that so many voters hold it: a majority may have been one of the
   * members as they are now, or of those after the one change that may be under way, which may be one fewer.
   */
  isBeyond(voters: number): boolean {
    const all = votersOf(this.#parts.placed().configuration).length;
    return voters > Math.floor((all - 1) / 2) + 1;
  }

  /** A write that wants so many voters has no chance for now. */
  isOutOfReach(voters: number): boolean {
    const wanted = this.beyondMajority(voters);
    return wanted > 0 && this.reachableVoters < wanted;
  }

  /** Only a leader knows: elsewhere they all count. */
  get reachableVoters(): number {
    const consensus = this.#parts.consensus();
    return consensus.leads ? consensus.reachableVoters : votersOf(consensus.configuration).length;
  }

  /** So many voters hold this entry. */
  isHeld(voters: number, index: LogIndex): boolean {
    const consensus = this.#parts.consensus();
    return (consensus.leads ? consensus.heldBy(voters) : this.#rounds.heldBy(voters)) >= index;
  }

  #ownState(): OwnState {
    const { id, boot, consensus, placed, appliedIndex } = this.#parts;
    const { lastIndex, applyIndex, configurationIndex } = consensus().status();
    const { index, configuration } = placed();
    const ends = { lastIndex, heldIndex: applyIndex };
    // What is applied is known by its entry; consensus knows of a snapshot's members by the snapshot alone.
    const known = configurationIndex > appliedIndex() ? configurationIndex : index;
    const members = { configurationIndex: index, knownConfigurationIndex: known };
    return { id, boot, ...ends, voters: votersOf(configuration), ...members };
  }
}

function votersOf({ members }: Configuration): NodeId[] {
  return members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
}
