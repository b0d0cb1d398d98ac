import type { Clock, Timer } from "../platform/clock.ts";

/** Something that is to be over by a certain time. The fields are the list's. */
export abstract class Mortal {
  /** In monotonic ms. */
  deadlineMs = 0;
  before: Mortal | undefined;
  after: Mortal | undefined;
  /** The list it is in. */
  line: Line | undefined;

  /** Its deadline has passed; it has left the list. */
  abstract expire(): void;
}

interface Line {
  first: Mortal | undefined;
  last: Mortal | undefined;
}

/** How often deadlines are looked at. */
const tickMs = 20;

/**
 * The deadlines of many things with one timer, which runs while there are any. What has the same time to live stands in one
 * line, in the order of the deadlines, so that only heads are looked at; who is done leaves from wherever it stands.
 *
 *     1000 ms   first ⇄ … ⇄ last
 *     5000 ms   first ⇄ … ⇄ last
 *
 * Times to live are rounded up to one of few, by less than a sixteenth: callers that compute theirs would make a line each.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #stayAwake: (() => Timer) | undefined;
  readonly #lines = new Map<number, Line>();
  #timer: Timer | undefined;
  #awake: Timer | undefined;
  #nowMs = 0;
  #count = 0;

  /** `stayAwake`: the process does not end as long as there are any. */
  constructor(clock: Clock, stayAwake?: () => Timer) {
    this.#clock = clock;
    this.#stayAwake = stayAwake;
  }

  /** The time, as it was a tick ago or later; only while there are any. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** All that are in a line. */
  all(): Mortal[] {
    const all: Mortal[] = [];
    for (const { first } of this.#lines.values()) {
      for (let mortal = first; mortal !== undefined; mortal = mortal.after) all.push(mortal);
    }
    return all;
  }

  /** Infinity: it has no deadline. */
  add(mortal: Mortal, ttlMs: number): void {
    const rounded = roundedUp(ttlMs);
    let line = this.#lines.get(rounded);
    if (line === undefined) {
      line = { first: undefined, last: undefined };
      this.#lines.set(rounded, line);
    }
    this.#nowMs = this.#clock.monotonicMs();
    this.#run();
    mortal.deadlineMs = this.#nowMs + rounded;
    mortal.line = line;
    mortal.before = line.last;
    mortal.after = undefined;
    if (line.last === undefined) line.first = mortal;
    else line.last.after = mortal;
    line.last = mortal;
    this.#count++;
  }

  /** It is done. Nothing happens where it is not in any line. */
  remove(mortal: Mortal): void {
    const { line, before, after } = mortal;
    if (line === undefined) return;
    if (before === undefined) line.first = after;
    else before.after = after;
    if (after === undefined) line.last = before;
    else after.before = before;
    mortal.line = undefined;
    mortal.before = undefined;
    mortal.after = undefined;
    this.#count--;
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.every(tickMs, () => this.#tick());
    this.#awake = this.#stayAwake?.();
  }

  /**
   * Those that are over now expire behind the I/O that is waiting: a process that was busy has not yet read what may have
   * come in time.
   */
  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#nowMs = nowMs;
    this.#clock.nextTurn(() => this.#expire(nowMs));
  }

  #expire(nowMs: number): void {
    for (const line of this.#lines.values()) {
      for (let { first } = line; first !== undefined && first.deadlineMs <= nowMs; first = line.first) {
        this.remove(first);
        first.expire();
      }
    }
    if (this.#count > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#awake?.cancel();
  }
}

/** Up to the next multiple of a sixteenth of the largest power of two in it. */
function roundedUp(ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return ms;
  const whole = Math.max(1, Math.ceil(ms));
  const step = Math.max(1, 2 ** (Math.floor(Math.log2(whole)) - 4));
  return Math.ceil(whole / step) * step;
}
