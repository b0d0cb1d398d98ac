import { showsChange } from "../../history.ts";
import { absent, type Held, type KeyStep } from "../register.ts";

/** One more step put behind the order. */
export interface Move {
  readonly step: Candidate;
  readonly held: Held;
}

/** A step with its place among those of its kind. */
export interface Candidate {
  readonly index: number;
  readonly isOptional: boolean;
  /** Its replies say that it changes nothing, wherever it stands. */
  readonly isIdle: boolean;
  readonly step: KeyStep;
  readonly start: number;
  /** Infinity for what is optional. */
  readonly end: number;
  /** The same for optional steps of which any may stand for any other; -1: for none. */
  readonly twins: number;
  readonly hasTwins: boolean;
  /** Stands for it in a set of optional steps. */
  readonly bit: bigint;
}

/**
 * Which steps stand in the order already, and what the key holds after them.
 *
 *     required  1 1 1 1 1 0 1 0 0 0 …      by start; all before `base` are in
 *                         base
 *     optional  0 0 1 0                     unknown outcomes: in, or never applied
 */
export class Configuration {
  held: Held = absent;
  /** Required steps that are in. */
  count = 0;
  /** The last step is an optional one. */
  isOptionalLast = false;
  readonly required: readonly Candidate[];
  readonly optional: readonly Candidate[];
  readonly #isIn: Uint8Array;
  #base = 0;
  /** Optional steps that are in, a bit each. */
  #optionals = 0n;

  constructor(steps: readonly KeyStep[]) {
    const candidates = steps.map(candidateOf).sort((a, b) => a.start - b.start || a.end - b.end);
    this.required = numbered(candidates.filter(({ isOptional }) => !isOptional));
    this.optional = withTwins(numbered(candidates.filter(({ isOptional }) => isOptional)));
    this.#isIn = new Uint8Array(this.required.length);
  }

  get isComplete(): boolean {
    return this.count === this.required.length;
  }

  /** Required steps that may come next: no other one that is not in ended before they began. */
  requiredNext(): Candidate[] {
    const next: Candidate[] = [];
    let end = Infinity;
    for (let i = this.#base; i < this.required.length; i++) {
      if (this.#isIn[i] === 1) continue;
      const candidate = this.required[i]!;
      if (candidate.start > end) break;
      end = Math.min(end, candidate.end);
      next.push(candidate);
    }
    return next;
  }

  /** Optional steps that may come next, of twins the first. */
  optionalNext(next: readonly Candidate[]): Candidate[] {
    const end = next.reduce((least, candidate) => Math.min(least, candidate.end), Infinity);
    const result: Candidate[] = [];
    const seen = new Set<number>();
    for (const candidate of this.optional) {
      if (candidate.start > end) break;
      if ((this.#optionals & candidate.bit) !== 0n || seen.has(candidate.twins)) continue;
      if (candidate.twins >= 0) seen.add(candidate.twins);
      result.push(candidate);
    }
    return result;
  }

  /** Puts the step in; what is returned takes it out again. */
  apply({ step, held }: Move): () => void {
    const before = { held: this.held, base: this.#base, isOptionalLast: this.isOptionalLast };
    this.held = held;
    this.isOptionalLast = step.isOptional;
    if (step.isOptional) this.#optionals |= step.bit;
    else this.#enter(step.index);
    return () => {
      if (step.isOptional) this.#optionals &= ~step.bit;
      else this.#leave(step.index, before.base);
      this.held = before.held;
      this.isOptionalLast = before.isOptionalLast;
    };
  }

  #enter(index: number): void {
    this.#isIn[index] = 1;
    this.count++;
    while (this.#isIn[this.#base] === 1) this.#base++;
  }

  #leave(index: number, base: number): void {
    this.#isIn[index] = 0;
    this.count--;
    this.#base = base;
  }

  get optionals(): bigint {
    return this.#optionals;
  }

  /** The same for the same configuration but for its optional steps, and for no other one. */
  name(): string {
    const beyond: number[] = [];
    for (let i = this.#base, left = this.count - this.#base; left > 0; i++) {
      if (this.#isIn[i] === 0) continue;
      beyond.push(i - this.#base);
      left--;
    }
    const { value, earliest, latest } = this.held;
    const held = value === null ? "" : `${earliest},${latest}=${value}`;
    return `${this.#base}:${beyond}:${held}`;
  }
}

const alone = { twins: -1, hasTwins: false, bit: 0n };

function candidateOf(step: KeyStep): Candidate {
  const { start, end, outcome } = step.operation;
  const isOptional = outcome === "unknown";
  const isIdle = step.parts.every((part) => {
    return part.reply !== undefined && part.action.type !== "flush" && !showsChange(part);
  });
  return { index: 0, isOptional, isIdle, step, start, end: isOptional ? Infinity : end, ...alone };
}

function numbered(candidates: readonly Candidate[]): Candidate[] {
  return candidates.map((candidate, index) => ({ ...candidate, index }));
}

/** Where ten clients do not know whether INCR was applied, only the number of those that were matters. */
function withTwins(candidates: readonly Candidate[]): Candidate[] {
  const texts = candidates.map(({ step }) => JSON.stringify(step.parts.map(({ action }) => action)));
  const first = new Map<string, number>();
  const twice = new Set<string>();
  for (const [i, text] of texts.entries()) {
    if (first.has(text)) twice.add(text);
    else first.set(text, i);
  }
  return candidates.map((candidate, i) => {
    const bit = 1n << BigInt(i);
    // A deadline tells them apart: it depends on the time.
    if (!twice.has(texts[i]!) || /"ttl"|"expire"/.test(texts[i]!)) return { ...candidate, bit };
    return { ...candidate, bit, twins: first.get(texts[i]!)!, hasTwins: true };
  });
}
