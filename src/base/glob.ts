import { limits } from "./limits.ts";

/**
 * Redis' patterns over bytes: `*`, `?`, `[ab]`, `[^ab]`, `[a-z]`, and `\` before a byte that stands for itself.
 *
 * Between two stars each element takes exactly one byte. So, once the part behind a star was found, no
 * other place of an earlier star can help: going back to the last star alone gives the same answers as
 * trying them all, in at most (length of the pattern) × (length of the text) steps.
 *
 *     pattern  a * b c * d        text  a x b c y b c d
 *                      ^ back here, with the text one byte further
 *
 * Who takes a pattern from a client refuses it above limits.patternBytesMax, so that one element is soon gone through.
 *
 * Where Redis answers oddly, so do we: an unclosed set ends with the pattern, a set's range compares signed
 * bytes, and no pattern but the empty one matches an empty text.
 */
export class Glob {
  /** Steps taken by all matches so far: who has a bound on his time looks here. */
  steps = 0;
  /** A match took more than limits.globStepsMax: its answer means nothing. */
  gaveUp = false;
  /** No byte of the pattern has a meaning of its own: it matches itself alone. */
  readonly isPlain: boolean;
  /** The pattern is `*`, which Redis takes to match the empty text too. */
  readonly isAll: boolean;

  readonly #pattern: Uint8Array;

  /** The pattern is not copied. */
  constructor(pattern: Uint8Array) {
    this.#pattern = pattern;
    this.isPlain = !pattern.some((byte) => byte === STAR || byte === ANY || byte === OPEN || byte === ESCAPE);
    this.isAll = pattern.length === 1 && pattern[0] === STAR;
  }

  matches(text: Uint8Array, start: number, end: number): boolean {
    if (this.isAll) return true;
    const pattern = this.#pattern;
    if (start === end) return pattern.length === 0;
    let at = start;
    let element = 0;
    let afterStar = -1;
    let starAt = 0;
    const stepsMax = this.steps + limits.globStepsMax;
    while (at < end) {
      this.steps++;
      if (this.steps > stepsMax) {
        this.gaveUp = true;
        return false;
      }
      if (pattern[element] === STAR) {
        element = this.#skipStars(element);
        if (element === pattern.length) return true;
        afterStar = element;
        starAt = at;
        continue;
      }
      const next = element < pattern.length ? this.#matchOne(element, text[at]!) : -1;
      if (next >= 0) {
        element = next;
        at++;
      } else {
        if (afterStar < 0) return false;
        element = afterStar;
        at = ++starAt;
      }
    }
    return this.#skipStars(element) === pattern.length;
  }

  #skipStars(element: number): number {
    let next = element;
    while (this.#pattern[next] === STAR) next++;
    return next;
  }

  /** Where the next element begins if this one takes the byte, else -1. */
  #matchOne(element: number, byte: number): number {
    const pattern = this.#pattern;
    switch (pattern[element]) {
      case ANY:
        return element + 1;
      case OPEN:
        return this.#matchSet(element + 1, byte);
      case ESCAPE: {
        const literal = element + 1 < pattern.length ? element + 1 : element;
        return pattern[literal] === byte ? literal + 1 : -1;
      }
      default:
        return pattern[element] === byte ? element + 1 : -1;
    }
  }

  #matchSet(first: number, byte: number): number {
    const pattern = this.#pattern;
    const { length } = pattern;
    const negated = pattern[first] === NOT;
    let found = false;
    let at = negated ? first + 1 : first;
    while (at < length && pattern[at] !== CLOSE) {
      this.steps++;
      const left = length - at;
      if (left >= 2 && pattern[at] === ESCAPE) {
        found ||= pattern[at + 1] === byte;
        at += 2;
      } else if (left >= 3 && pattern[at + 1] === RANGE) {
        found ||= isBetween(byte, pattern[at]!, pattern[at + 2]!);
        at += 3;
      } else {
        found ||= pattern[at] === byte;
        at++;
      }
    }
    return found === negated ? -1 : Math.min(at + 1, length);
  }
}

/** What is answered to a pattern that is not even tried. */
export const patternTooLong: string = `TOO_LARGE a pattern may have ${limits.patternBytesMax} bytes`;

const STAR = 42;
const ANY = 63;
const OPEN = 91;
const ESCAPE = 92;
const CLOSE = 93;
const NOT = 94;
const RANGE = 45;

/** In either order of the ends, and with a sign, as a `char` of C has it. */
function isBetween(byte: number, one: number, other: number): boolean {
  const value = signed(byte);
  const a = signed(one);
  const b = signed(other);
  return a <= b ? value >= a && value <= b : value >= b && value <= a;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}
