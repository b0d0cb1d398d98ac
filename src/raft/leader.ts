import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import { type Change, changed, encodeConfiguration } from "./configuration.ts";
import { Inflights } from "./inflights.ts";
import type { AppendReply, HeartbeatReply, Message } from "./message.ts";
import { Peers } from "./peers.ts";
import type { Raft, RoleState } from "./raft.ts";
import { LeaderReads } from "./read-index.ts";
import {
  CONFIGURATION,
  type EntryKind,
  type LogIndex,
  NOOP,
  type NodeId,
  type ReadToken,
  type Refusal,
} from "./types.ts";

/**
 * Takes proposals, brings every member to its own log, and says what is committed (paper 5.3, 5.4).
 *
 * What it sends is decided when the host takes a bundle, in `flush`: by then all proposals and answers of a turn
 * are in, and go out together.
 */
export class Leader implements RoleState {
  readonly name = "leader";
  readonly peers: Peers;
  readonly #raft: Raft;
  /** Own proposals that are not committed. */
  readonly #uncommitted: Inflights;
  readonly #reads: LeaderReads = new LeaderReads();
  /** The member that is to lead next. Until it does, or time is over, nothing new is taken (thesis 3.10). */
  #transfer: { readonly to: NodeId; readonly since: number; isSent: boolean } | undefined;
  #ticksToHeartbeat: number;

  constructor(raft: Raft) {
    this.#raft = raft;
    this.peers = new Peers(raft);
    this.#uncommitted = new Inflights(Number.POSITIVE_INFINITY, raft.config.uncommittedBytesMax);
    this.#ticksToHeartbeat = raft.config.heartbeatTicks;
  }

  /** The first entry of the term brings everything before it to its commit (paper 5.4.2, 8). */
  begin(): void {
    this.#append(NOOP, noBytes);
  }

  // The role

  step(message: Message): void {
    switch (message.type) {
      case "appendReply":
        this.#appendReply(message);
        break;
      case "heartbeatReply":
        this.#heartbeatReply(message);
        break;
      case "readIndex":
        this.#reads.ask(message.from, { boot: message.boot, request: message.request });
        break;
      case "appendEntries":
      case "heartbeat":
      case "installSnapshot":
        assert(false, "a term has one leader");
    }
  }

