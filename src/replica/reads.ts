import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { ClusterTime } from "./cluster-time.ts";
import { DONE, LATER, type Origin, type ReadMode, type Request, type Verdict } from "./contract.ts";
import { LongReads } from "./long-reads.ts";
import type { Offers } from "./offers.ts";
import { staleOnly } from "./trouble.ts";
import { keys } from "./words.ts";

export interface ReadsParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly time: ClusterTime;
  readonly offers: Offers;
  /** All that was acknowledged before this moment is applied here. */
  readonly freshMs: () => number;
}

/**
 * Reads in their three modes. One is answered at once where that keeps its promise: a stale one, and any at the only
 * voter, which has applied all that was ever acknowledged. The others take their place in the open batch.
 */
export class Reads {
  /** All that was ever acknowledged is applied here. */
  isAtOnce = false;
  /** The disk takes nothing, so no more deadlines pass: reads see the last applied time. */
  hasFailed = false;
  readonly #parts: ReadsParts;
  readonly #longReads: LongReads;
  /** Long reads that wait until they may begin. */
  readonly #arriving = new WeakMap<Origin, Arrival>();
  /** This turn's time, once it was asked for. */
  #turnMs = 0;
  #knowsTime = false;

  constructor(parts: ReadsParts) {
    this.#parts = parts;
    this.#longReads = new LongReads(parts.clock, () => this.learnTime());
  }

  /** A read of this origin is being answered in slices. */
  isBusyWith(origin: Origin): boolean {
    return this.#longReads.has(origin);
  }

  submit(request: Request): Verdict {
    const { command, args, db, origin } = request;
    if (!this.#knowsTime) this.learnTime();
    if (command === keys) return this.#submitLong(request);
    const isStale = this.#modeOf(request) === "stale";
    if (origin.isWaiting || !(this.isAtOnce || isStale)) return this.#inTurn(request);
    const { engine } = this.#parts;
    const estimate = this.hasFailed || isStale ? engine.now : this.#turnMs;
    if (command.route === "local") {
      if (engine.earliestDeadline <= estimate && !this.hasFailed) return this.#inTurn(request);
      origin.perform(command, args);
      return DONE;
    }
    const { out } = origin;
    const before = out.length;
    if (engine.read(command, args, db, out, estimate)) return DONE;
    out.truncate(before);
    return this.#inTurn(request);
  }

  /** Once a turn: reads the clock. */
  learnTime(): void {
    if (this.#knowsTime) return;
    this.#knowsTime = true;
    this.#turnMs = this.#parts.time.estimate();
    this.#parts.clock.nextTurn(() => {
      this.#knowsTime = false;
    });
  }

  close(): void {
    this.#longReads.close();
  }

  /** A read that has to wait for writes, for a round, or for a deadline to pass for certain. */
  #inTurn(request: Request): Verdict {
    const { args, db, origin, readQuorum } = request;
    if (this.hasFailed) {
      origin.out.error(staleOnly);
      return DONE;
    }
    return this.#parts.offers.addRead(args, db, origin, this.#modeOf(request), readQuorum);
  }

  /** A stale read that is not to be too old is linearizable where that is not known of it. */
  #modeOf({ readMode, readLagMs }: Request): ReadMode {
    if (readMode !== "stale" || readLagMs === 0 || this.isAtOnce) return readMode;
    const lagMs = this.#parts.clock.monotonicMs() - this.#parts.freshMs();
    return lagMs <= readLagMs ? "stale" : "linearizable";
  }

  /**
   * What is answered in slices begins when all before it is answered and all that was due when it came is gone, and
   * where that is not known at once, when a read in its place has been answered.
   */
  #submitLong(request: Request): Verdict {
    const { command, args, db, origin } = request;
    const { engine, offers } = this.#parts;
    if (origin.isWaiting) return offers.later(origin);
    const isAtOnce: boolean = this.#modeOf(request) === "stale" || (this.isAtOnce && !this.#isOverdue);
    const arrival = this.#arriving.get(origin);
    if (!isAtOnce && arrival === undefined) return this.#arrive(request);
    if (arrival?.isOver === false) return offers.later(origin);
    this.#arriving.delete(origin);
    if (arrival !== undefined && arrival.out.errors > 0) {
      origin.out.raw(arrival.out.buffer.subarray(0, arrival.out.length));
      return DONE;
    }
    const slice = engine.execute(command, args, db, origin.out);
    if (slice === undefined) return DONE;
    this.#longReads.add(origin, slice);
    return LATER;
  }

  get #isOverdue(): boolean {
    const { engine } = this.#parts;
    return !this.hasFailed && engine.earliestDeadline <= this.#turnMs && engine.now < this.#turnMs;
  }

  #arrive(request: Request): Verdict {
    const { origin } = request;
    const { offers } = this.#parts;
    if (this.hasFailed || offers.isFull) return this.#inTurn(request);
    const arrival = new Arrival(origin);
    this.#arriving.set(origin, arrival);
    this.#inTurn({ ...request, origin: arrival });
    return offers.later(origin);
  }
}

/** In the place of a long read that has not begun: it may, once this is answered. */
class Arrival implements Origin {
  readonly out: ReplyWriter = new ReplyWriter();
  readonly isWaiting = false;
  isOver = false;
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  get isGone(): boolean {
    return this.#origin.isGone;
  }

  perform(_command: Command, _args: Arguments): void {}

  /** The long read itself is offered again when all that waits is. */
  settled(): void {
    this.isOver = true;
  }

  drain(): void {}
}
