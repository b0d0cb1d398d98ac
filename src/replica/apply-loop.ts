import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import type { Engine } from "../engine/engine.ts";
import type { Admission } from "../engine/session.ts";
import { type EntryId, entryKinds } from "../log/entry.ts";
import type { Wal } from "../log/wal.ts";
import type { Clock } from "../platform/clock.ts";
import { decodeConfiguration, emptyConfiguration } from "../raft/configuration.ts";
import type { Entry, LogIndex, PlacedConfiguration } from "../raft/types.ts";
import { Applier } from "./applier.ts";
import type { Batch } from "./batch.ts";
import type { Forwarding } from "./forwarding.ts";
import type { Proposals } from "./proposals.ts";
import { sessionLost, tooFewAtLeader } from "./trouble.ts";

/** How far the engine's state reaches, and the members as of then with the entry that said so. */
export interface AppliedState extends EntryId {
  readonly placed: PlacedConfiguration;
}

export interface ApplyLoopParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly proposals: Proposals;
  readonly forwarding: Pick<Forwarding, "find" | "settled" | "drop" | "opened">;
  /** So many voters are more than the commit of an entry proves. */
  readonly isBeyond: (voters: number) => boolean;
  /** So many voters hold this entry. */
  readonly isHeld: (voters: number, index: LogIndex) => boolean;
  /** The members of this entry are applied. */
  readonly onPlaced: (entry: EntryId) => void;
  /** A batch of this node's, with so many writes, was applied. */
  readonly onAnswered: (writes: number) => void;
  /** Something was applied or answered. */
  readonly onProgress: () => void;
  /** What is committed cannot be read from the log. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Applies what is committed, in order, a turn's worth at a time, and answers who waits for it:
 *
 *     line of this node    [ reads ] [ entry 8 ] [ reads ] [ entry 9 ]
 *     committed entries     … 7        8 (ours)              9 …
 *
 * - An entry of this node's own is applied with its callers, any other one without.
 * - Reads wait until what they have to see is applied, or until the entry behind them in the line is about to be
 *   applied: that was proposed after they came and was committed nevertheless, which proves as much as a round of its
 *   own (semantics: a read needs no round if the batch it queues with commits).
 * - No other entry ever takes the place of one of the only voter's: whoever else wants to lead needs its vote, and does
 *   not get it without that entry. What others may displace has a number, and is proposed again (forwarding.ts).
 */
export class ApplyLoop {
  /** The last entry whose effect the engine has. */
  applied: EntryId = { term: 0, index: 0 };
  /** The members as of then, and the entry that said so. */
  placed: PlacedConfiguration = { index: 0, configuration: emptyConfiguration };
  /** All that was acknowledged anywhere before this moment, in monotonic ms, is applied here. */
  freshMs: number = Number.NEGATIVE_INFINITY;

  readonly #parts: ApplyLoopParts;
  readonly #applier: Applier;
  #log: Wal | undefined;
  /** Entries up to here may be applied. */
  #target: LogIndex = 0;
  #isPaused = false;
  /** An entry was begun and is not applied to its end. */
  #isWithin = false;
  /** So was one for which nobody waits here. */
  #isHalfway = false;
  #runsSoon = false;
  #isLoading = false;
  /** What was read from the disk, where the log has it no longer in memory. */
  #loaded: readonly Entry[] = [];

  constructor(parts: ApplyLoopParts) {
    this.#parts = parts;
    this.#applier = new Applier(parts.engine, parts.clock, (id, label) => parts.forwarding.opened(id, label));
  }

  /** No entry is applied in part. */
  get isBetweenEntries(): boolean {
    return !this.#isWithin && !this.#isHalfway;
  }

  get isBehind(): boolean {
    return this.applied.index < this.#target;
  }

