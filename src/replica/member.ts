import { assert } from "../base/assert.ts";
import type { Engine } from "../engine/engine.ts";
import { entryKinds } from "../log/entry.ts";
import type { Wal } from "../log/wal.ts";
import type { PeerMessage } from "../peers/message.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { NodeStatus } from "../raft/raw-node.ts";
import type { LogIndex, NodeId, PlacedConfiguration, ReadToken, Snapshot } from "../raft/types.ts";
import { type AppliedState, ApplyLoop } from "./apply-loop.ts";
import type { Batch } from "./batch.ts";
import { ClusterTime } from "./cluster-time.ts";
import type { Consensus, ConsensusHost } from "./consensus.ts";
import {
  DONE,
  FULL,
  LATER,
  type Origin,
  type Persistence,
  type Replica,
  type Request,
  type StoreView,
  type Trouble,
  type Verdict,
} from "./contract.ts";
import { LongReads } from "./long-reads.ts";
import { Proposals } from "./proposals.ts";
import { type OwnState, QuorumRounds } from "./quorum-rounds.ts";
import { ReadRounds } from "./read-rounds.ts";
import { EngineView } from "./store-view.ts";
import {
  diskTrouble,
  loading,
  noLeader,
  notApplied,
  outdatedTrouble,
  staleOnly,
  tooFewReplicas,
  underReplicated,
  unknownInTime,
  unknownOutcome,
  unknownSinceOutdated,
} from "./trouble.ts";
import { exec, keys, outOfMemory, tickMs } from "./words.ts";

export interface MemberOptions {
  readonly id: NodeId;
  readonly boot: number;
  /** Voters that must hold a write before it is answered, where that is more than a majority; 0: a majority. */
  readonly writeQuorum: number;
  /** A write that is not known to be committed after so long is answered UNKNOWN_OUTCOME. */
  readonly writeTimeoutMs: number;
}

/** What a member needs from who looks after its directory. */
export interface MemberKeeper {
  /** The newest snapshot of the directory becomes the engine's state. Resolves with what it is. */
  load(): Promise<AppliedState>;
  /** Consensus has stopped for good. */
  failed(error: unknown): void;
}

/**
 * A member of a cluster, be it of one. Its loop, no turn of which is ever waited for:
 *
 *     submit ─► open batch ─seal─► line ─propose─► consensus ─► log, peers ─► committed ─► apply ─► replies
 *       │                            └─ reads alone ─► round ──────────────────────────────▲
 *       └─ reads of the only voter: at once
 */
export class Member implements Replica, ConsensusHost {
  readonly store: StoreView;
  isFull = false;
  trouble: Trouble | undefined = loading;
  persistence: Persistence | undefined;

  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #options: MemberOptions;
  readonly #time: ClusterTime;
  readonly #ticks: Timer;
  readonly #longReads: LongReads;
  readonly #proposals = new Proposals();
  readonly #loop: ApplyLoop;
  readonly #rounds: ReadRounds;
  readonly #quorumRounds: QuorumRounds;
  #ticksToRound = 0;
  #keeper: MemberKeeper | undefined;
  #consensus: Consensus | undefined;
  #log: Wal | undefined;
  #sealsSoon = false;
  #wantsRun = false;
  #isRunning = false;
  /** Writes are held back, whatever the proposals say. */
  #isHeld = false;
  #hasFailed = false;
  #isOpen = true;
  /** All that was ever acknowledged is applied here: the only voter, and it leads. */
  #readsAtOnce = false;
  /** When a long read came that waits for deadlines to pass. */
  readonly #longReadsCameMs = new WeakMap<Origin, number>();
  /** This turn's time, once it was asked for. */
  #turnMs = 0;
  #knowsTime = false;
  /** Called when nothing is under way any more. */
  #onRest: (() => void) | undefined;
  /** Called when clients are served. */
  #onServing: () => void = () => {};

