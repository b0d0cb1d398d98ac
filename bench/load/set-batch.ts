import { assert } from "../../src/base/assert.ts";

export const keyBytes = 16;
export const valueBytes = 64;

const keyPrefix = "key:";
const digits = keyBytes - keyPrefix.length;
const value = "x".repeat(valueBytes);

/** Deadlines lie between one and ten days away, each key's elsewhere: far enough to outlive every run. */
const deadlineSecondsMin = 100_000;
const deadlineSecondsRange = 800_000;

/** The key that redis-benchmark picks as number `index`. */
export function keyOf(index: number): string {
  return keyPrefix + String(index).padStart(digits, "0");
}

/**
 * SET commands for keys in sequence. The bytes are made once; for each use only digits change:
 *
 *     *3 $3 SET $16 key:000000000042 $64 xxxx…
 *                       └─ digits ─┘
 */
export class SetBatch {
  readonly #bytes: Buffer;
  readonly #withDeadlines: boolean;
  /** Where each command's digits begin, and behind the last one the end of all. */
  readonly #starts: number[] = [];
  readonly #digitsAt: number[] = [];

  /** With deadlines, every second key has one. */
  constructor(keysMax: number, withDeadlines: boolean) {
    const commands: string[] = [];
    let length = 0;
    for (let i = 0; i < keysMax; i++) {
      const command = encode(withDeadlines && i % 2 === 0);
      this.#starts.push(length);
      this.#digitsAt.push(length + command.indexOf(keyPrefix) + keyPrefix.length);
      commands.push(command);
      length += command.length;
    }
    this.#starts.push(length);
    this.#bytes = Buffer.from(commands.join(""), "latin1");
    this.#withDeadlines = withDeadlines;
  }

  get keysMax(): number {
    return this.#digitsAt.length;
  }

  /** SET commands for `count` keys. The bytes hold until the next call. */
  commands(firstIndex: number, count: number): Buffer {
    assert(count <= this.keysMax, "a batch takes only so many keys");
    assert(!this.#withDeadlines || firstIndex % 2 === 0, "every second key: a batch begins with an even one");
    for (let i = 0; i < count; i++) {
      const at = this.#digitsAt[i]!;
      this.#write(firstIndex + i, at, digits);
      if (this.#withDeadlines && i % 2 === 0) this.#writeDeadline(firstIndex + i, this.#starts[i + 1]!);
    }
    return this.#bytes.subarray(0, this.#starts[count]);
  }

  #writeDeadline(index: number, end: number): void {
    const seconds = deadlineSecondsMin + ((index * 7_919) % deadlineSecondsRange);
    this.#write(seconds, end - 2 - 6, 6);
  }

  #write(number: number, at: number, width: number): void {
    let rest = number;
    for (let i = at + width - 1; i >= at; i--) {
      this.#bytes[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

function encode(hasDeadline: boolean): string {
  const words = ["SET", keyOf(0), value, ...(hasDeadline ? ["EX", String(deadlineSecondsMin)] : [])];
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
