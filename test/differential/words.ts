import type { Chance } from "./chance.ts";
import type { Word } from "./conversation.ts";

/** A command that the generator can make. */
export interface Maker {
  readonly name: string;
  readonly weight: number;
  readonly make: (words: Words) => readonly Word[];
}

const keys: readonly Word[] = [
  ..."a b c d e f ab ba a-b ]".split(" "),
  "key:1",
  "k*[x]?",
  "",
  Buffer.from([0, 255, 13, 10]),
  "with space",
  "long".repeat(80),
];

const integers: readonly Word[] = [
  ...[0, 1, -1, 2, 7, 10, 100, -100, 9_999, 10_000],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296"],
  ...["9007199254740991", "9007199254740992", "9007199254740993"],
  ...["9223372036854775806", "9223372036854775807", "-9223372036854775807", "-9223372036854775808"],
];

const noIntegers: readonly Word[] = [
  ...["9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616"],
  ...["", "abc", "1.0", "1e3", "+5", "-0", "007", " 1", "1 ", "0x10", "-", "1_000", "NaN"],
  Buffer.from("1\0"),
  "99999999999999999999999999",
];

const floats: readonly Word[] = [
  ...["0.1", "-0.1", "1.5", "3.0", "5e3", "-2.5e-3", "1e17", "123456789.123456789", "0.0000001", ".5", "5."],
  ...["1e308", "-1e308", "1e-20", "3.14159265358979323846", "0x1p3", "1e4932", "17.000000000000000001"],
];

const noFloats: readonly Word[] = ["inf", "-inf", "nan", "1e5000", "", "abc", "1.5x", " 1.5", "1,5", "--1"];

const texts: readonly Word[] = [
  ...["ohmytext", "mynewtext", "hello world", "x", "", "grüße", "0", "00", "3.0", "10.50"],
  ...["a".repeat(44), "a".repeat(45), "abcab".repeat(30), "1".repeat(21)],
  "\r\n",
  Buffer.from([0, 1, 2, 128, 255]),
];

const patterns: readonly Word[] = [
  ...["*", "?", "a*", "*a*", "[a-c]", "[^a]", "key:?", "k\\*\\[x\\]\\?", "[", "[a", "a\\", "", "*:*", "**"],
  ...["[]]", "[c-a]", "[a-", "h?llo", "*long*", "[\\^]"],
];

/** Few, so that a deadline often meets itself; some between two seconds. */
const points: readonly number[] = [
  4_102_444_800_000, 4_102_444_800_000, 4_102_531_200_000, 4_102_444_800_499, 4_102_444_800_500,
];

/** Arguments that stand nowhere in particular. */
const odd: readonly Word[] = ["", "x", "*", "0", "-1", "NX", "GET", "nonsense", Buffer.from([0xff, 0x00])];

/** Makes the words of commands. */
export class Words {
  readonly chance: Chance;
  /** The keys that most of a conversation is about, so that its commands have to do with each other. */
  readonly #hotKeys: readonly Word[];
  #lastSpan = 0;

  constructor(chance: Chance) {
    this.chance = chance;
    this.#hotKeys = Array.from({ length: 3 }, () => chance.pick(keys));
  }

