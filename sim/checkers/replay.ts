import { hasChanged, type Operation, type Part, partsOf } from "../history.ts";
import { type Violation, Violations } from "./checker.ts";
import type { RealTime } from "./real-time.ts";
import { absent, type Tolerance } from "./register.ts";
import { describePossible, showOperation } from "./show.ts";
import { type Possible, stepOf, Timeline, union } from "./timeline.ts";

export interface Replay {
  readonly timeline: Timeline;
  /** Writes whose replies are not those of the model. */
  readonly violations: readonly Violation[];
}

/**
 * Feeds a plain model with every write that told its revision, in that order, and compares what the model answers with
 * what clients saw (invariant 8, for transactions, RENAME and FLUSHALL too). A history begins with an empty store.
 *
 * Revisions that nobody told may belong to writes without a known outcome: where some are missing, such a write may
 * have happened there or not, and a key may hold one of several things until a reply tells which.
 */
export function replay(history: readonly Operation[], realTime: RealTime, tolerance: Tolerance): Replay {
  return new Model(history, realTime, tolerance).run();
}

class Model {
  readonly #timeline: Timeline;
  readonly #realTime: RealTime;
  readonly #violations: Violations = new Violations("replay");
  /** Writes that may have happened at a revision that nobody told, by start. */
  readonly #unplaced: readonly Operation[];

  constructor(history: readonly Operation[], realTime: RealTime, tolerance: Tolerance) {
    this.#timeline = new Timeline(tolerance);
    this.#realTime = realTime;
    this.#unplaced = history
      .filter((one) => one.revision === undefined && hasChanged(one) !== false)
      .sort((a, b) => a.start - b.start);
  }

  run(): Replay {
    let before = 0;
    for (const operation of this.#realTime.changes) {
      const revision = operation.revision!;
      // Two of the same revision are for revisions.ts to tell.
      if (revision === before) continue;
      if (revision > before + 1)
        this.#gap(before + 1, operation.outcome === "known" ? operation.end : Infinity);
      this.#apply(operation, revision);
      before = revision;
    }
    this.#gap(before + 1, Infinity);
    return { timeline: this.#timeline, violations: this.#violations.all };
  }

  /** Revisions from here on belong to writes nobody knows: each that began by then may have been among them. */
  #gap(revision: number, end: number): void {
    for (const operation of this.#unplaced) {
      if (operation.start > end) break;
      for (const { action } of partsOf(operation))
        this.#perhaps(operation, { action, reply: undefined }, revision);
    }
  }

  #perhaps(operation: Operation, part: Part, revision: number): void {
    const keys = this.#changedKeys(part);
    const before = keys.map((key) => this.#timeline.at(key, revision));
    this.#carryOut(operation, part, revision);
    for (const [i, key] of keys.entries()) {
      const after = this.#timeline.at(key, revision);
      this.#timeline.put(key, revision, either(before[i], after));
    }
  }

  #apply(operation: Operation, revision: number): void {
    for (const part of partsOf(operation)) {
      const { action } = part;
      const before = action.type === "flush" ? undefined : this.#timeline.at(action.key, revision);
      if (this.#carryOut(operation, part, revision)) continue;
      this.#violations.add(
        `${showOperation(operation)}: in the order of revisions that is not what a plain model answers. Before it, \
key ${(action as { key: string }).key} held ${describePossible(before)}.`,
      );
      this.#carryOut(operation, { action, reply: undefined }, revision);
    }
  }

  /** False, and nothing done, where no state explains the reply. */
  #carryOut(operation: Operation, { action, reply }: Part, revision: number): boolean {
    const timeline = this.#timeline;
    if (action.type === "flush") {
      for (const key of timeline.keys) timeline.put(key, revision, [absent]);
      return true;
    }
    const before = timeline.at(action.key, revision);
    const after = timeline.after(before, stepOf(operation, action, reply));
    if (after?.length === 0) return false;
    timeline.put(action.key, revision, after);
    if (action.type === "rename" && (reply === undefined || reply === "OK")) {
      const moved = before?.filter(({ value }) => value !== null);
      if (moved?.length !== 0) timeline.put(action.argument, revision, moved);
    }
    return true;
  }

  #changedKeys({ action }: Part): string[] {
    if (action.type === "flush") return [...this.#timeline.keys];
    return action.type === "rename" ? [action.key, action.argument] : [action.key];
  }
}

function either(before: Possible, after: Possible): Possible {
  return before === undefined || after === undefined ? undefined : union([...before, ...after]);
}
