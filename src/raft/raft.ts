import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import { Candidate } from "./candidate.ts";
import { type Config, checkedConfig } from "./config.ts";
import { ElectionTimer } from "./election-timer.ts";
import { Follower } from "./follower.ts";
import { Leader } from "./leader.ts";
import { Log } from "./log.ts";
import type { Message, PreVote, RequestVote } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { ForwardedReads } from "./read-index.ts";
import type { EntryId, LogIndex, NodeId, ReadState, ReadToken, Restored, Role, Term } from "./types.ts";

/** What a role does with a message of its own term, and with time. */
export interface RoleState {
  readonly name: Role;
  step(message: Message): void;
  tick(elapsed: number): void;
  /** The host takes a bundle: the last moment to add to it. */
  flush(): void;
  /** More of the own log is durable. */
  stabilized(): void;
  leave(): void;
}

/** What the host has to do for a member: bring entries into memory. */
export interface Load {
  readonly to: NodeId;
  readonly from: LogIndex;
  readonly bytesMax: number;
}

/**
 * One member of the cluster: what it knows in every role, the gate of terms, and the changes of role. What a role
 * does lives in follower.ts, candidate.ts and leader.ts.
 *
 * Invariants: `term` and `vote` change in `#enterTerm` and `#voteFor` alone; the role changes in `become*` alone;
 * within a term, `vote` is given once and `leaderId` has one value (paper 5.2, election safety).
 */
export class Raft {
  readonly config: Config;
  readonly log: Log;
  readonly outbox: Outbox = new Outbox();
  readonly timer: ElectionTimer;
  readonly forwardedReads: ForwardedReads = new ForwardedReads();
  /** Ticks since the start of this object. */
  now = 0;
  /** Effects that wait for the next bundle. */
  reads: ReadState[] = [];
  failedReads: ReadToken[] = [];
  loads: Load[] = [];
  /** Where a leader contradicted what was committed here: see Config.toleratesLostTail. */
  divergedAt: LogIndex | undefined;

  #term: Term;
  #vote: NodeId | undefined;
  #leaderId: NodeId | undefined;
  #state: RoleState;
  /** When the leader that is known last said that a majority follows it. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** A write has carried term and vote as they are now. */
  #isHardStateGiven: boolean;
  /** When the disk last showed that it works: a write came back, or nothing was under way. */
  #diskSeenAt = 0;

  constructor(config: Config, restored: Restored) {
    this.config = checkedConfig(config);
    this.log = new Log(restored);
    this.timer = new ElectionTimer(config);
    const { term, vote } = restored.hardState;
    const lastTerm = this.log.lastTerm;
    // A write holds term and entries, and a crash may leave the entries alone: their term is ours, without a vote.
    this.#term = Math.max(term, lastTerm);
    this.#vote = term < lastTerm ? undefined : vote;
    this.#isHardStateGiven = term >= lastTerm;
    this.#state = new Follower(this);
  }

  get id(): NodeId {
    return this.config.id;
  }

  get term(): Term {
    return this.#term;
  }

  get vote(): NodeId | undefined {
    return this.#vote;
  }

  get leaderId(): NodeId | undefined {
    return this.#leaderId;
  }

  get role(): Role {
    return this.#state.name;
  }

  /** What it knows as the leader, while it is one. */
  get leader(): Leader | undefined {
    return this.#state instanceof Leader ? this.#state : undefined;
  }

  // Input

  tick(elapsed: number): void {
    if (this.divergedAt !== undefined) return;
    this.now += elapsed;
    if (!this.outbox.isWriting) this.#diskSeenAt = this.now;
    this.#state.tick(elapsed);
  }

