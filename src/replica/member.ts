import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import type { Engine } from "../engine/engine.ts";
import type { Wal } from "../log/wal.ts";
import type { PeerMessage } from "../peers/message.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Change } from "../raft/configuration.ts";
import type { NodeStatus } from "../raft/raw-node.ts";
import type { Status } from "../raft/ready.ts";
import type { LogIndex, NodeId, PlacedConfiguration, ReadToken, Snapshot } from "../raft/types.ts";
import { type AppliedState, ApplyLoop } from "./apply-loop.ts";
import { Changes } from "./changes.ts";
import { ClusterTime } from "./cluster-time.ts";
import { Condition } from "./condition.ts";
import type { Consensus, ConsensusHost } from "./consensus.ts";
import {
  type Administration,
  type Count,
  DONE,
  FULL,
  type Persistence,
  type Replica,
  type Request,
  type StoreView,
  type Trouble,
  type Verdict,
} from "./contract.ts";
import { Forwarding } from "./forwarding.ts";
import { Holders, noRound } from "./holders.ts";
import { type Lag, LagHistory } from "./lag.ts";
import { Offers } from "./offers.ts";
import { Proposals } from "./proposals.ts";
import { Quorums } from "./quorums.ts";
import { Reads } from "./reads.ts";
import { EngineView } from "./store-view.ts";
import {
  diskTrouble,
  loading,
  notApplied,
  outdatedTrouble,
  tooFewReplicas,
  unknownInTime,
  unknownOutcome,
  unknownSinceOutdated,
} from "./trouble.ts";
import { exec, outOfMemory, tickMs } from "./words.ts";

export interface MemberOptions {
  readonly id: NodeId;
  /** Another one for each empty directory in which the node began; its starts are counted within. */
  readonly incarnation: string;
  readonly boot: number;
  /** Voters that must hold a write before it is answered, where that is more than a majority; 0: a majority. */
  readonly writeQuorum: number;
  /** Who has waited for so long is told that the outcome is unknown, or that there is no leader. */
  readonly writeTimeoutMs: number;
  /** After so long without a leader, what needs one is refused at once. */
  readonly leaderWaitMs: number;
  /** How long the session lives unused under which it forwards, in cluster time. */
  readonly nodeSessionMs: number;
}

/** What a member needs from who looks after its directory. */
export interface MemberKeeper {
  /** The newest snapshot of the directory becomes the engine's state. Resolves with what it is. */
  load(): Promise<AppliedState>;
  /** Consensus has stopped for good. */
  failed(error: unknown): void;
  /** So it has, since what was applied from this entry on is not what the cluster goes on from. */
  diverged(index: LogIndex): void;
}

/**
 * A member of a cluster, be it of one. Its loop, no turn of which is ever waited for:
 *
 *     submit ─► offers ─► line ─► consensus ─► log, peers ─► committed ─► apply ─► replies
 *       │                  └─ reads alone ─► quorums ──────────────────────▲
 *       └─ reads: at once where that is enough
 */
export class Member implements Replica, Administration, ConsensusHost {
  readonly store: StoreView;
  isFull = false;
  persistence: Persistence | undefined;

  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #options: MemberOptions;
  readonly #time: ClusterTime;
  readonly #ticks: Timer;
  readonly #proposals = new Proposals();
  readonly #forwarding: Forwarding;
  readonly #loop: ApplyLoop;
  readonly #quorums: Quorums;
  readonly #holders: Holders;
  readonly #offers: Offers;
  readonly #reads: Reads;
  readonly #changes: Changes;
  readonly #growth = new LagHistory();
  #keeper: MemberKeeper | undefined;
  #consensus: Consensus | undefined;
  #log: Wal | undefined;
  #wantsRun = false;
  #isRunning = false;
  readonly #condition = new Condition();
  #isOpen = true;
  /** Since when no leader is known; Infinity: one is. */
  #leaderlessSinceMs = Number.POSITIVE_INFINITY;
  /** Called when nothing is under way any more. */
  #onRest: (() => void) | undefined;
  /** Called when clients are served. */
  #onServing: () => void = () => {};

