import { limits } from "../base/limits.ts";
import { Engine } from "../engine/engine.ts";
import type { Slice } from "../engine/execution.ts";
import { applyTransaction } from "../engine/transaction.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import {
  DONE,
  FULL,
  type KeyspaceView,
  LATER,
  type Origin,
  type Replica,
  type Request,
  type StoreView,
  type Verdict,
} from "./contract.ts";

/** How often keys are looked for whose deadline has passed. */
const tickMs = 10;

/** One voter without a disk: what is submitted is applied at once. */
export class LocalReplica implements Replica {
  readonly store: StoreView;
  isFull = false;

  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #ticks: Timer;
  /** Whether the engine has this turn's time. */
  #knowsTime = false;
  /** Long reads that are being answered. The first gets one slice a turn, and goes behind the others. */
  readonly #slicing = new Map<Origin, Slice>();
  #isOpen = true;

  constructor(clock: Clock, random: Random) {
    this.#engine = new Engine([random.uint32() | 0, random.uint32() | 0]);
    this.store = new EngineView(this.#engine, () => this.#learnTime());
    this.#clock = clock;
    this.#ticks = clock.every(tickMs, () => this.#tick());
  }

  submit(request: Request): Verdict {
    const { command, args, origin } = request;
    if (this.#slicing.size > 0 && this.#slicing.has(origin)) return FULL;
    if (!this.#knowsTime) this.#learnTime();
    if (command.route === "local") {
      if (command.name === "exec") {
        applyTransaction(this.#engine, args, origin.out, (c, a) => origin.perform(c, a));
      } else {
        origin.perform(command, args);
      }
      return DONE;
    }
    const slice = this.#engine.execute(command, args, request.db, origin.out);
    if (slice === undefined) return DONE;
    this.#slicing.set(origin, slice);
    if (this.#slicing.size === 1) this.#sliceSoon();
    return LATER;
  }

  revisionOf(db: number, key: Buffer): number {
    this.#learnTime();
    return this.#engine.revisionOf(db, key);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#ticks.cancel();
  }

  #sliceSoon(): void {
    this.#clock.nextTurn(() => this.#nextSlice());
  }

  #nextSlice(): void {
    const [first] = this.#slicing;
    if (!this.#isOpen || first === undefined) return;
    const [origin, slice] = first;
    this.#learnTime();
    const isDone = origin.isGone || slice();
    this.#slicing.delete(origin);
    if (!isDone) this.#slicing.set(origin, slice);
    if (this.#slicing.size > 0) this.#sliceSoon();
    if (origin.isGone) return;
    origin.settled(isDone ? 1 : 0);
    if (isDone) origin.drain();
  }

  /** Once a turn: reads the clock, and removes what is due by then before anything else sees that time. */
  #learnTime(): void {
    if (this.#knowsTime) return;
    this.#knowsTime = true;
    this.#engine.advance(this.#clock.wallMs(), limits.expiredPerTurn);
    this.#clock.nextTurn(() => {
      this.#knowsTime = false;
    });
  }

  #tick(): void {
    this.isFull = this.#engine.isAlmostFull;
    const now = this.#clock.wallMs();
    if (this.#engine.earliestDeadline > now) return;
    const removed = this.#engine.advance(now, limits.expiredPerTick);
    if (removed === limits.expiredPerTick) this.#clock.nextTurn(() => this.#isOpen && this.#tick());
  }
}

class EngineView implements StoreView {
  readonly #engine: Engine;
  readonly #learnTime: () => void;

  constructor(engine: Engine, learnTime: () => void) {
    this.#engine = engine;
    this.#learnTime = learnTime;
  }

  keyspace(db: number): KeyspaceView {
    this.#learnTime();
    const keyspace = this.#engine.keyspaces[db]!;
    const { earliestDeadline } = keyspace;
    return {
      keys: keyspace.count(),
      expires: keyspace.recordsWithDeadline,
      earliestMs: earliestDeadline === Number.POSITIVE_INFINITY ? 0 : earliestDeadline,
    };
  }

  get residentBytes(): number {
    return this.#engine.residentBytes;
  }

  get revision(): number {
    return this.#engine.revision;
  }

  get expiredKeys(): number {
    return this.#engine.expiredKeys;
  }
}
