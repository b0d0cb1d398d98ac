import { reached } from "../base/reached.ts";
import { withoutCommands, writeBatchTime } from "../engine/batch.ts";
import type { Engine } from "../engine/engine.ts";
import { type EntryKind, entryKinds } from "../log/entry.ts";
import type { Clock } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { LogIndex, Refusal } from "../raft/types.ts";
import type { Batch } from "./batch.ts";
import type { ClusterTime } from "./cluster-time.ts";
import type { Consensus } from "./consensus.ts";
import { FULL, LATER, type Origin, type ReadMode, type Verdict } from "./contract.ts";
import type { Forwarding } from "./forwarding.ts";
import { Gathering } from "./gathering.ts";
import type { Proposals } from "./proposals.ts";
import { noLeader, underReplicated, unknownInTime } from "./trouble.ts";

export interface OffersParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly time: ClusterTime;
  readonly proposals: Proposals;
  readonly forwarding: Forwarding;
  /** Undefined while it is not known who takes part. */
  readonly consensus: () => Consensus | undefined;
  /** A batch of reads was sealed, and wants to know which entry it has to see. */
  readonly onReads: (batch: Batch) => void;
  /** So many voters cannot be reached, as far as is known here. */
  readonly isOutOfReach: (voters: number) => boolean;
  /** The end of a turn in which something may have been sealed. */
  readonly onTurn: () => void;
}

/**
 * What was offered, until it is proposed:
 *
 *     offered ──► open batch ──seal, at the end of the turn──► line ──► consensus here, or forwarding to the leader
 *
 * While the log is at work the open batch gathers, and while the batch before it could not be proposed; and where that
 * makes larger entries, for a few turns more (gathering.ts). So there is no timer, and no more than one entry of this node
 * on its way to its disk.
 */
export class Offers {
  /** Nothing is sealed. */
  isStopped = false;
  /** Writes are held back, whatever the proposals say. */
  isHeld = false;
  readonly #parts: OffersParts;
  readonly #gathering = new Gathering();
  #sealsSoon = false;
  #isOffering = false;
  /** The entry waits for a turn to pass. */
  #passesTurn = false;

  constructor(parts: OffersParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#parts.proposals.isFull;
  }

  later(origin: Origin): Verdict {
    this.#parts.proposals.wait(origin);
    return FULL;
  }

  /** `quorum` voters must hold it; 0: the majority that its commit takes. */
  addWrite(args: Arguments, db: number, origin: Origin, quorum: number): Verdict {
    const { open } = this.#parts.proposals;
    if (this.isFull || this.isHeld || (open.writes > 0 && open.writeQuorum !== quorum))
      return this.later(origin);
    this.#begin(open);
    open.writeQuorum = quorum;
    open.addWrite(args, db, origin);
    this.sealSoon();
    return LATER;
  }

  addRead(args: Arguments, db: number, origin: Origin, mode: ReadMode, quorum: number): Verdict {
    const { open } = this.#parts.proposals;
    if (this.isFull) return this.later(origin);
    this.#begin(open);
    open.addRead(args, db, origin, mode, quorum);
    this.sealSoon();
    return LATER;
  }

  /** An entry of the present time is wanted, whether anybody offers something or not. */
  wantTick(): void {
    const { open } = this.#parts.proposals;
    this.#begin(open);
    open.isTick = true;
    this.sealSoon();
  }

