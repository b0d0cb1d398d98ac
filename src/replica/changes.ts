import { type ErrorCode, KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import type { Clock } from "../platform/clock.ts";
import { type Change, type Configuration, changed } from "../raft/configuration.ts";
import type { EntryId, NodeId, Refusal } from "../raft/types.ts";
import type { Consensus } from "./consensus.ts";

export interface ChangesParts {
  readonly id: NodeId;
  readonly clock: Clock;
  /** W as configured; 0: a majority. */
  readonly writeQuorum: number;
  /** What is not known after so long is unknown. */
  readonly writeTimeoutMs: number;
  /** Undefined while this node loads, or when its disk has failed. */
  readonly consensus: () => Consensus | undefined;
}

interface Waiting {
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: KvorumError) => void;
}

interface Transfer extends Waiting {
  readonly to: NodeId;
  /** Until then it is waited for the other one to catch up. */
  isUnderWay: boolean;
}

/** Names the configuration's entry, if it comes to be committed. */
type Proposed = Waiting & EntryId;

/**
 * Changes of the members and of the leader that people ask this node for, until their outcome is known. Only a leader
 * takes them, each of them for one member (raft/README.md, members; semantics, membership and identity).
 */
export class Changes {
  readonly #parts: ChangesParts;
  #proposed: Proposed[] = [];
  #transfers: Transfer[] = [];

