import type { Clock } from "../platform/clock.ts";
import { commands } from "../protocol/spec/table.ts";

/** Counters that INFO shows. CONFIG RESETSTAT sets them back. */
export class Stats {
  readonly startedMs: number;
  readonly startedWallMs: number;
  /** Memory of the process before it held anything. */
  emptyProcessBytes = 0;
  /** The most memory that was in use at any sample. */
  peakBytes = 0;
  acceptedClients = 0;
  rejectedClients = 0;
  /** Cut off for what they had not taken of their replies, and for what they held of all clients' memory. */
  overflowedClients = 0;
  evictedClients = 0;
  protocolErrors = 0;
  receivedBytes = 0;
  sentBytes = 0;
  /** Keys that had expired before the last reset: the store counts on. */
  expiredKeysBefore = 0;
  /** Keys that commands of clients which have left wanted to read, and that were there, or not. */
  hitsBefore = 0;
  missesBefore = 0;
  /** By command id, as carried out. Fast commands are not timed unless they are large: their micros stay 0. */
  readonly calls: Float64Array = new Float64Array(commands.length);
  readonly micros: Float64Array = new Float64Array(commands.length);
  /** Those of them that answered an error. */
  readonly failed: Float64Array = new Float64Array(commands.length);
  /** Commands that were not even begun: wrong arity, no password, no memory. */
  readonly rejected: Float64Array = new Float64Array(commands.length);
  /** Error replies by their code. */
  readonly errors: Map<string, number> = new Map();
  readonly commandRate: Rate;
  readonly receivedRate: Rate;
  readonly sentRate: Rate;

  constructor(clock: Clock) {
    this.startedMs = clock.monotonicMs();
    this.startedWallMs = clock.wallMs();
    this.commandRate = new Rate(this.startedMs);
    this.receivedRate = new Rate(this.startedMs);
    this.sentRate = new Rate(this.startedMs);
  }

  get commandsProcessed(): number {
    return sum(this.calls);
  }

  get errorReplies(): number {
    return sum(this.errors.values());
  }

  noteError(text: string): void {
    const space = text.indexOf(" ");
    const code = space < 0 ? text : text.slice(0, space);
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  /** Called ten times a second: rates are taken from the last samples. */
  sample(nowMs: number, usedBytes: number): void {
    this.peakBytes = Math.max(this.peakBytes, usedBytes);
    this.commandRate.sample(nowMs, this.commandsProcessed);
    this.receivedRate.sample(nowMs, this.receivedBytes);
    this.sentRate.sample(nowMs, this.sentBytes);
  }

  reset(expiredKeys: number): void {
    this.peakBytes = 0;
    this.acceptedClients = 0;
    this.rejectedClients = 0;
    this.overflowedClients = 0;
    this.evictedClients = 0;
    this.protocolErrors = 0;
    this.receivedBytes = 0;
    this.sentBytes = 0;
    this.expiredKeysBefore = expiredKeys;
    this.hitsBefore = 0;
    this.missesBefore = 0;
    this.calls.fill(0);
    this.micros.fill(0);
    this.failed.fill(0);
    this.rejected.fill(0);
    this.errors.clear();
    this.commandRate.reset();
    this.receivedRate.reset();
    this.sentRate.reset();
  }
}

/** How fast a counter has grown lately: the mean of the last samples, as Redis takes it. */
class Rate {
  readonly #perSecond = new Float64Array(rateSamples);
  #next = 0;
  #lastMs: number;
  #lastCount = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  get perSecond(): number {
    return sum(this.#perSecond) / rateSamples;
  }

  sample(nowMs: number, count: number): void {
    if (nowMs <= this.#lastMs) return;
    const grown = Math.max(0, count - this.#lastCount);
    this.#perSecond[this.#next] = (grown * 1000) / (nowMs - this.#lastMs);
    this.#next = (this.#next + 1) % rateSamples;
    this.#lastMs = nowMs;
    this.#lastCount = count;
  }

  /** The counter begins at 0 again. */
  reset(): void {
    this.#perSecond.fill(0);
    this.#lastCount = 0;
  }
}

/** 1.6 s of them. */
const rateSamples = 16;

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