  begin(log: Wal, { term, index, placed }: AppliedState): void {
    this.#log = log;
    this.applied = { term, index };
    this.placed = placed;
    this.#target = index;
    this.#loaded = [];
    this.#isPaused = false;
    this.#isWithin = false;
    this.#isHalfway = false;
  }

  /** The engine is being replaced: nothing is applied until `begin`. */
  pause(): void {
    this.#isPaused = true;
  }

  mayApply(index: LogIndex): void {
    if (index > this.#target) this.#target = index;
  }

  /** Goes on, as far as this turn's time allows. */
  run(): void {
    if (this.#isPaused) return;
    this.#applier.beginTurn();
    const isDone = this.#applyAll() && this.#answerReads();
    if (!isDone) this.#runSoon();
    this.#parts.onProgress();
  }

  #runSoon(): void {
    if (this.#runsSoon || this.#isLoading) return;
    this.#runsSoon = true;
    this.#parts.clock.nextTurn(() => {
      this.#runsSoon = false;
      this.run();
    });
  }

  /** False: the turn is over, or an entry is on its way from the disk. */
  #applyAll(): boolean {
    while (this.isBehind) {
      if (!this.#applyNext()) return false;
      if (this.#applier.isTurnOver && this.isBehind) return false;
    }
    return true;
  }

  /** False: it is not done with the next entry. */
  #applyNext(): boolean {
    const index = this.applied.index + 1;
    const term = this.#log!.termOf(index);
    assert(term !== undefined, "what is committed is in the log until it is applied");
    const batch = this.#parts.proposals.oldestWrite;
    const isOurs = batch !== undefined && batch.index === index && batch.term === term;
    if (isOurs ? !this.#applyOurs(batch) : !this.#applyEntry(index)) return false;
    this.applied = { term, index };
    return true;
  }

  #applyOurs(batch: Batch): boolean {
    const { proposals } = this.#parts;
    this.#isWithin = true;
    while (proposals.next !== batch) if (!this.#carryOut(proposals.next!)) return false;
    if (!this.#carryOut(batch)) return false;
    this.#isWithin = false;
    this.#parts.onAnswered(batch.writes);
    return true;
  }

  #applyEntry(index: LogIndex): boolean {
    const entry = this.#entryAt(index);
    if (entry === undefined) return false;
    switch (entry.kind) {
      case entryKinds.configuration:
        this.placed = { index, configuration: decodeConfiguration(entry.payload) };
        this.#parts.onPlaced(entry);
        return true;
      case entryKinds.commands:
      case entryKinds.time:
        return this.#applyBatch(entry);
      default:
        return this.#applyOther(entry);
    }
  }

  /** Where a later version is asked for than this program knows, it goes no further. */
  #applyOther(entry: Entry): boolean {
    try {
      this.#applier.applyEntry(entry);
      return true;
    } catch (error) {
      if (!(error instanceof KvorumError)) throw error;
      this.#isPaused = true;
      this.#parts.onFailed(error);
      return false;
    }
  }

  /** A batch of any member, maybe of this one: then its number says which, and its callers may still wait. */
  #applyBatch(entry: Entry): boolean {
    if (this.#isHalfway) return this.#isApplied(this.#applier.goOn());
    const { forwarding } = this.#parts;
    const { session, sequence } = this.#applier.numberOf(entry);
    const batch = forwarding.find(session, sequence);
    if (batch === undefined) return this.#isApplied(this.#applier.beginEntry(entry));
    if (batch.error !== undefined) {
      reached("applied-when-given-up");
      this.#admitted(batch, this.#applier.applyBatchEntry(entry));
    } else if (!batch.isAdmitted && !this.#admitted(batch, this.#applier.admit(entry))) return true;
    else {
      const isRefused = entry.kind === entryKinds.time && batch.writes > 0;
      if (isRefused && batch.refusal === undefined) batch.refuse(tooFewAtLeader(batch.writeQuorum));
      batch.index = entry.index;
      if (!this.#applyOurs(batch)) return false;
    }
    if (batch.isAdmitted) forwarding.settled(batch);
    return true;
  }

  /** False: it is not its turn, or the session is gone. */
  #admitted(batch: Batch, admission: Admission): boolean {
    if (admission === "unknown") {
      reached("node-session-lost");
      for (const lost of this.#parts.forwarding.drop()) lost.error ??= sessionLost;
    }
    batch.isAdmitted = admission === "apply";
    return batch.isAdmitted;
  }

  #isApplied(isDone: boolean): boolean {
    this.#isHalfway = !isDone;
    return isDone;
  }

  #entryAt(index: LogIndex): Entry | undefined {
    const cached = this.#log!.cached(index, 0)?.[0];
    if (cached !== undefined) return cached;
    const loaded = this.#loaded[index - (this.#loaded[0]?.index ?? index)];
    if (loaded !== undefined && loaded.index === index) return loaded;
    this.#load(index);
    return undefined;
  }