  constructor(parts: ChangesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the change is committed and applied here. Rejects with KvorumError where nothing has changed, and with
   * UNKNOWN_OUTCOME where that is not known within the write timeout.
   */
  change(change: Change): Promise<void> {
    const consensus = this.#leading();
    if (consensus instanceof KvorumError) return Promise.reject(consensus);
    const problem = this.#tooFewFor(change, consensus.configuration) ?? syncsTooLate(change, consensus);
    if (problem !== undefined) return Promise.reject(problem);
    // Proposing goes on with all that is decided, by which the term may be over.
    const { term } = consensus;
    const index = consensus.proposeChange(change);
    if (typeof index === "string") return Promise.reject(refused(index, change.id));
    return new Promise((resolve, reject) => {
      this.#proposed.push({ term, index, sinceMs: this.#nowMs, resolve, reject });
    });
  }

  /**
   * Hands the lead over to `to`, or to the voter that has most of the log; waits a moment for one that lags behind. Resolves
   * when another node leads; rejects with KvorumError where this one leads on.
   */
  transfer(to?: NodeId): Promise<void> {
    const consensus = this.#leading();
    if (consensus instanceof KvorumError) return Promise.reject(consensus);
    const target = to ?? consensus.bestSuccessor;
    if (target === undefined)
      return Promise.reject(new KvorumError("ERR", "there is no other voter to hand over to"));
    const refusal = consensus.transfer(target);
    if (refusal !== undefined && refusal !== "notCaughtUp") return Promise.reject(refused(refusal, target));
    const isUnderWay = refusal === undefined;
    return new Promise((resolve, reject) => {
      this.#transfers.push({ to: target, isUnderWay, sinceMs: this.#nowMs, resolve, reject });
    });
  }

  /** The members of this entry are applied. */
  placed(entry: EntryId): void {
    for (const one of this.#proposed) if (isOf(one, entry)) one.resolve();
    this.#proposed = this.#proposed.filter((one) => !isOf(one, entry));
  }

  /** An entry is applied: what was to stand there, or was proposed in an earlier term, never will be. */
  applied(entry: EntryId): void {
    if (this.#proposed.length === 0) return;
    const isLost = ({ term, index }: Proposed): boolean => term < entry.term || index <= entry.index;
    for (const one of this.#proposed) if (isLost(one)) one.reject(displaced());
    this.#proposed = this.#proposed.filter((one) => !isLost(one));
  }

  /** With each tick: who has waited for too long, and what became of transfers. */
  tick(): void {
    if (this.#proposed.length === 0 && this.#transfers.length === 0) return;
    const before = this.#nowMs - this.#parts.writeTimeoutMs;
    for (const one of this.#proposed) if (one.sinceMs < before) one.reject(unknown("the change of members"));
    this.#proposed = this.#proposed.filter(({ sinceMs }) => sinceMs >= before);
    this.#lookAtTransfers(before);
  }

  /** Nothing more will be known here. */
  failAll(): void {
    for (const { reject } of this.#proposed.splice(0)) reject(unknown("the change of members"));
    for (const { reject } of this.#transfers.splice(0)) reject(unknown("the transfer"));
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #lookAtTransfers(before: number): void {
    if (this.#transfers.length === 0) return;
    const consensus = this.#parts.consensus();
    const leaderId = consensus?.leaderId;
    if (consensus?.leads) this.#transfers = this.#transfers.filter((one) => !this.#isRefused(one, consensus));
    else if (leaderId !== undefined && leaderId !== this.#parts.id)
      for (const { resolve } of this.#transfers.splice(0)) resolve();
    for (const { sinceMs, reject } of this.#transfers) if (sinceMs < before) reject(unknown("the transfer"));
    this.#transfers = this.#transfers.filter(({ sinceMs }) => sinceMs >= before);
  }

  /** Has been told so, then. Tries again where the other one was not ready. */
  #isRefused(one: Transfer, consensus: Consensus): boolean {
    if (one.isUnderWay) {
      if (consensus.successor !== undefined) return false;
      one.reject(leadsOn());
      return true;
    }
    const refusal = consensus.transfer(one.to);
    one.isUnderWay = refusal === undefined;
    const waits = refusal === "notCaughtUp" && this.#nowMs - one.sinceMs < limits.transferCatchUpMs;
    if (refusal === undefined || waits) return false;
    one.reject(refused(refusal, one.to));
    return true;
  }

  #leading(): Consensus | KvorumError {
    const consensus = this.#parts.consensus();
    if (consensus === undefined)
      return new KvorumError("CLUSTERDOWN", "this node takes no part at the moment");
    return consensus.leads ? consensus : notLeader(consensus.leaderId);
  }

  /** W is between the majority and N. */
  #tooFewFor(change: Change, configuration: Configuration): KvorumError | undefined {
    const { writeQuorum } = this.#parts;
    if (writeQuorum === 0 || (change.type !== "remove" && change.type !== "demote")) return undefined;
    const after = changed(configuration, change);
    if (typeof after === "string") return undefined;
    const [before, left] = [votersIn(configuration), votersIn(after)];
    if (left >= before || left >= writeQuorum) return undefined;
    return new KvorumError(
      "ERR",
      `without ${change.id} there are ${left} voters, and each write wants ${writeQuorum} (W)`,
    );
  }
}

/** Votes rest on what a disk has promised. */
function syncsTooLate({ type, id }: Change, consensus: Consensus): KvorumError | undefined {
  if (type !== "promote" || !consensus.syncsLate(id)) return undefined;
  return new KvorumError(
    "ERR",
    `${id} syncs now and then (fsync interval): start it with --fsync always first`,
  );
}

function isOf(one: EntryId, entry: EntryId): boolean {
  return one.index === entry.index && one.term === entry.term;
}

function votersIn({ members }: Configuration): number {
  return members.filter(({ isVoter }) => isVoter).length;
}

function notLeader(leaderId: NodeId | undefined): KvorumError {
  if (leaderId === undefined) return new KvorumError("CLUSTERDOWN", "no leader is known, try again");
  return new KvorumError("NOT_LEADER", `leader=${leaderId}`);
}

function refused(refusal: Refusal, id: NodeId): KvorumError {
  const [code, message] = refusals[refusal];
  return new KvorumError(code, message.replace("ID", id));
}

const refusals: Readonly<Record<Refusal, readonly [ErrorCode, string]>> = {
  notLeader: ["CLUSTERDOWN", "this node has ceased to lead, try again"],
  transferring: ["BUSY", "the lead is being handed over, try again"],
  tooMuchUncommitted: ["BUSY", "too much waits for its commit, try again"],
  termNotCommitted: ["BUSY", "this leader has committed nothing of its term yet, try again"],
  changePending: ["BUSY", "the change of members before is not committed yet, try again"],
  noSuchMember: ["ERR", "there is no member ID"],
  alreadySo: ["ERR", "ID is that already"],
  lastVoter: ["ERR", "ID is the last voter"],
  notCaughtUp: ["BUSY", "ID lags behind or cannot be reached, try again"],
  notVoter: ["ERR", "ID is no voter"],
};

function displaced(): KvorumError {
  return new KvorumError("CLUSTERDOWN", "the leader has changed: the members have not, try again");
}

function leadsOn(): KvorumError {
  return new KvorumError("CLUSTERDOWN", "the other node has not taken over in time: this one leads on");
}

function unknown(what: string): KvorumError {
  return new KvorumError(
    "UNKNOWN_OUTCOME",
    `${what} is not known to have come about within the write timeout`,
  );
}