  tick(elapsed: number): void {
    // First of all: after a pause, this may be long over.
    if (this.#hasLostMajority || this.#isHeldUpByDisk) {
      reached(this.#hasLostMajority ? "leader-without-majority" : "leader-held-up-by-disk");
      this.#raft.becomeFollower(this.#raft.term);
      return;
    }
    this.#abandonLateTransfer();
    this.#ticksToHeartbeat -= elapsed;
    if (this.#ticksToHeartbeat <= 0) this.#sendHeartbeats();
  }

  flush(): void {
    this.#beginReadRound();
    this.peers.sendEntries();
  }

  stabilized(): void {
    this.#advanceCommit();
  }

  leave(): void {
    this.#raft.failedReads.push(...this.#reads.abandoned());
    if (this.#raft.failedReads.length > 0) reached("reads-given-up");
  }

  // What the host asks for

  propose(kind: EntryKind, payload: Buffer): LogIndex | Refusal {
    assert(kind !== NOOP && kind !== CONFIGURATION, "these entries are made here");
    if (this.#transfer !== undefined) {
      reached("proposal-while-transferring");
      return "transferring";
    }
    if (this.#uncommitted.wouldOverflow(payload.length)) {
      reached("too-much-uncommitted");
      return "tooMuchUncommitted";
    }
    return this.#append(kind, payload);
  }

  /**
   * Thesis 4.1, with the rule that was missing there (Ongaro 2015): without a committed entry of the own term, the
   * configuration that this change starts from may be one that another leader has changed differently.
   */
  proposeChange(change: Change): LogIndex | Refusal {
    const { membership, commitIndex } = this.#raft.log;
    if (this.#transfer !== undefined) return "transferring";
    if (!this.#hasCommittedInTerm) {
      reached("change-before-own-term");
      return "termNotCommitted";
    }
    if (membership.index > commitIndex) {
      reached("change-while-pending");
      return "changePending";
    }
    const configuration = changed(membership.current, change);
    if (typeof configuration === "string") return configuration;
    if (change.type === "promote" && !this.peers.isCaughtUp(change.id)) {
      reached("learner-not-caught-up");
      return "notCaughtUp";
    }
    const index = this.#append(CONFIGURATION, encodeConfiguration(configuration));
    this.peers.meet(change);
    // Fewer voters may hold more, and may have confirmed what the old ones had not.
    this.#advanceCommit();
    this.#confirmReads();
    if (this.#raft.log.commitIndex > commitIndex) reached("fewer-voters-hold-more");
    return index;
  }

  /** Who is to lead next, until time is over for that. */
  get successor(): NodeId | undefined {
    return this.#transfer?.to;
  }

  transfer(to: NodeId): Refusal | undefined {
    if (to === this.#raft.id) return "alreadySo";
    if (this.#transfer !== undefined) return "transferring";
    if (!this.#raft.log.membership.isVoter(to)) return "notVoter";
    if (!this.peers.isCaughtUp(to)) return "notCaughtUp";
    this.#transfer = { to, since: this.#raft.now, isSent: false };
    this.#advanceTransfer();
    return undefined;
  }

  read(token: ReadToken): void {
    this.#reads.add(token);
  }

  // Entries and commit

  #append(kind: EntryKind, payload: Buffer): LogIndex {
    const { log, term } = this.#raft;
    const index = log.lastIndex + 1;
    log.append({ term, index, kind, payload });
    this.#uncommitted.add(index, payload.length);
    return index;
  }

  /**
   * An entry is committed when a majority holds it *and* it is of this term; it brings all before it along. That a
   * majority holds an older entry is no proof: another leader could still replace it (paper 5.4.2, fig. 8).
   */
  #advanceCommit(): void {
    const { log, term, id } = this.#raft;
    const index = this.peers.heldByMajority;
    if (index <= log.commitIndex || log.termOf(index) !== term) {
      if (index > log.commitIndex) reached("older-term-held-by-majority");
      return;
    }
    if (index > log.stableIndex) reached("committed-before-own-disk");
    log.commitTo(index);
    this.#uncommitted.freeTo(index);
    const { membership } = log;
    if (membership.index <= index && !membership.isVoter(id)) this.#handOver();
  }

  get #hasCommittedInTerm(): boolean {
    return this.#raft.log.termOf(this.#raft.log.commitIndex) === this.#raft.term;
  }

  #appendReply({ from, index, conflict }: AppendReply): void {
    const peer = this.peers.get(from);
    if (peer === undefined) {
      reached("reply-of-stranger");
      return;
    }
    const { log, now } = this.#raft;
    peer.heardAt = now;
    if (conflict !== undefined) {
      peer.refused(index, log.lastShared(conflict.index, conflict.term, peer.match).index);
      return;
    }
    assert(index <= log.lastIndex, "a follower acknowledges what it was sent");
    if (!peer.acknowledged(index, log.firstIndex)) return;
    this.#advanceCommit();
    this.#advanceTransfer();
  }

  // Heartbeats and the majority

  #sendHeartbeats(): void {
    this.#ticksToHeartbeat = this.#raft.config.heartbeatTicks;
    this.peers.sendHeartbeats(this.#reads.round);
    // Clients wait meanwhile, so a word that was lost is not waited for. One that comes twice is of a term that is over.
    if (this.#transfer?.isSent) this.#sendTimeoutNow(this.#transfer.to);
  }

  #heartbeatReply({ from, round }: HeartbeatReply): void {
    const peer = this.peers.get(from);
    if (peer === undefined) return;
    peer.heardAt = this.#raft.now;
    peer.round = Math.max(peer.round, round);
    peer.answered(this.#raft.log.lastIndex);
    this.#confirmReads();
  }

  /** Others may have elected another leader (thesis 6.2). */
  get #hasLostMajority(): boolean {
    return this.peers.ticksWithoutMajority >= this.#raft.config.checkQuorumTicks;
  }

  /** It cannot write, and others would get on without it. */
  get #isHeldUpByDisk(): boolean {
    return this.#raft.isDiskHanging && !this.#raft.log.membership.isOnlyVoter(this.#raft.id);
  }

  // Reads

  /** Not before an entry of this term is committed: until then, others know of commits that we do not (thesis 6.4). */
  #beginReadRound(): void {
    if (!this.#reads.isRoundDue || !this.#hasCommittedInTerm) {
      if (this.#reads.isRoundDue) reached("read-waits-for-own-term");
      return;
    }
    this.#reads.begin(this.#raft.log.commitIndex);
    this.#confirmReads();
    if (this.#reads.isRoundOpen) this.#sendHeartbeats();
  }

  #confirmReads(): void {
    if (!this.#reads.isRoundOpen) return;
    const confirmed = this.#reads.confirm(this.peers.roundOfMajority(this.#reads.round));
    if (confirmed === undefined) return;
    const { id, term } = this.#raft;
    const { index, reads } = confirmed;
    for (const token of reads.tokens) this.#raft.reads.push({ token, index });
    for (const [to, request] of reads.requests)
      this.#raft.send({ type: "readIndexReply", from: id, to, term, ...request, index });
  }

  // Succession

  #advanceTransfer(): void {
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.isSent) return;
    if (this.peers.get(transfer.to)?.match !== this.#raft.log.lastIndex) return;
    transfer.isSent = true;
    this.#sendTimeoutNow(transfer.to);
  }

  #abandonLateTransfer(): void {
    const since = this.#transfer?.since ?? this.#raft.now;
    if (this.#raft.now - since < this.#raft.config.electionTicksMin) return;
    reached("transfer-abandoned");
    this.#transfer = undefined;
  }

  #sendTimeoutNow(to: NodeId): void {
    this.#raft.send({ type: "timeoutNow", from: this.#raft.id, to, term: this.#raft.term });
  }

  /** The change that takes our vote away is committed: all are told, and another has to lead (thesis 4.2.2). */
  #handOver(): void {
    reached("leader-removed");
    this.peers.sendEntries();
    this.#sendTimeoutNow(this.peers.mostAdvanced);
    this.#raft.becomeFollower(this.#raft.term);
  }
}

const noBytes = Buffer.alloc(0);