  step(message: Message): void {
    assert(message.to === this.id, "a message reaches the member that it is meant for");
    if (this.divergedAt !== undefined) return;
    if (message.type === "preVote") this.#answerPreVote(message);
    else if (!this.#passesGate(message)) this.#answerOutside(message);
    else if (message.type === "requestVote") this.#answerVote(message);
    else this.#state.step(message);
  }

  /**
   * The gate of terms (paper 5.1): a higher term than ours makes us a follower of that term, a lower one does not come
   * in. Pre-votes stand outside, since they ask about a term that nobody has entered; and a sticky voter does not
   * enter a term for a candidate that it refuses.
   */
  #passesGate(message: Message): boolean {
    if (message.term < this.#term) return message.type === "preVoteReply";
    if (message.term === this.#term) return true;
    if (message.type === "requestVote" && this.#isSticky && !message.isTransfer) {
      reached("vote-refused-without-entering-term");
      return false;
    }
    if (message.type === "preVoteReply") reached("pre-candidate-told-of-term");
    this.becomeFollower(message.term);
    return true;
  }

  /** The host says that everything up to this write is durable. */
  persisted(write: number): void {
    this.#diskSeenAt = this.now;
    const messages = this.outbox.written(write, this.#term);
    this.log.written(write);
    for (const message of messages) this.#dispatch(message);
    this.#state.stabilized();
  }

  /** Asks for votes. */
  campaign(): void {
    if (this.leader === undefined && this.mayCampaign) this.becomePreCandidate();
  }

  /** No leader was heard for an election timeout. */
  timedOut(): void {
    this.#setLeader(undefined);
    if (this.mayCampaign) this.becomePreCandidate();
    else {
      if (this.isDiskHanging) reached("silent-since-disk-hangs");
      this.timer.restart();
    }
  }

  /** Who cannot write could only keep the others from electing somebody. */
  get mayCampaign(): boolean {
    return this.log.membership.mayCampaign(this.id) && !this.isDiskHanging;
  }

  /** The leader's process is gone. Voters that still hear it decide whether that matters: there is a pre-vote. */
  refused(id: NodeId): void {
    if (this.#leaderId !== id || this.#state.name !== "follower") return;
    reached("leader-gone");
    this.#setLeader(undefined);
    this.timer.hurry();
  }

  /** A leader contradicts what is committed here. */
  diverged(index: LogIndex): void {
    assert(this.config.toleratesLostTail(), "a leader has all that was ever committed");
    this.divergedAt = index;
  }

  read(token: ReadToken): void {
    if (this.leader !== undefined) this.leader.read(token);
    else if (this.#leaderId !== undefined) this.forwardedReads.add(token);
    else {
      reached("read-without-leader");
      this.failedReads.push(token);
    }
  }

  flush(): void {
    this.#state.flush();
  }

  // Output

  /** For what promises nothing: leaves with the next bundle. */
  send(message: Message): void {
    this.outbox.send(message);
  }

  /** For what promises something: leaves when all that is known now is durable. */
  promise(message: Message): void {
    if (!this.outbox.hold(message, this.#isDirty)) this.#dispatch(message);
  }

  get #isDirty(): boolean {
    return !this.#isHardStateGiven || this.log.isDirty;
  }

  /** Nothing came back from the disk for so long that nobody should wait for this member. */
  get isDiskHanging(): boolean {
    return this.outbox.isWriting && this.now - this.#diskSeenAt >= this.config.electionTicksMin;
  }

  /** The number of the next write, and whether it has to carry the hard state; undefined if nothing is new. */
  giveWrite(): { number: number; isHardStateNew: boolean } | undefined {
    if (!this.#isDirty) return undefined;
    const isHardStateNew = !this.#isHardStateGiven;
    this.#isHardStateGiven = true;
    return { number: this.outbox.nextWrite(), isHardStateNew };
  }

  #dispatch(message: Message): void {
    if (message.to === this.id) this.step(message);
    else this.send(message);
  }

  // Changes of role

  becomeFollower(term: Term): void {
    assert(term >= this.#term, "terms never fall");
    const hasLed = this.leader !== undefined;
    if (hasLed && term > this.#term) reached("leader-deposed");
    if (term > this.#term) this.#enterTerm(term, undefined);
    this.#setLeader(undefined);
    this.#enter(new Follower(this));
    // Only a leader's timer did not run: that others campaign is no reason to wait longer (paper 5.2).
    if (hasLed) this.timer.restart();
  }

  becomePreCandidate(): void {
    assert(this.leader === undefined, "a leader does not campaign");
    if (!this.log.membership.isVoter(this.id)) reached("campaign-of-removed-voter");
    this.#setLeader(undefined);
    this.timer.restartForAttempt();
    const candidate = new Candidate(this, "preCandidate");
    this.#enter(candidate);
    candidate.askForPreVotes();
  }

  becomeCandidate({ isTransfer }: { isTransfer: boolean }): void {
    assert(this.leader === undefined, "a leader does not campaign");
    this.#enterTerm(this.#term + 1, this.id);
    this.#setLeader(undefined);
    this.timer.restartForAttempt();
    const candidate = new Candidate(this, "candidate");
    this.#enter(candidate);
    candidate.askForVotes(isTransfer);
  }

  becomeLeader(): void {
    assert(this.#state.name === "candidate", "only a candidate wins an election");
    assert(this.#vote === this.id && this.#isHardStateGiven, "who leads has voted for itself, durably");
    const leader = new Leader(this);
    this.#enter(leader);
    this.#setLeader(this.id);
    leader.begin();
  }

  #enter(state: RoleState): void {
    this.#state.leave();
    this.#state = state;
  }

  #enterTerm(term: Term, vote: NodeId | undefined): void {
    assert(term > this.#term, "terms never fall");
    this.#term = term;
    this.#vote = vote;
    this.#isHardStateGiven = false;
  }

  // Leaders and votes

  /** A leader of this term was heard. */
  heardLeader(id: NodeId): void {
    this.#setLeader(id);
    this.timer.restart();
  }

  /** It was heard to have a majority. */
  heardConfirmation(): void {
    this.#confirmedAt = this.now;
  }

  #setLeader(id: NodeId | undefined): void {
    if (id === this.#leaderId) return;
    assert(id === undefined || this.#leaderId === undefined, "a term has one leader");
    this.#leaderId = id;
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
    this.failedReads.push(...this.forwardedReads.abandon());
  }

  /**
   * Whether to refuse votes because all is well (thesis 4.2.3): we lead, or a leader that a majority follows was heard
   * within the shortest election timeout. A leader that only we hear does not count: it would keep a connected
   * majority, of which we are one, from electing another.
   */
  get #isSticky(): boolean {
    return this.leader !== undefined || this.now - this.#confirmedAt < this.config.electionTicksMin;
  }

  #answerPreVote(message: PreVote): void {
    const { from, last, term } = message;
    const isGranted = term >= this.#term && !this.#isSticky && this.#mayTrust(last);
    if (!isGranted) reached("pre-vote-refused");
    const forTerm = term + 1;
    this.send({ type: "preVoteReply", from: this.id, to: from, term: this.#term, forTerm, isGranted });
    if (isGranted && this.#state.name === "preCandidate" && from > this.id) this.#giveWay();
  }

  /**
   * Two that ask at once would both be told yes, and then split the votes. The question of the other one comes before its
   * answer to ours, so one of the two ends here. It asks again as if it had lost: should the other one come to nothing, so
   * that nobody is kept from leading.
   */
  #giveWay(): void {
    reached("pre-candidate-gives-way");
    this.becomeFollower(this.#term);
  }

  #answerVote(message: RequestVote): void {
    const { from, last, isTransfer } = message;
    const isFree = this.#vote === undefined && this.#leaderId === undefined;
    const isGranted = (isFree || this.#vote === from) && this.#mayTrust(last);
    if (!isFree) reached(this.#vote === from ? "vote-told-again" : "one-vote-a-term");
    if (isGranted && isTransfer) reached("vote-for-successor");
    if (isGranted) this.#voteFor(from);
    else this.#refuse(message);
  }

  #voteFor(id: NodeId): void {
    assert(this.#vote === undefined || this.#vote === id, "one vote a term");
    if (this.log.membership.index > this.log.commitIndex) reached("vote-over-uncommitted-members");
    if (this.#vote === undefined) this.#isHardStateGiven = false;
    this.#vote = id;
    this.timer.restart();
    this.promise({ type: "voteReply", from: this.id, to: id, term: this.#term, isGranted: true });
  }

  /** Whose log ends so may lead (paper 5.4.1). Who knows no members has lost its log, and cannot judge. */
  #mayTrust(last: EntryId): boolean {
    if (!this.log.isCoveredBy(last)) reached("vote-refused-to-shorter-log");
    return !this.log.membership.isEmpty && this.log.isCoveredBy(last);
  }

  #refuse({ from }: RequestVote): void {
    this.send({ type: "voteReply", from: this.id, to: from, term: this.#term, isGranted: false });
  }

  /** Whoever acts in an old term learns ours; whoever only answered does not need to. */
  #answerOutside(message: Message): void {
    const envelope = { from: this.id, to: message.from, term: this.#term };
    switch (message.type) {
      case "requestVote":
        this.#refuse(message);
        break;
      case "heartbeat":
        this.send({ type: "heartbeatReply", ...envelope, round: 0 });
        break;
      case "appendEntries":
      case "installSnapshot":
        this.send({ type: "appendReply", ...envelope, index: 0, conflict: { term: 0, index: 0 } });
        break;
    }
  }
}