  constructor(engine: Engine, clock: Clock, options: MemberOptions) {
    this.#engine = engine;
    this.#clock = clock;
    this.#options = options;
    this.#time = new ClusterTime(clock);
    this.#longReads = new LongReads(clock, () => this.#learnTime());
    this.store = new EngineView(engine, () => this.#learnTime());
    this.#loop = new ApplyLoop({
      engine,
      clock,
      proposals: this.#proposals,
      isHeld: (voters, index) => this.#heldBy(voters) >= index,
      onProgress: () => this.#progressed(),
      onFailed: (error) => this.failed(error),
    });
    this.#rounds = new ReadRounds((token) => this.#consensus!.read(token));
    this.#quorumRounds = new QuorumRounds(
      () => this.#ownState(),
      (message) => this.#consensus!.send(message),
    );
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
    this.#time.notBefore(this.#engine.now);
    this.#loop.begin(log, applied);
    if (!consensus.isAlone) this.trouble = undefined;
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
    this.#hasFailed = true;
    this.trouble = trouble;
    this.#consensus?.stop();
    this.#proposals.failAll(outcome, outcome);
    this.#onRest?.();
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

  /** Where consensus stands; undefined while loading. */
  get status(): NodeStatus | undefined {
    return this.#consensus?.status();
  }

  /** The members as of the last entry applied, and the entry that said so. */
  get placed(): PlacedConfiguration {
    return this.#loop.placed;
  }

  /** Holds writes back while more waits for the disk elsewhere than may. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#proposals.drain();
  }

  submit(request: Request): Verdict {
    const { command, origin } = request;
    if (this.#longReads.has(origin)) return FULL;
    return command.isWrite || command === exec ? this.#propose(request) : this.#read(request);
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
    this.#longReads.close();
    this.#ticks.cancel();
  }

  // What consensus says

  mayApply(index: LogIndex): void {
    this.#loop.mayApply(index);
    if (this.#loop.isBehind) this.#wantsRun = true;
  }

  mayRead(token: ReadToken, index: LogIndex): void {
    this.#rounds.confirmed(token, index);
    this.#wantsRun = true;
  }

  readFailed(token: ReadToken): void {
    this.#rounds.failed(token);
  }

  statusChanged(): void {
    this.#sealSoon();
  }

  async load(snapshot: Snapshot): Promise<void> {
    this.#loop.pause();
    this.trouble = loading;
    this.#proposals.failAll(unknownInTime, notApplied);
    const state = await this.#keeper!.load();
    assert(state.index === snapshot.index, "what was installed is loaded");
    this.#loop.begin(this.#log!, state);
    this.#time.notBefore(this.#engine.now);
    this.trouble = undefined;
  }

  failed(error: unknown): void {
    this.#keeper!.failed(error);
  }

  received(message: PeerMessage): void {
    switch (message.type) {
      case "logEndRequest":
        this.#quorumRounds.requested(message);
        break;
      case "logEnd":
        this.#quorumRounds.answered(message);
        this.#wantsRun = true;
    }
  }

  get timeMs(): number {
    return this.#time.estimate();
  }

  heardTime(timeMs: number): void {
    this.#time.notBefore(timeMs);
  }

  // Writes

  #propose({ command, args, db, origin, writeQuorum }: Request): Verdict {
    if (this.#hasFailed) {
      origin.out.error(this.trouble?.everyWrite ?? "");
      return DONE;
    }
    const proposals = this.#proposals;
    if (proposals.isFull || this.#isHeld) return this.#later(origin);
    if (!this.#engine.hasRoomFor(command, args, proposals.pages)) {
      // What is under way may take less than it could: then there is room after all.
      if (!proposals.isAtRest) return this.#later(origin);
      origin.out.error(outOfMemory);
      return DONE;
    }
    const { open } = proposals;
    const quorum = this.#writeQuorum(writeQuorum);
    if (open.writes > 0 && open.writeQuorum !== quorum) return this.#later(origin);
    if (quorum > 0 && this.#reachableVoters < quorum) {
      origin.out.error(tooFewReplicas(quorum, this.#reachableVoters));
      return DONE;
    }
    if (open.isEmpty) open.sinceMs = this.#clock.monotonicMs();
    open.writeQuorum = quorum;
    open.addWrite(args, db, origin);
    this.#sealSoon();
    return LATER;
  }

  #later(origin: Origin): Verdict {
    this.#proposals.wait(origin);
    return FULL;
  }

  #wantTick(): void {
    this.#proposals.open.isTick = true;
    this.#sealSoon();
  }

  #sealSoon(): void {
    if (this.#sealsSoon) return;
    this.#sealsSoon = true;
    this.#clock.nextTurn(() => {
      this.#sealsSoon = false;
      this.#seal();
      this.turned();
    });
  }

  /** Ends the open batch, unless the log is at work: then it goes when that is done, with all that comes meanwhile. */
  #seal(): void {
    if (this.#hasFailed || this.trouble === loading) return;
    this.#offer();
    const { open } = this.#proposals;
    if (open.isEmpty || this.#proposals.unproposed !== undefined) return;
    if (this.#consensus!.leads) this.#sealAsLeader();
    else if (open.isReadOnly) this.#sealReads();
    else this.#sealNow();
  }

  #sealAsLeader(): void {
    const { open } = this.#proposals;
    const log = this.#log!;
    // Where a deadline has passed, only an entry of that time answers what was read.
    if (this.#engine.earliestDeadline <= this.#time.estimate()) open.isTick = true;
    if (open.isReadOnly) this.#sealReads();
    else if (log.lastIndex === log.stableIndex) this.#sealNow();
  }

  #sealReads(): void {
    const batch = this.#sealNow();
    if (batch.readMode === "linearizable") this.#rounds.begin(batch);
    else if (batch.readMode === "quorum") this.#beginQuorumRound(batch);
    else batch.readIndex = 0;
    this.#wantsRun = true;
  }

  #beginQuorumRound(batch: Batch): void {
    this.#quorumRounds.want(batch);
    this.#quorumRounds.begin(false);
    this.#ticksToRound = roundTicks;
  }

  #sealNow(): ReturnType<Proposals["seal"]> {
    const batch = this.#proposals.seal(this.#time.estimate());
    this.#offer();
    this.#proposals.drain();
    return batch;
  }

  /** Proposes what is sealed, in order, as far as it is taken. */
  #offer(): void {
    const consensus = this.#consensus!;
    if (!consensus.leads) return;
    for (let batch = this.#proposals.unproposed; batch !== undefined; batch = this.#proposals.unproposed) {
      batch.setTime(this.#time.estimate());
      const kind = batch.writes > 0 ? entryKinds.commands : entryKinds.time;
      const { term } = consensus;
      const index = consensus.propose(kind, batch.payload);
      if (typeof index === "string") return;
      batch.term = term;
      batch.index = index;
    }
  }

  // Reads

  #read(request: Request): Verdict {
    const { command, args, db, origin, readMode } = request;
    if (!this.#knowsTime) this.#learnTime();
    if (command === keys) return this.#readLong(request);
    if (origin.isWaiting || !(this.#readsAtOnce || readMode === "stale")) return this.#readInTurn(request);
    // With a disk that takes nothing, no more deadlines pass: reads see the last applied time.
    const estimate = this.#hasFailed || readMode === "stale" ? this.#engine.now : this.#turnMs;
    if (command.route === "local") {
      if (this.#engine.earliestDeadline <= estimate && !this.#hasFailed) return this.#readInTurn(request);
      origin.perform(command, args);
      return DONE;
    }
    const { out } = origin;
    const before = out.length;
    if (this.#engine.read(command, args, db, out, estimate)) return DONE;
    out.truncate(before);
    return this.#readInTurn(request);
  }

  /** What is answered in slices begins when all before it is answered, and all that was due when it came is gone. */
  #readLong({ command, args, db, origin }: Request): Verdict {
    if (origin.isWaiting) return this.#later(origin);
    const cameMs = this.#longReadsCameMs.get(origin) ?? this.#turnMs;
    const isDue = this.#engine.earliestDeadline <= cameMs && this.#engine.now < cameMs;
    if (isDue && !this.#hasFailed) {
      this.#longReadsCameMs.set(origin, cameMs);
      this.#wantTick();
      return this.#later(origin);
    }
    this.#longReadsCameMs.delete(origin);
    const slice = this.#engine.execute(command, args, db, origin.out);
    if (slice === undefined) return DONE;
    this.#longReads.add(origin, slice);
    return LATER;
  }

  /** A read that has to wait for writes, for a round, or for a deadline to pass for certain. */
  #readInTurn({ args, db, origin, readMode, readQuorum }: Request): Verdict {
    if (this.#hasFailed) {
      origin.out.error(staleOnly);
      return DONE;
    }
    const { open, isFull } = this.#proposals;
    if (isFull) return this.#later(origin);
    if (open.isEmpty) open.sinceMs = this.#clock.monotonicMs();
    open.addRead(args, db, origin, readMode, readQuorum);
    this.#sealSoon();
    return LATER;
  }

  // Quorums

  #ownState(): OwnState {
    const { id, boot } = this.#options;
    const { lastIndex, applyIndex } = this.#consensus!.status();
    const { index, configuration } = this.#loop.placed;
    return {
      ...{ id, boot, lastIndex, heldIndex: applyIndex },
      voters: votersOf(configuration),
      configurationIndex: index,
    };
  }

  /** Voters that are wanted beyond what the commit takes anyway; 0: none. */
  #writeQuorum(wanted: number): number {
    const voters = wanted || this.#options.writeQuorum;
    if (voters === 0) return 0;
    const all = votersOf(this.#consensus!.configuration).length;
    return voters > Math.floor(all / 2) + 1 ? voters : 0;
  }

  get #reachableVoters(): number {
    const consensus = this.#consensus!;
    return consensus.leads ? consensus.reachableVoters : votersOf(consensus.configuration).length;
  }

  #heldBy(voters: number): LogIndex {
    const consensus = this.#consensus!;
    return consensus.leads ? consensus.heldBy(voters) : this.#quorumRounds.heldBy(voters);
  }

  /** Asks again, where somebody waits for what other members have. */
  #roundTick(): void {
    if (--this.#ticksToRound > 0) return;
    this.#ticksToRound = roundTicks;
    const oldest = this.#proposals.oldest;
    this.#quorumRounds.begin(oldest?.isApplied === true && !this.#consensus!.leads);
    if (oldest?.isApplied) this.#wantsRun = true;
  }

  // Time

  /** Once a turn: reads the clock. */
  #learnTime(): void {
    if (this.#knowsTime) return;
    this.#knowsTime = true;
    this.#turnMs = this.#time.estimate();
    this.#clock.nextTurn(() => {
      this.#knowsTime = false;
    });
  }

  #tick(): void {
    this.isFull = this.#engine.isAlmostFull;
    if (!this.#isOpen || this.#hasFailed || this.#consensus === undefined) return;
    this.#engine.tidy();
    this.#giveUp();
    this.#rounds.repeat();
    this.#roundTick();
    this.turned();
    if (this.trouble === loading || !this.#consensus.leads) return;
    if (this.#engine.earliestDeadline <= this.#time.estimate()) this.#wantTick();
    else if (!this.#proposals.isAtRest) this.#seal();
  }

  /** Answers those who have waited for too long. */
  #giveUp(): void {
    const before = this.#clock.monotonicMs() - this.#options.writeTimeoutMs;
    let isLate = false;
    for (const batch of this.#proposals.sealed) {
      if (batch.sinceMs > before) break;
      if (batch.next > 0 && !batch.isApplied) continue;
      batch.error ??= lateError(batch);
      isLate = true;
    }
    if (isLate) this.#wantsRun = true;
  }

  // The loop

  /** Goes on with what consensus has decided. */
  turned(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#wantsRun && this.#isOpen && !this.#hasFailed) {
      this.#wantsRun = false;
      this.#loop.run();
    }
    this.#isRunning = false;
  }

  #progressed(): void {
    const consensus = this.#consensus!;
    this.#readsAtOnce = consensus.isAlone && consensus.leads && this.appliedTerm === consensus.term;
    if (this.trouble === loading && this.#readsAtOnce) {
      this.trouble = undefined;
      this.#onServing();
    }
    this.#seal();
    this.#proposals.drain();
    if (this.#proposals.isAtRest) this.#onRest?.();
  }
}

function lateError({ isApplied, index }: Batch): string {
  if (isApplied) return underReplicated;
  return index > 0 ? unknownInTime : noLeader;
}

function votersOf({ members }: Configuration): NodeId[] {
  return members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
}

/** Ticks between two rounds of questions to the voters. */
const roundTicks = 3;
