import { simLimits } from "../../limits.ts";
import { type Held, type KeyStep, sameHeld, statesAfter, type Tolerance } from "../register.ts";
import { type Candidate, Configuration, type Move } from "./configuration.ts";
import { Memory } from "./memory.ts";
import { isBlind, mayLeadTo } from "./stacks.ts";

/** Where the order that went furthest ended. */
export interface Stuck {
  /** The last steps of that order, and what the key held after each. */
  readonly last: readonly { readonly step: KeyStep; readonly held: Held }[];
  readonly held: Held;
  /** Steps in that order that have replies. */
  readonly count: number;
  /** What would have had to come next. */
  readonly next: readonly KeyStep[];
  /** Unknown outcomes that might have come next. */
  readonly optional: readonly KeyStep[];
}

export type Verdict =
  | { readonly type: "linearizable" }
  | { readonly type: "wrong"; readonly stuck: Stuck }
  /** Undecided: too many configurations, or too many steps between them. */
  | { readonly type: "gaveUp"; readonly configurations: number };

export interface SearchOptions {
  readonly tolerance: Tolerance;
  /** Configurations that it remembers. */
  readonly configurationsMax: number;
  /** Moves that it weighs, and sets of unknown writes that it compares: a bound of its time. */
  readonly stepsMax: number;
}

const lastShown = 8;

/** A place on the way down: the moves that are possible there, and what takes back the one that is tried. */
interface Level {
  readonly moves: Move[];
  tried: number;
  undo: () => void;
  /** Unknown outcomes are tried last, since most of them need not have happened. */
  hasOptional: boolean;
  /** It is remembered, so that nobody looks for a way on from here again. */
  isNamed: boolean;
}

/**
 * Looks for an order of one key's steps that explains every reply and keeps to real time: a step that ended before
 * another began stands before it. Depth first, as Wing and Gong do; with Lowe's memory of the configurations (steps
 * that are in, and what the key holds) from which there was no way on ("Testing for linearizability", 2017).
 *
 * Three things keep the tree small and leave no order out:
 * - a step that may come next, whose replies are right now and which changes nothing wherever it stands, is put in at
 *   once: any order that has it later stays right when it is moved to here;
 * - an unknown write that nothing sees before it is overwritten might as well not have happened, so one is put in only
 *   where a reply may see it next, or more of them that a reply may see (stacks.ts);
 * - of unknown writes that do the same, the one that began first stands for all.
 */
export function search(steps: readonly KeyStep[], options: SearchOptions): Verdict {
  return new Search(steps, options).run();
}

class Search {
  readonly #at: Configuration;
  readonly #options: SearchOptions;
  readonly #levels: Level[] = [];
  readonly #memory: Memory = new Memory();
  #stuck: Stuck | undefined;
  #weighed = 0;

  constructor(steps: readonly KeyStep[], options: SearchOptions) {
    this.#at = new Configuration(steps);
    this.#options = options;
  }

  run(): Verdict {
    this.#descend();
    while (!this.#at.isComplete) {
      if (this.#isTooLarge) return { type: "gaveUp", configurations: this.#memory.size };
      if (!this.#advance()) return { type: "wrong", stuck: this.#stuck! };
    }
    return { type: "linearizable" };
  }

  get #isTooLarge(): boolean {
    const { size, bytes, comparisons } = this.#memory;
    const { configurationsMax, stepsMax } = this.#options;
    const steps = this.#weighed + comparisons;
    return size > configurationsMax || bytes > simLimits.searchBytesMax || steps > stepsMax;
  }

  /** One move on, or one back; false where there is no way back. */
  #advance(): boolean {
    const level = this.#levels.at(-1)!;
    if (level.tried === level.moves.length && !level.hasOptional) this.#addOptional(level);
    const move = level.moves[level.tried++];
    if (move !== undefined) {
      level.undo = this.#at.apply(move);
      this.#descend();
      return true;
    }
    this.#levels.pop();
    this.#levels.at(-1)?.undo();
    return this.#levels.length > 0;
  }

  #descend(): void {
    const next = this.#at.requiredNext();
    const idle = this.#idleMove(next);
    const moves = idle === undefined ? this.#movesFrom(next) : [idle];
    if (moves.length === 0) this.#noteStuck(next);
    // A single way on needs no memory: it leads to where there are several, or to an end.
    const isNamed = moves.length > 1;
    const isOver = isNamed && !this.#memory.add(this.#at);
    const hasOptional = isOver || idle !== undefined;
    this.#levels.push({ moves: isOver ? [] : moves, tried: 0, undo: () => {}, hasOptional, isNamed });
  }

  #addOptional(level: Level): void {
    level.hasOptional = true;
    const next = this.#at.requiredNext();
    const steps = this.#at.optionalNext(next);
    const seeing = next
      .filter((step) => !isBlind(step))
      .map((step) => ({ step, without: this.#after(step) }));
    const stacking = steps.filter((step) => !isBlind(step));
    const moves = this.#movesFrom(steps).filter(({ step, held }) => {
      if (sameHeld(held, this.#at.held)) return false;
      const more = stacking.filter((other) => other !== step || step.hasTwins);
      return seeing.some((one) => this.#isSeenBy(one, held) || mayLeadTo(held, one.step, more));
    });
    if (moves.length > 0 && (level.isNamed || this.#memory.add(this.#at))) level.moves.push(...moves);
  }

  /** Whether the step may come next, and something else comes of it than without the unknown write. */
  #isSeenBy({ step, without }: { step: Candidate; without: readonly Held[] }, held: Held): boolean {
    return this.#after(step, held).some((state) => !without.some((other) => sameHeld(state, other)));
  }

  #idleMove(next: readonly Candidate[]): Move | undefined {
    const { held } = this.#at;
    const step = next.find(
      (candidate) => candidate.isIdle && this.#after(candidate).some((state) => sameHeld(state, held)),
    );
    return step === undefined ? undefined : { step, held };
  }

  #movesFrom(next: readonly Candidate[]): Move[] {
    const moves: Move[] = [];
    for (const step of next) {
      if (this.#at.isOptionalLast && isBlind(step)) continue;
      for (const held of this.#after(step)) moves.push({ step, held });
    }
    return moves;
  }

  #after({ step }: Candidate, held: Held = this.#at.held): Held[] {
    this.#weighed++;
    return statesAfter(held, step, this.#options.tolerance);
  }

  #noteStuck(next: readonly Candidate[]): void {
    const { count, held } = this.#at;
    if (this.#stuck !== undefined && this.#stuck.count >= count) return;
    const last = this.#levels.slice(-lastShown).map(({ moves, tried }) => moves[tried - 1]!);
    this.#stuck = {
      last: last.map((move) => ({ step: move.step.step, held: move.held })),
      ...{ held, count },
      next: next.map(({ step }) => step),
      optional: this.#at.optionalNext(next).map(({ step }) => step),
    };
  }
}
