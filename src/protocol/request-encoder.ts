import { KvorumError } from "../base/errors.ts";

export type RequestArgument = string | Uint8Array | number | bigint;

/** One command as a RESP array of bulks: strings in UTF-8, bytes as they are, numbers in decimal. */
export function encodeRequest(args: readonly RequestArgument[]): Buffer {
  const writer = new RequestWriter(64);
  writer.command(args);
  return Buffer.from(writer.written);
}

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;
/** At least what stands in front of an argument and behind it. */
const aroundBytes = 32;
/** Up to here a loop over the characters is quicker than a call out of the language. */
const shortText = 48;
/** A buffer that has become larger is given back once it is empty. */
const keepBytesMax = 262_144; // 256 KiB

/**
 * Commands, one behind the other, in one buffer that grows. A command is written whole with `command`, or in parts:
 * `begin` with the number of its arguments, then each of them.
 */
export class RequestWriter {
  readonly #startBytes: number;
  #bytes: Buffer;
  #end = 0;

  constructor(startBytes: number) {
    this.#startBytes = startBytes;
    this.#bytes = Buffer.allocUnsafeSlow(startBytes);
  }

  get length(): number {
    return this.#end;
  }

  /** What was written. Holds until the next change. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Begins anew. `isTaken`: the buffer belongs to somebody else from now on. */
  clear(isTaken: boolean): void {
    this.#end = 0;
    if (isTaken || this.#bytes.length > keepBytesMax) this.#bytes = Buffer.allocUnsafeSlow(this.#startBytes);
  }

  /** Takes back what was written behind `length`. */
  truncate(length: number): void {
    this.#end = length;
  }

  /** Throws KvorumError ERR where there is no argument, or one is not a number; the writer must be truncated then. */
  command(args: readonly RequestArgument[]): void {
    this.begin(args.length);
    for (let i = 0; i < args.length; i++) this.argument(args[i]!, i);
  }

  begin(count: number): void {
    if (count === 0) throw new KvorumError("ERR", "a command has at least its name");
    this.#reserve(aroundBytes);
    this.#header(STAR, count);
  }

  /** `index` is for the error that names it. */
  argument(arg: RequestArgument, index: number): void {
    if (typeof arg === "string") this.text(arg);
    else if (typeof arg === "number") this.text(numberText(arg, index));
    else if (typeof arg === "bigint") this.text(arg.toString());
    else this.#blob(arg);
  }

  /** A whole number from 0 on that is exact in a double. */
  integer(value: number): void {
    const digits = digitsOf(value);
    this.#reserve(aroundBytes + digits);
    this.#header(DOLLAR, digits);
    this.#digits(value, digits);
    this.#lineEnd();
  }

  /** Arguments that were encoded before. */
  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#end);
    this.#end += bytes.length;
  }

  text(text: string): void {
    if (text.length > shortText || !this.#ascii(text)) this.#unicode(text);
  }

  /** Writes a short text as long as it has one byte a character; false, and nothing is written, where it has not. */
  #ascii(text: string): boolean {
    const { length } = text;
    this.#reserve(aroundBytes + length);
    const before = this.#end;
    this.#header(DOLLAR, length);
    const bytes = this.#bytes;
    let at = this.#end;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#end = before;
        return false;
      }
      bytes[at++] = code;
    }
    this.#end = at;
    this.#lineEnd();
    return true;
  }

  #unicode(text: string): void {
    const size = Buffer.byteLength(text);
    this.#reserve(aroundBytes + size);
    this.#header(DOLLAR, size);
    this.#bytes.write(text, this.#end);
    this.#end += size;
    this.#lineEnd();
  }

  #blob(blob: Uint8Array): void {
    this.#reserve(aroundBytes + blob.length);
    this.#header(DOLLAR, blob.length);
    this.#bytes.set(blob, this.#end);
    this.#end += blob.length;
    this.#lineEnd();
  }

  /** `*3\r\n`, `$12\r\n` */
  #header(kind: number, count: number): void {
    const bytes = this.#bytes;
    bytes[this.#end++] = kind;
    if (count < 10) bytes[this.#end++] = ZERO + count;
    else this.#digits(count, digitsOf(count));
    this.#lineEnd();
  }

  /** From the last to the first. */
  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const shorter = Math.floor(rest / 10);
      bytes[at] = ZERO + (rest - shorter * 10);
      rest = shorter;
    }
    this.#end += digits;
  }

  #lineEnd(): void {
    this.#bytes[this.#end++] = CR;
    this.#bytes[this.#end++] = LF;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#end + count, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound && digits < 16; bound *= 10) digits++;
  return digits;
}

function numberText(value: number, index: number): string {
  if (Number.isNaN(value)) throw new KvorumError("ERR", `argument ${index} is not a number`);
  // Redis reads "inf", and not the language's "Infinity".
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}