  key(): Word {
    return this.chance.pick(this.chance.percent(85) ? this.#hotKeys : keys);
  }

  keys(most = 4): Word[] {
    return Array.from({ length: 1 + this.chance.below(most) }, () => this.key());
  }

  /** Many keys: tables grow by them, and shrink. */
  crowd(): Word[] {
    const first = this.chance.below(50);
    return Array.from({ length: 1 + this.chance.below(150) }, (_, i) => `n:${first + i}`);
  }

  value(): Word {
    const { chance } = this;
    const share = chance.below(100);
    if (share < 30) return chance.percent(20) ? this.#anyInteger() : chance.pick(integers);
    if (share < 40) return chance.percent(40) ? this.#anyFloat() : chance.pick(floats);
    if (share < 45) return chance.pick(noIntegers);
    if (share < 55) return chance.bytes(chance.below(60));
    if (share < 57) return "large".repeat(chance.below(8_000));
    return chance.pick(texts);
  }

  pattern(): Word {
    const share = this.chance.below(100);
    if (share < 50) return this.chance.pick(patterns);
    return share < 60 ? this.key() : this.#text("aabb**??[]-^\\", 8);
  }

  integer(): Word {
    const share = this.chance.below(100);
    if (share < 50) return this.chance.below(40) - 20;
    if (share < 60) return this.#anyInteger();
    return this.chance.pick(share < 82 ? integers : noIntegers);
  }

  /** A position in a value, never so far that a value would grow beyond sense. */
  offset(): Word {
    const share = this.chance.below(100);
    if (share < 80) return this.chance.below(90) - 5;
    return this.chance.pick(share < 90 ? [536_870_912, 4_294_967_296, "-9223372036854775808"] : noIntegers);
  }

  float(): Word {
    const share = this.chance.below(100);
    if (share < 30) return this.chance.pick(floats);
    if (share < 65) return this.#anyFloat();
    return share < 82 ? this.integer() : this.chance.pick(noFloats);
  }

  db(): Word {
    const share = this.chance.below(100);
    if (share < 75) return this.chance.below(2);
    return share < 92
      ? this.chance.below(17)
      : this.chance.pick([-1, "", "x", "1.5", "4294967296", "+1", "01"]);
  }

  /**
   * A span of time, at least twenty seconds away from any other one: which of two deadlines is later does
   * not depend on when their commands came.
   */
  span(unitMs: number): Word {
    const share = this.chance.below(100);
    if (share < 82) {
      this.#lastSpan += 1 + this.chance.below(9);
      const seconds = this.chance.percent(50)
        ? 20_000 + this.#lastSpan * 20
        : 10_000_000 - this.#lastSpan * 20;
      return (seconds * 1_000) / unitMs;
    }
    return this.chance.pick(share < 91 ? [0, -1, -100_000, "-9223372036854775808"] : noIntegers);
  }

  /** A point in time from 2100 on, or one long past. */
  point(unitMs: number): Word {
    const share = this.chance.below(100);
    if (share < 70) return Math.floor(this.chance.pick(points) / unitMs);
    if (share < 85) return this.chance.pick([0, 1, -1, 1_000_000_000, "-9223372036854775808"]);
    return this.chance.pick(noIntegers);
  }

  /** A word of the protocol, in any case. */
  word(text: string): string {
    const share = this.chance.below(100);
    if (share < 70) return text;
    return share < 90 ? text.toLowerCase() : text[0]! + text.slice(1).toLowerCase();
  }

  odd(): Word {
    return this.chance.pick(odd);
  }

  #anyInteger(): bigint {
    return this.chance.bytes(8).readBigInt64LE() >> BigInt(this.chance.below(64));
  }

  /** As many digits as a long double has, and more. */
  #anyFloat(): string {
    const { chance } = this;
    const sign = chance.percent(50) ? "" : "-";
    const fraction = chance.percent(70) ? `.${this.#text("0123456789", 22)}` : "";
    const exponent = chance.percent(30) ? `e${chance.below(60) - 30}` : "";
    return `${sign}${1 + chance.below(99)}${this.#text("0123456789", 20)}${fraction}${exponent}`;
  }

  #text(alphabet: string, most: number): string {
    return Array.from({ length: this.chance.below(most + 1) }, () => this.chance.pick([...alphabet])).join(
      "",
    );
  }

  /** Up to `most` of the options, each a list of words; seldom something that is none. */
  options(most: number, choices: readonly (() => readonly Word[])[]): Word[] {
    const { chance } = this;
    const count = chance.below(most + 1);
    return Array.from({ length: count }, () =>
      chance.percent(3) ? [this.odd()] : chance.pick(choices)(),
    ).flat();
  }

  /** Options without arguments. */
  flags(...names: readonly string[]): (() => Word[])[] {
    return names.map((name) => () => [this.word(name)]);
  }
}