  sealSoon(): void {
    if (this.#sealsSoon) return;
    this.#sealsSoon = true;
    this.#parts.clock.nextTurn(() => {
      this.#sealsSoon = false;
      this.seal();
      this.#parts.onTurn();
    });
  }

  /** Ends the open batch, unless there is something to wait for. */
  seal(): void {
    const { proposals, consensus } = this.#parts;
    const node = consensus();
    if (this.isStopped || node === undefined) return;
    this.#offer(node);
    const { open } = proposals;
    if (open.isEmpty || proposals.unproposed !== undefined) return;
    // Where a deadline has passed, only an entry of that time answers what is read.
    if (node.leads && this.#isOverdue) {
      reached("deadline-passed");
      open.isTick = true;
    }
    if (open.isReadOnly) this.#parts.onReads(this.#sealNow(node));
    else if (!node.leads || (node.isLogAtRest && !this.#gathers(open))) this.#sealNow(node);
  }

  /** A batch of so many writes was answered. */
  answered(writes: number): void {
    this.#gathering.answered(writes, this.#parts.proposals.open.writes);
  }

  /** Answers those who have waited for too long, and those who need a leader where none is to be waited for. True: there are some. */
  giveUp(timeoutMs: number, isLeaderless: boolean): boolean {
    const before = this.#parts.clock.monotonicMs() - timeoutMs;
    let isLate = false;
    for (const batch of this.#parts.proposals.sealed) {
      if (batch.sinceMs > before && !(isLeaderless && needsLeader(batch))) continue;
      // It is being applied: its callers have their answers any moment.
      if ((batch.next > 0 || batch.isAdmitted) && !batch.isApplied) continue;
      // It has all that it wanted, and waits in the line: who is in front of it is late.
      if (batch.isApplied && batch.writeQuorum === 0) continue;
      batch.error ??= lateError(batch);
      isLate = true;
    }
    return isLate;
  }

  get #isOverdue(): boolean {
    return this.#parts.engine.earliestDeadline <= this.#parts.time.estimate();
  }

  #begin(open: Batch): void {
    if (open.isEmpty) open.sinceMs = this.#parts.clock.monotonicMs();
  }

  /** True: the entry waits for a turn, and is looked at again then. */
  #gathers({ writes, isTick }: Batch): boolean {
    if (isTick || this.#gathering.isOver(writes)) return false;
    if (this.#passesTurn) return true;
    this.#passesTurn = true;
    this.#parts.clock.nextTurn(() => {
      this.#passesTurn = false;
      this.#gathering.passTurn();
      this.seal();
      this.#parts.onTurn();
    });
    return true;
  }

  #sealNow(node: Consensus): Batch {
    const { proposals, time } = this.#parts;
    this.#gathering.left(proposals.open.writes);
    const batch = proposals.seal(time.estimate());
    this.#offer(node);
    proposals.drain();
    return batch;
  }

  /**
   * Proposes what is sealed, here or elsewhere, in order, as far as it is taken. To propose something here goes on with
   * all that is decided, which ends in another call of this: until the first one knows what became of its batch, nobody
   * may take the next one.
   */
  #offer(node: Consensus): void {
    if (this.#isOffering) return;
    this.#isOffering = true;
    this.#offerAll(node);
    this.#isOffering = false;
  }

  #offerAll(node: Consensus): void {
    const { proposals, forwarding } = this.#parts;
    // What has a number from before the others left comes first, and what is behind it keeps its place.
    const isDirect = node.isAlone && forwarding.isAtRest;
    if (!isDirect) forwarding.goOn();
    for (let batch = proposals.unproposed; batch !== undefined; batch = proposals.unproposed) {
      if (isDirect ? !this.#proposeAlone(node, batch) : !forwarding.offer(batch)) return;
    }
  }

  /** Nobody can take the lead from the only voter: what it proposes needs no number. */
  #proposeAlone(node: Consensus, batch: Batch): boolean {
    if (!node.leads) return false;
    const kind = batch.writes > 0 ? entryKinds.commands : entryKinds.time;
    const { term } = node;
    writeBatchTime(batch.payload, this.#parts.time.estimate());
    const index = node.propose(kind, batch.payload);
    if (typeof index === "string") return false;
    batch.isLogged = true;
    batch.term = term;
    batch.index = index;
    return true;
  }

  /**
   * Proposes what has a number, with the time as it is now; the payload is nobody else's. Where fewer voters can be reached
   * than it wants, its number alone is proposed. That is how it is refused: no answer could say so, since another copy
   * of it may be in a log already, or on its way to one. Whichever comes first has the number.
   */
  proposeNumbered(kind: EntryKind, payload: Buffer, voters: number): LogIndex | Refusal {
    const { consensus, isOutOfReach, time } = this.#parts;
    const node = consensus();
    if (node === undefined || !node.leads) return "notLeader";
    const isRefused = isOutOfReach(voters);
    if (isRefused) reached("refused-by-number");
    const taken = isRefused ? Buffer.from(withoutCommands(payload)) : payload;
    writeBatchTime(taken, time.estimate());
    return node.propose(isRefused ? entryKinds.time : kind, taken);
  }
}

/** There is nobody who could take it, or say what it has to see. */
function needsLeader({ isProposed, isReadOnly, readMode, readIndex }: Batch): boolean {
  return isReadOnly ? readMode === "linearizable" && !Number.isFinite(readIndex) : !isProposed;
}

function lateError({ isApplied, isProposed }: Batch): string {
  if (isApplied) {
    reached("under-replicated");
    return underReplicated;
  }
  reached(isProposed ? "outcome-unknown-in-time" : "no-leader-in-time");
  return isProposed ? unknownInTime : noLeader;
}
