import { assert } from "../src/base/assert.ts";
import type { Clock } from "../src/platform/clock.ts";
import { Arguments } from "../src/protocol/arguments.ts";
import type { ReplyWriter } from "../src/protocol/reply-writer.ts";
import type { Command } from "../src/protocol/spec/row.ts";
import type { NodeStatus } from "../src/raft/raw-node.ts";
import {
  type Administration,
  type Count,
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
} from "../src/replica/contract.ts";
import type { Chance } from "./differential/chance.ts";

/** How often the replica refuses, and how often it answers at once where it may. */
export interface Lateness {
  readonly fullPercent: number;
  readonly donePercent: number;
}

/**
 * A replica as log and consensus will make it: it answers turns later, several commands at once, and is
 * full at times. All by a seed. It holds those above it to the contract:
 *
 *  - nothing of an origin is offered between FULL and `drain`;
 *  - the bytes of a request are the caller's again when `submit` returns (they are copied here).
 */
export class LateReplica implements Replica {
  readonly #inner: Replica;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #lateness: Lateness;
  readonly #lanes: Map<Origin, Lane> = new Map();
  /** Lanes by their commands, in the order in which these were taken: one log for all. */
  readonly #log: Lane[] = [];
  #isAwake = false;

  constructor(inner: Replica, clock: Clock, chance: Chance, lateness: Lateness) {
    this.#inner = inner;
    this.#clock = clock;
    this.#chance = chance;
    this.#lateness = lateness;
  }

  get store(): StoreView {
    return this.#inner.store;
  }

  get isFull(): boolean {
    return this.#inner.isFull;
  }

  get trouble(): Trouble | undefined {
    return this.#inner.trouble;
  }

  get status(): NodeStatus | undefined {
    return this.#inner.status;
  }

  get administration(): Administration | undefined {
    return this.#inner.administration;
  }

  get leads(): boolean {
    return this.#inner.leads;
  }

  countHolders(heard: (others: number) => void): Count {
    return this.#inner.countHolders(heard);
  }

  get persistence(): Persistence | undefined {
    return this.#inner.persistence;
  }

  revisionOf(db: number, key: Buffer): number {
    return this.#inner.revisionOf(db, key);
  }

  submit(request: Request): Verdict {
    const lane = this.#laneOf(request.origin);
    assert(!lane.isFull, "nothing of this origin is offered between FULL and drain");
    if (this.#chance.percent(this.#lateness.fullPercent)) {
      lane.isFull = true;
      this.#wake();
      return FULL;
    }
    if (lane.isIdle && this.#chance.percent(this.#lateness.donePercent)) {
      return this.#apply(lane, { ...request, origin: lane });
    }
    lane.taken.push(copyOf(request, lane));
    this.#log.push(lane);
    this.#wake();
    return LATER;
  }

  async close(): Promise<void> {
    while (this.#isAwake) await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
    await this.#inner.close();
  }

  #laneOf(origin: Origin): Lane {
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      lane = new Lane(origin);
      this.#lanes.set(origin, lane);
    }
    return lane;
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#clock.nextTurn(() => this.#turn());
  }

  /** Carries out some of what was taken, and lets some of the refused come again. */
  #turn(): void {
    if (this.#chance.percent(50)) this.#applySome();
    for (const lane of this.#lanes.values()) this.#finishTurn(lane);
    this.#isAwake = false;
    for (const lane of this.#lanes.values()) {
      if (lane.isGone && lane.taken.length === 0) this.#lanes.delete(lane.origin);
      else if (!lane.isIdle || lane.isFull) this.#wake();
    }
  }

  #applySome(): void {
    let left = 1 + this.#chance.below(1 + this.#log.length);
    while (left-- > 0 && this.#log.length > 0) {
      const lane = this.#log[0]!;
      // A long read that is answered in slices: the log waits behind it.
      if (lane.isSlicing && !lane.isGone) return;
      const verdict = this.#apply(lane, lane.taken[0]!);
      if (verdict === FULL) return;
      this.#log.shift();
      lane.taken.shift();
      if (verdict === DONE) lane.answered++;
    }
  }

  #apply(lane: Lane, request: Request): Verdict {
    const verdict = this.#inner.submit(request);
    assert(verdict !== FULL || lane.isGone, "full only where a long read was left behind by its origin");
    lane.isSlicing = verdict === LATER;
    if (lane.isSlicing) this.#wake();
    return verdict;
  }

  /** `drain` and `settled` come in either order, and at times in different turns. */
  #finishTurn(lane: Lane): void {
    const drains = lane.isFull && this.#chance.percent(30);
    const settles = lane.answered > 0 && this.#chance.percent(70);
    const drainsFirst = this.#chance.percent(50);
    if (drains && drainsFirst) lane.drainOrigin();
    if (settles) lane.settleOrigin(this.#chance.percent(50));
    if (drains && !drainsFirst) lane.drainOrigin();
  }
}

/** What one origin has handed in; the inner replica sees it in the origin's place. */
class Lane implements Origin {
  readonly origin: Origin;
  readonly taken: Request[] = [];
  /** Commands whose replies are written, and whose origin was not told yet. */
  answered = 0;
  isFull = false;
  isSlicing = false;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  get out(): ReplyWriter {
    return this.origin.out;
  }

  get isGone(): boolean {
    return this.origin.isGone;
  }

  /** What is behind it has answered all that it was given. */
  get isWaiting(): boolean {
    return this.isSlicing;
  }

  get isIdle(): boolean {
    return this.taken.length === 0 && this.answered === 0 && !this.isSlicing;
  }

  perform(command: Command, args: Arguments): void {
    this.origin.perform(command, args);
  }

  settled(count: number): void {
    this.isSlicing = count === 0;
    if (this.isSlicing) this.origin.settled(0);
    else this.answered++;
  }

  drain(): void {}

  drainOrigin(): void {
    this.isFull = false;
    this.origin.drain();
  }

  settleOrigin(atOnce: boolean): void {
    const count = this.answered;
    this.answered = 0;
    if (atOnce) this.origin.settled(count);
    else for (let i = 0; i < count; i++) this.origin.settled(1);
  }
}

function copyOf(request: Request, origin: Origin): Request {
  const { args } = request;
  const copy = new Arguments();
  copy.reserve(args.count);
  copy.bytes = Buffer.from(args.bytes.subarray(args.from, args.to));
  copy.count = args.count;
  copy.to = args.to - args.from;
  for (let i = 0; i < args.count; i++) {
    copy.start[i] = args.start[i]! - args.from;
    copy.end[i] = args.end[i]! - args.from;
  }
  return { ...request, args: copy, origin };
}
