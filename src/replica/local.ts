import { limits } from "../base/limits.ts";
import { Engine } from "../engine/engine.ts";
import type { Slice } from "../engine/execution.ts";
import { applyTransaction } from "../engine/transaction.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import {
  DONE,
  FULL,
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
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #ticks: Timer;
  /** Time of this turn of the event loop, 0 before it was asked for. */
  #now = 0;
  /** Time only goes forward for the engine, whatever the wall clock does. */
  #latest = 0;
  /** Origins whose long read is being answered in slices. */
  readonly #slicing = new Set<Origin>();
  #isOpen = true;

  constructor(clock: Clock, random: Random) {
    this.#engine = new Engine([random.uint32() | 0, random.uint32() | 0]);
    this.#clock = clock;
    this.#ticks = clock.every(tickMs, () => this.#tick());
  }

  get store(): StoreView {
    const engine = this.#engine;
    const now = this.#time();
    return {
      keyspace(db) {
        const keyspace = engine.keyspaces[db]!;
        const { earliestDeadline } = keyspace;
        return {
          keys: keyspace.count(now),
          expires: keyspace.recordsWithDeadline,
          earliestMs: earliestDeadline === Number.POSITIVE_INFINITY ? 0 : earliestDeadline,
        };
      },
      residentBytes: engine.residentBytes,
      revision: engine.revision,
      expiredKeys: engine.expiredKeys,
    };
  }

  submit(request: Request): Verdict {
    const { command, args, origin } = request;
    if (this.#slicing.size > 0 && this.#slicing.has(origin)) return FULL;
    const now = this.#time();
    if (command.route === "local") {
      if (command.name === "exec") {
        applyTransaction(this.#engine, args, now, origin.out, (c, a) => origin.perform(c, a));
      } else {
        origin.perform(command, args);
      }
      return DONE;
    }
    const slice = this.#engine.execute(command, args, request.db, now, origin.out);
    if (slice === undefined) return DONE;
    this.#slicing.add(origin);
    this.#nextSlice(origin, slice);
    return LATER;
  }

  revisionOf(db: number, key: Buffer): number {
    return this.#engine.revisionOf(db, key, this.#time());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#ticks.cancel();
  }

  #nextSlice(origin: Origin, slice: Slice): void {
    this.#clock.nextTurn(() => {
      if (!this.#isOpen) return;
      if (!slice(this.#time())) {
        this.#nextSlice(origin, slice);
        return;
      }
      this.#slicing.delete(origin);
      origin.settled(1);
      origin.drain();
    });
  }

  /** Read once a turn, and what is due by then is removed before anything else sees that time. */
  #time(): number {
    if (this.#now === 0) {
      this.#latest = Math.max(this.#latest, this.#clock.wallMs());
      this.#now = this.#latest;
      this.#clock.nextTurn(() => {
        this.#now = 0;
      });
      this.#engine.expire(this.#now, limits.expiredPerWrite);
    }
    return this.#now;
  }

  #tick(): void {
    if (this.#engine.earliestDeadline > this.#clock.wallMs()) return;
    const removed = this.#engine.expire(this.#time(), limits.expiredPerTick);
    if (removed === limits.expiredPerTick) this.#clock.nextTurn(() => this.#isOpen && this.#tick());
  }
}
