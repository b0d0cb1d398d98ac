import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Engine } from "../engine/engine.ts";
import { applyTransaction } from "../engine/transaction.ts";
import { entryKinds } from "../log/entry.ts";
import type { Wal } from "../log/wal.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import { Applier } from "./applier.ts";
import { ClusterTime } from "./cluster-time.ts";
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
import { EngineView } from "./store-view.ts";
import { diskTrouble, loading, unknownOutcome } from "./trouble.ts";

/** How often keys are looked for whose deadline has passed. */
const tickMs = 10;

/**
 * The one voter of a cluster. Its loop, no turn of which is ever waited for:
 *
 *     submit ─► open batch ─seal─► entry ─► log ─► stable = committed ─► apply ─► replies
 *       │                                                                  ▲
 *       └─ reads: at once, or in their place of a batch ───────────────────┘
 *
 * Without a log (`--memory`) what is offered is committed at once, and so it is applied at once.
 */
export class Member implements Replica {
  readonly store: StoreView;
  isFull = false;
  trouble: Trouble | undefined;
  persistence: Persistence | undefined;

  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #time: ClusterTime;
  readonly #ticks: Timer;
  readonly #longReads: LongReads;
  readonly #proposals = new Proposals();
  readonly #applier: Applier;
  #log: Wal | undefined;
  /** Term of the entries of this start. */
  #term = 0;
  #commitIndex = 0;
  #appliedIndex = 0;
  #sealsSoon = false;
  /** Writes are held back, whatever the proposals say. */
  #isHeld = false;
  #hasFailed = false;
  #isOpen = true;
  /** When a long read came that waits for deadlines to pass. */
  readonly #longReadsCameMs = new WeakMap<Origin, number>();
  /** This turn's time, once it was asked for. */
  #turnMs = 0;
  #knowsTime = false;
  /** Called when nothing is under way any more. */
  #onRest: (() => void) | undefined;

  constructor(engine: Engine, clock: Clock, isDurable: boolean) {
    this.#engine = engine;
    this.#clock = clock;
    this.#time = new ClusterTime(clock);
    this.#applier = new Applier(engine, clock);
    this.#longReads = new LongReads(clock, () => this.#learnTime());
    this.store = new EngineView(engine, () => this.#learnTime());
    this.trouble = isDurable ? loading : undefined;
    this.#ticks = clock.every(tickMs, () => this.#tick());
  }

  /** Begins to serve: the engine has applied what the log holds. */
  serve(log: Wal, term: number): void {
    assert(this.trouble === loading, "a member begins to serve once");
    this.#log = log;
    this.#term = term;
    this.#appliedIndex = log.lastIndex;
    this.#commitIndex = log.lastIndex;
    this.#time.notBefore(this.#engine.now);
    this.trouble = undefined;
    log.append({ term, index: log.lastIndex + 1, kind: entryKinds.noop, payload: noBytes });
  }

  /** The log has everything up to this index on the disk: for one voter that is a quorum. */
  stable(index: number): void {
    this.#commitIndex = index;
    this.#apply();
  }

  /** The disk has failed: nothing is written or acknowledged any more. */
  diskFailed(code: string): void {
    this.#hasFailed = true;
    this.trouble = diskTrouble(code);
    this.#proposals.failAll(unknownOutcome(code));
    this.#onRest?.();
  }

  /** No entry is applied in part. */
  get isBetweenEntries(): boolean {
    return (this.#proposals.oldest?.next ?? 0) === 0;
  }

  /** Last entry whose effect the engine has. */
  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  get appliedTerm(): number {
    return this.#log?.termOf(this.#appliedIndex) ?? 0;
  }

  /** Holds writes back while more waits for the disk elsewhere than may. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#proposals.drain();
  }

  submit(request: Request): Verdict {
    const { command, origin } = request;
    if (this.#longReads.has(origin)) return FULL;
    if (this.#log === undefined) return this.#applyNow(request);
    return command.isWrite || command === exec ? this.#propose(request) : this.#read(request);
  }

  revisionOf(db: number, key: Buffer): number {
    if (this.#log === undefined) this.#learnTime();
    return this.#engine.revisionOf(db, key);
  }

  async close(): Promise<void> {
    if (this.#proposals.isAtRest) return this.#end();
    await new Promise<void>((resolve) => {
      this.#onRest = resolve;
    });
    this.#end();
  }

  #end(): void {
    this.#isOpen = false;
    this.#longReads.close();
    this.#ticks.cancel();
  }

  #applyNow({ command, args, db, origin }: Request): Verdict {
    if (!this.#knowsTime) this.#learnTime();
    if ((command.isWrite || command === exec) && !this.#engine.hasRoomFor(command, args)) {
      origin.out.error(outOfMemory);
      return DONE;
    }
    if (command.route === "local") {
      if (command === exec) {
        applyTransaction(this.#engine, args, origin.out, (c, a) => origin.perform(c, a));
      } else {
        origin.perform(command, args);
      }
      return DONE;
    }
    return this.#execute(command, args, db, origin);
  }

  #execute(command: Command, args: Arguments, db: number, origin: Origin): Verdict {
    const slice = this.#engine.execute(command, args, db, origin.out);
    if (slice === undefined) return DONE;
    this.#longReads.add(origin, slice);
    return LATER;
  }

  #propose({ command, args, db, origin }: Request): Verdict {
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
    proposals.open.addWrite(args, db, origin);
    this.#sealSoon();
    return LATER;
  }

  /** Linearizable with one voter: what is applied is all that was ever acknowledged. */
  #read(request: Request): Verdict {
    const { command, args, db, origin } = request;
    if (!this.#knowsTime) this.#learnTime();
    if (command === keys) return this.#readLong(request);
    if (origin.isWaiting) return this.#readInTurn(request);
    // With a disk that takes nothing, no more deadlines pass: reads see the last applied time.
    const estimate = this.#hasFailed ? this.#engine.now : this.#turnMs;
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
    return this.#execute(command, args, db, origin);
  }

  /**
   * A read that has to wait for writes, or for a deadline to pass for certain, goes with the next entry: its
   * time is not before this moment, and all that was taken before is applied before it.
   */
  #readInTurn({ args, db, origin }: Request): Verdict {
    if (this.#proposals.isFull) return this.#later(origin);
    this.#proposals.open.addRead(args, db, origin);
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
    });
  }

