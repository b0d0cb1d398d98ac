import type { Arguments } from "./arguments.ts";
import { writeText } from "./text-bytes.ts";

const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;

/**
 * Splits a line as Redis does for inline commands (sdssplitargs): words between white space, "double
 * quotes" with \n \r \t \b \a \" \\ \xHH, 'single quotes' with \'. The arguments come back as a
 * RESP command in bytes of their own, so that everything behind this sees one form.
 */
export class InlineSplitter {
  /** Arguments unquoted, one behind the other. */
  #words: Buffer = Buffer.alloc(0);

  /** Fills `args` from the line [at, end). False: quotes are not balanced. */
  split(bytes: Buffer, at: number, end: number, args: Arguments): boolean {
    if (this.#words.length < end - at) this.#words = Buffer.allocUnsafeSlow((end - at) * 2);
    args.count = 0;
    let p = at;
    let filled = 0;
    for (;;) {
      while (p < end && isSpace(bytes[p]!)) p++;
      if (p >= end) break;
      const start = filled;
      p = this.#word(bytes, p, end, filled);
      if (p < 0) return false;
      filled = this.#filled;
      args.reserve(args.count + 1);
      args.start[args.count] = start;
      args.end[args.count] = filled;
      args.count++;
    }
    this.#toResp(args);
    return true;
  }

  /** The end of the word that #word copied last. */
  #filled = 0;

  /** Copies the word at `p` to `words[to…]`. Returns the byte behind it, or -1. */
  #word(bytes: Buffer, p: number, end: number, to: number): number {
    let at = p;
    this.#filled = to;
    while (at < end && !isSpace(bytes[at]!)) {
      const quote = bytes[at]!;
      if (quote !== QUOTE && quote !== APOSTROPHE) {
        this.#words[this.#filled++] = quote;
        at++;
        continue;
      }
      at = this.#quoted(bytes, at + 1, end, quote);
      // A closing quote must be followed by white space, or nothing.
      if (at < 0 || (at < end && !isSpace(bytes[at]!))) return -1;
    }
    return at;
  }

  /** Copies up to the closing quote. Returns the byte behind it, or -1. */
  #quoted(bytes: Buffer, p: number, end: number, quote: number): number {
    let at = p;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === quote) return at + 1;
      if (byte === BACKSLASH && at + 1 < end) {
        at = this.#escape(bytes, at, end, quote);
        continue;
      }
      this.#words[this.#filled++] = byte;
      at++;
    }
    return -1;
  }

  #escape(bytes: Buffer, at: number, end: number, quote: number): number {
    const next = bytes[at + 1]!;
    if (quote === APOSTROPHE) {
      if (next !== APOSTROPHE) {
        this.#words[this.#filled++] = BACKSLASH;
        return at + 1;
      }
      this.#words[this.#filled++] = APOSTROPHE;
      return at + 2;
    }
    if (next === 0x78 && at + 3 < end) {
      const high = hexDigit(bytes[at + 2]!);
      const low = hexDigit(bytes[at + 3]!);
      if (high >= 0 && low >= 0) {
        this.#words[this.#filled++] = high * 16 + low;
        return at + 4;
      }
    }
    this.#words[this.#filled++] = escapes.get(next) ?? next;
    return at + 2;
  }

  /** Rewrites the split words as *N $len … with offsets into that. */
  #toResp(args: Arguments): void {
    let size = 16;
    for (let i = 0; i < args.count; i++) size += args.lengthOf(i) + 16;
    const resp = Buffer.allocUnsafeSlow(size);
    let at = writeText(resp, 0, `*${args.count}\r\n`);
    for (let i = 0; i < args.count; i++) {
      const start = args.start[i]!;
      const length = args.lengthOf(i);
      at += writeText(resp, at, `$${length}\r\n`);
      this.#words.copy(resp, at, start, start + length);
      args.start[i] = at;
      at += length;
      args.end[i] = at;
      at += writeText(resp, at, "\r\n");
    }
    args.bytes = resp;
    args.from = 0;
    args.to = at;
  }
}

const escapes: ReadonlyMap<number, number> = new Map([
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
  [0x62, 8],
  [0x61, 7],
]);

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13) || byte === 0;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