  constructor(engine: Engine, clock: Clock, options: MemberOptions) {
    this.#engine = engine;
    this.#clock = clock;
    this.#options = options;
    const time = new ClusterTime(clock, false);
    this.#time = time;
    const proposals = this.#proposals;
    this.#forwarding = this.#makeForwarding();
    this.#loop = this.#makeLoop();
    this.#quorums = new Quorums({
      ...options,
      proposals,
      consensus: () => this.#consensus!,
      placed: () => this.#loop.placed,
      appliedIndex: () => this.appliedIndex,
    });
    this.#holders = new Holders({
      ...options,
      consensus: () => (this.#condition.hasFailed ? undefined : this.#consensus),
      appliedIndex: () => this.appliedIndex,
    });
    this.#offers = new Offers({
      ...{ engine, clock, time, proposals, forwarding: this.#forwarding },
      consensus: () => (this.#condition.isLoading ? undefined : this.#consensus),
      onReads: (batch) => {
        this.#quorums.ask(batch);
        this.#wantsRun = true;
      },
      isOutOfReach: (voters) => this.#quorums.isOutOfReach(voters),
      onTurn: () => this.turned(),
    });
    this.#reads = new Reads({ engine, clock, time, offers: this.#offers, freshMs: () => this.#loop.freshMs });
    this.#changes = new Changes({
      ...{ ...options, clock },
      consensus: () => (this.#condition.isLoading || this.#condition.hasFailed ? undefined : this.#consensus),
    });
    this.store = new EngineView(engine, () => this.#reads.learnTime());
    this.#ticks = clock.every(tickMs, () => this.#tick());
  }

  /**
   * Begins to take part: the engine has the state as of `applied`. Resolves when clients are served: for the only
   * voter, that is when it leads and has applied all of its log.
   */
  serve(keeper: MemberKeeper, consensus: Consensus, log: Wal, applied: AppliedState): Promise<void> {
    assert(this.#consensus === undefined, "a member begins to serve once");
    this.#keeper = keeper;
    this.#consensus = consensus;
    this.#log = log;
    // After a pause of all members, their wall clocks may be far apart: time goes on from where it was.
    if (consensus.isAlone) this.#time.notBefore(this.#engine.now);
    else this.#time.heard(this.#engine.now);
    this.#loop.begin(log, applied);
    this.#condition.loaded(consensus.isAlone);
    this.#leaderlessSinceMs = this.#clock.monotonicMs();
    // The disk has failed since the log was opened: only reads are served.
    if (this.#condition.hasFailed) {
      consensus.stop();
      return Promise.resolve();
    }
    const served = new Promise<void>((resolve) => {
      this.#onServing = resolve;
    });
    consensus.start();
    return consensus.isAlone ? served : Promise.resolve();
  }

  /** The disk has failed: nothing is written or acknowledged any more. */
  diskFailed(code: string): void {
    this.#fail(diskTrouble(code), unknownOutcome(code));
  }

  /** The others go by an engine version that this program does not know: it can only answer stale reads. */
  outdated(reason: string): void {
    this.#fail(outdatedTrouble(reason), unknownSinceOutdated);
  }

  #fail(trouble: Trouble, outcome: string): void {
    this.#reads.hasFailed = true;
    this.#offers.isStopped = true;
    this.#condition.fails(trouble);
    this.#consensus?.stop();
    this.#proposals.failAll(outcome, outcome);
    this.#changes.failAll();
    this.#onRest?.();
    // A start does not wait for what will never come: reads are served.
    this.#onServing();
  }

  /** No entry is applied in part. */
  get isBetweenEntries(): boolean {
    return this.#loop.isBetweenEntries;
  }

  /** Last entry whose effect the engine has. */
  get appliedIndex(): number {
    return this.#loop.applied.index;
  }

  get appliedTerm(): number {
    return this.#loop.applied.term;
  }

  /** The members as of the last entry applied, and the entry that said so. */
  get placed(): PlacedConfiguration {
    return this.#loop.placed;
  }

  /** The members by whom this node goes, committed or not, and the entry or snapshot that said so; undefined while loading. */
  get inForce(): PlacedConfiguration | undefined {
    return this.#consensus?.inForce;
  }

  /** Where consensus stands; undefined while loading. */
  get status(): NodeStatus | undefined {
    const status = this.#consensus?.status();
    // Who takes no part any more does not know who leads, and does not lead.
    if (status === undefined || !this.#condition.hasFailed) return status;
    return { ...status, role: "follower", leaderId: undefined, peers: [] };
  }

  get leads(): boolean {
    return this.#consensus?.leads ?? false;
  }

  countHolders(heard: (others: number) => void): Count {
    return this.#holders.count(heard);
  }

  /** Undefined while loading. */
  get consensus(): Consensus | undefined {
    return this.#consensus;
  }

  get administration(): Administration {
    return this;
  }

  changeMembers(change: Change): Promise<void> {
    return this.#changes.change(change);
  }

  transferLeadership(to?: NodeId): Promise<void> {
    return this.#changes.transfer(to);
  }

  get lags(): ReadonlyMap<NodeId, Lag> {
    const { peers = [], lastIndex = 0 } = this.status ?? {};
    const nowMs = this.#clock.monotonicMs();
    const heard = peers.filter(({ match }) => match > 0);
    return new Map(heard.map(({ id, match }) => [id, this.#growth.behind(match, lastIndex, nowMs)]));
  }

  get writeQuorum(): number {
    const { members = [] } = this.#consensus?.configuration ?? {};
    const voters = members.filter(({ isVoter }) => isVoter).length;
    return Math.max(this.#options.writeQuorum, Math.floor(voters / 2) + 1);
  }

  get trouble(): Trouble | undefined {
    return this.#condition.trouble;
  }

  /** What the disk has no room for. */
  set shortage(shortage: Trouble | undefined) {
    this.#condition.shortage = shortage;
  }

  /** Nobody waits for an answer. */
  get isAtRest(): boolean {
    return this.#proposals.isAtRest;
  }

  /** Holds writes back while more waits for the disk elsewhere than may. */
  hold(isHeld: boolean): void {
    this.#offers.isHeld = isHeld;
    if (!isHeld) this.#proposals.drain();
  }

  submit(request: Request): Verdict {
    const { command, origin } = request;
    if (this.#reads.isBusyWith(origin)) return FULL;
    return command.isWrite || command === exec ? this.#write(request) : this.#reads.submit(request);
  }

  revisionOf(db: number, key: Buffer): number {
    return this.#engine.revisionOf(db, key);
  }

  async close(): Promise<void> {
    if (!this.#proposals.isAtRest) {
      await new Promise<void>((resolve) => {
        this.#onRest = resolve;
      });
    }
    this.#isOpen = false;
    this.#consensus?.stop();
    this.#changes.failAll();
    this.#reads.close();
    this.#ticks.cancel();
  }

  #write({ command, args, db, origin, writeQuorum }: Request): Verdict {
    if (this.#condition.hasFailed) {
      const { everything, everyWrite } = this.trouble!;
      origin.out.error(everything ?? everyWrite!);
      return DONE;
    }
    const proposals = this.#proposals;
    if (!this.#engine.hasRoomFor(command, args, proposals.pages)) {
      // What is under way may take less than it could: then there is room after all.
      if (!proposals.isAtRest) return this.#offers.later(origin);
      origin.out.error(outOfMemory);
      return DONE;
    }
    const wanted = this.#quorums.wanted(writeQuorum);
    if (this.#quorums.isOutOfReach(wanted)) {
      // Behind the replies that this origin waits for.
      if (origin.isWaiting) return this.#offers.later(origin);
      reached("too-few-voters");
      origin.out.error(tooFewReplicas(wanted, this.#quorums.reachableVoters));
      return DONE;
    }
    return this.#offers.addWrite(args, db, origin, wanted);
  }

  // What consensus says

  mayApply(index: LogIndex): void {
    this.#loop.mayApply(index);
    if (this.#loop.isBehind) this.#wantsRun = true;
  }

  mayRead(token: ReadToken, index: LogIndex): void {
    this.#quorums.confirmed(token, index);
    this.#wantsRun = true;
  }

  readFailed(token: ReadToken): void {
    this.#quorums.failed(token);
  }

  statusChanged({ role, leaderId }: Status): void {
    this.#time.leads = role === "leader";
    if (leaderId !== undefined) this.#leaderlessSinceMs = Number.POSITIVE_INFINITY;
    else this.#leaderlessSinceMs = Math.min(this.#leaderlessSinceMs, this.#clock.monotonicMs());
    // What was the only voter may have been joined by another, which leads now.
    if (role !== "leader") this.#reads.isAtOnce = false;
    this.#time.notBefore(this.#engine.now);
    this.#offers.sealSoon();
  }

  /** Goes on with what consensus has decided. */
  turned(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#wantsRun && this.#isOpen && !this.#condition.hasFailed) {
      this.#wantsRun = false;
      this.#loop.run();
    }
    this.#isRunning = false;
    this.#holders.look();
  }

  async load(snapshot: Snapshot): Promise<void> {
    this.#loop.pause();
    this.#condition.installs();
    this.#forwarding.drop();
    this.#proposals.failAll(unknownInTime, notApplied);
    this.#changes.failAll();
    const state = await this.#keeper!.load();
    assert(state.index === snapshot.index, "what was installed is loaded");
    // What failed meanwhile has stopped consensus before it knew how far this goes.
    if (this.#condition.hasFailed) return;
    this.#loop.begin(this.#log!, state);
    this.#condition.serves();
  }

  failed(error: unknown): void {
    this.#keeper!.failed(error);
  }

  diverged(index: LogIndex): void {
    this.#fail(loading, unknownInTime);
    this.#keeper!.diverged(index);
  }

  received(message: PeerMessage): void {
    switch (message.type) {
      case "logEndRequest":
        this.#quorums.requested(message);
        break;
      case "logEnd":
        if (message.round === noRound) {
          this.#holders.answered(message);
          break;
        }
        this.#quorums.answered(message);
        this.#wantsRun = true;
        break;
      case "forward":
        this.#forwarding.forwarded(message);
        break;
      case "forwardReply":
        if (this.#forwarding.replied(message)) this.#offers.sealSoon();
    }
  }

  get timeMs(): number {
    return this.#time.estimate();
  }

  heardTime(timeMs: number): void {
    this.#time.heard(timeMs);
  }

  // The loop

  #tick(): void {
    this.isFull = this.#engine.isAlmostFull;
    const consensus = this.#consensus;
    consensus?.tick();
    if (this.#log !== undefined)
      this.#growth.look(this.#clock.monotonicMs(), this.#log.lastIndex, this.#log.appendedBytes);
    if (!this.#isOpen || this.#condition.hasFailed || consensus === undefined || this.#condition.isLoading)
      return;
    this.#engine.tidy();
    this.#changes.tick();
    this.#holders.tick();
    const isLeaderless = this.#clock.monotonicMs() - this.#leaderlessSinceMs > this.#options.leaderWaitMs;
    const isLate = this.#offers.giveUp(this.#options.writeTimeoutMs, isLeaderless);
    if (this.#quorums.tick() || isLate) this.#wantsRun = true;
    if (consensus.leads && this.#engine.earliestDeadline <= this.#time.estimate()) this.#offers.wantTick();
    this.#offers.seal();
    this.turned();
  }

  #progressed(): void {
    const consensus = this.#consensus!;
    this.#changes.applied(this.#loop.applied);
    this.#reads.isAtOnce = consensus.isAlone && consensus.leads && this.appliedTerm === consensus.term;
    if (this.#condition.isStarting && this.#reads.isAtOnce) {
      this.#condition.serves();
      this.#onServing();
    }
    this.#offers.seal();
    this.#proposals.drain();
    if (this.#proposals.isAtRest) this.#onRest?.();
  }

  #makeForwarding(): Forwarding {
    return new Forwarding({
      ...this.#options,
      clock: this.#clock,
      leads: () => this.#consensus!.leads,
      leaderId: () => this.#consensus!.leaderId,
      term: () => this.#consensus!.term,
      propose: (kind, payload, voters) => this.#offers.proposeNumbered(kind, payload, voters),
      send: (message) => this.#consensus!.send(message),
    });
  }

  #makeLoop(): ApplyLoop {
    return new ApplyLoop({
      engine: this.#engine,
      clock: this.#clock,
      proposals: this.#proposals,
      forwarding: this.#forwarding,
      isBeyond: (voters) => this.#quorums.isBeyond(voters),
      isHeld: (voters, index) => this.#quorums.isHeld(voters, index),
      onPlaced: (entry) => this.#changes.placed(entry),
      onAnswered: (writes) => this.#offers.answered(writes),
      onProgress: () => this.#progressed(),
      onFailed: (error) => this.failed(error),
    });
  }
}