  /** Proposes the open batch, unless the log is at work: then it goes when that is done, with all that comes meanwhile. */
  #seal(): void {
    const log = this.#log!;
    const { open } = this.#proposals;
    if (open.isEmpty || log.lastIndex > log.stableIndex || this.#hasFailed) return;
    const index = log.lastIndex + 1;
    const kind = open.writes > 0 ? entryKinds.commands : entryKinds.time;
    const payload = this.#proposals.seal(index, this.#time.estimate());
    log.append({ term: this.#term, index, kind, payload });
    this.#proposals.drain();
  }

  /** Applies what is committed, a turn's worth at a time. */
  #apply(): void {
    const proposals = this.#proposals;
    this.#applier.beginTurn();
    for (let batch = proposals.oldest; batch !== undefined; batch = proposals.oldest) {
      if (batch.index > this.#commitIndex) break;
      if (!this.#applier.applyBatch(batch)) {
        this.#clock.nextTurn(() => this.#apply());
        break;
      }
      this.#appliedIndex = batch.index;
      proposals.finish();
    }
    this.#seal();
    proposals.drain();
    if (proposals.isAtRest) {
      this.#appliedIndex = this.#commitIndex;
      this.#onRest?.();
    }
  }

  /** Once a turn: reads the clock; without a log also removes what is due, before anything else sees that time. */
  #learnTime(): void {
    if (this.#knowsTime) return;
    this.#knowsTime = true;
    this.#turnMs = this.#time.estimate();
    if (this.#log === undefined && this.trouble === undefined) {
      this.#engine.advance(this.#turnMs, limits.expiredPerTurn);
    }
    this.#clock.nextTurn(() => {
      this.#knowsTime = false;
    });
  }

  #tick(): void {
    this.isFull = this.#engine.isAlmostFull;
    const now = this.#time.estimate();
    if (!this.#isOpen || this.#hasFailed || this.trouble === loading) return;
    if (this.#engine.earliestDeadline > now) return;
    if (this.#log !== undefined) {
      this.#wantTick();
      return;
    }
    const removed = this.#engine.advance(now, limits.expiredPerTick);
    if (removed === limits.expiredPerTick) this.#clock.nextTurn(() => this.#tick());
  }
}

const exec = commandNamed("exec")!;
/** The one read that is answered in slices. */
const keys = commandNamed("keys")!;
const outOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
const noBytes: Buffer = Buffer.alloc(0);
