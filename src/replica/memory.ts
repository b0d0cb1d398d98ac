import { limits } from "../base/limits.ts";
import type { Engine } from "../engine/engine.ts";
import { applyTransaction } from "../engine/transaction.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { ClusterTime } from "./cluster-time.ts";
import {
  type Count,
  DONE,
  FULL,
  LATER,
  type Replica,
  type Request,
  type StoreView,
  type Verdict,
} from "./contract.ts";
import { LongReads } from "./long-reads.ts";
import { EngineView } from "./store-view.ts";
import { exec, outOfMemory, tickMs } from "./words.ts";

/**
 * The one voter of a cluster in memory (`--memory`): what is offered is committed at once, and applied where it
 * stands, without a copy. There is no log, so nobody can follow it.
 */
export class Memory implements Replica {
  readonly store: StoreView;
  isFull = false;
  readonly trouble = undefined;
  readonly persistence = undefined;
  /** Nobody else has a part in it. */
  readonly status = undefined;
  readonly administration = undefined;
  readonly leads = true;

  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #time: ClusterTime;
  readonly #ticks: Timer;
  readonly #longReads: LongReads;
  #isOpen = true;
  #knowsTime = false;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#time = new ClusterTime(clock, true);
    this.#longReads = new LongReads(clock, () => this.#learnTime());
    this.store = new EngineView(engine, () => this.#learnTime());
    this.#ticks = clock.every(tickMs, () => this.#tick());
  }

  submit({ command, args, db, origin }: Request): Verdict {
    if (this.#longReads.has(origin)) return FULL;
    if (!this.#knowsTime) this.#learnTime();
    if ((command.isWrite || command === exec) && !this.#engine.hasRoomFor(command, args)) {
      origin.out.error(outOfMemory);
      return DONE;
    }
    if (command.route !== "local") {
      const slice = this.#engine.execute(command, args, db, origin.out);
      if (slice === undefined) return DONE;
      this.#longReads.add(origin, slice);
      return LATER;
    }
    if (command === exec) applyTransaction(this.#engine, args, origin.out, (c, a) => origin.perform(c, a));
    else origin.perform(command, args);
    return DONE;
  }

  revisionOf(db: number, key: Buffer): number {
    this.#learnTime();
    return this.#engine.revisionOf(db, key);
  }

  /** Nobody else can have anything. */
  countHolders(heard: (others: number) => void): Count {
    heard(0);
    return { end() {} };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#longReads.close();
    this.#ticks.cancel();
  }

  /** Once a turn: reads the clock, and removes what is due before anything else sees that time. */
  #learnTime(): void {
    if (this.#knowsTime) return;
    this.#knowsTime = true;
    this.#engine.advance(this.#time.estimate(), limits.expiredPerTurn);
    this.#clock.nextTurn(() => {
      this.#knowsTime = false;
    });
  }

  #tick(): void {
    this.isFull = this.#engine.isAlmostFull;
    if (!this.#isOpen) return;
    this.#engine.tidy();
    const now = this.#time.estimate();
    if (this.#engine.earliestDeadline > now) return;
    const removed = this.#engine.advance(now, limits.expiredPerTick);
    if (removed === limits.expiredPerTick) this.#clock.nextTurn(() => this.#tick());
  }
}