  /** What is committed is never replaced, so what was read stays true. */
  #load(index: LogIndex): void {
    if (this.#isLoading) return;
    reached("committed-read-from-disk");
    this.#isLoading = true;
    this.#log!.read(index, limits.replayBytes).then(
      (entries) => {
        this.#isLoading = false;
        this.#loaded = entries;
        this.run();
      },
      (error) => this.#parts.onFailed(error),
    );
  }

  /** Answers those at the head of the line for whom there is nothing more to wait. False: the turn is over. */
  #answerReads(): boolean {
    const { proposals } = this.#parts;
    this.#deliver();
    for (let batch = proposals.next; batch !== undefined; batch = proposals.next) {
      if (batch.error === undefined && !this.#mayRead(batch)) return true;
      if (!this.#carryOut(batch)) return false;
    }
    return true;
  }

  #mayRead({ isReadOnly, readIndex, readMode, sealedAtMs }: Batch): boolean {
    const { engine } = this.#parts;
    if (!isReadOnly || readIndex > this.applied.index) {
      if (Number.isFinite(readIndex)) reached("read-waits-for-entries");
      return false;
    }
    // Its deadlines have passed for certain once an entry of that time is applied.
    return readMode !== "linearizable" || engine.earliestDeadline > sealedAtMs || engine.now >= sealedAtMs;
  }

  /** Applies the first in line that is not applied, and answers it, unless it or one before it has still to wait. */
  #carryOut(batch: Batch): boolean {
    const { proposals } = this.#parts;
    const isNext = batch.index === this.applied.index + 1;
    assert(batch.isReadOnly || batch.error !== undefined || isNext, "only what is committed is applied");
    const isFirst = proposals.oldest === batch;
    if (batch.error !== undefined && isFirst) {
      proposals.fail(batch.error);
      return true;
    }
    if (batch.writeQuorum > 0 && !this.#parts.isBeyond(batch.writeQuorum)) batch.writeQuorum = 0;
    if (!isFirst || batch.writeQuorum > 0) batch.replies ??= [];
    if (batch.error === undefined && !this.#applier.applyBatch(batch)) return false;
    if (batch.error === undefined && (!batch.isReadOnly || batch.readMode !== "stale"))
      this.freshMs = Math.max(this.freshMs, batch.sinceMs);
    if (batch.replies === undefined) proposals.finish();
    else {
      batch.isApplied = true;
      this.#deliver();
    }
    return true;
  }

  /** Answers those who are applied, in order, as far as enough voters hold what they wrote. */
  #deliver(): void {
    const { proposals, isHeld } = this.#parts;
    for (let batch = proposals.oldest; batch?.isApplied; batch = proposals.oldest) {
      if (batch.writeQuorum > 0 && batch.error === undefined && !isHeld(batch.writeQuorum, batch.index))
        return;
      if (batch.replies!.length === batch.count) proposals.deliver(batch.error);
      else proposals.fail(batch.error!);
    }
  }
}
