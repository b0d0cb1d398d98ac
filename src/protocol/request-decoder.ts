import { limits } from "../base/limits.ts";
import { Arguments } from "./arguments.ts";
import { InlineSplitter } from "./inline.ts";

/** What `next` found. */
export const COMMAND = 0;
/** The command is not whole yet: keep the bytes from `position` on and come again with more behind them. */
export const PARTIAL = 1;
/** A whole command that is over a limit was skipped: answer `error` and go on. */
export const TOO_LARGE = 2;
/** These bytes are no RESP: answer `error` and close. */
export const BROKEN = 3;
export type Found = typeof COMMAND | typeof PARTIAL | typeof TOO_LARGE | typeof BROKEN;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const MINUS = 45;
/** More digits are in no number that Redis would take. */
const headerDigitsMax = 19;

/**
 * Finds one command after the other in the bytes of a connection (RESP arrays of bulks, and Redis'
 * inline commands). Takes any split of the bytes: it remembers how far into a command it came, so
 * that no byte is looked at twice. Every limit is checked on the announced number, before any
 * memory is taken for it.
 */
export class RequestDecoder {
  readonly args: Arguments = new Arguments();
  /** After COMMAND, TOO_LARGE: the byte behind the command. After PARTIAL: the first byte to keep. */
  position = 0;
  error = "";
  /** After PARTIAL, where it is in a bulk: the bytes from the command's first one to the end of that bulk. Else 0. */
  wanted = 0;

  /** Arguments announced by the command that is under way, 0 before its header. */
  #announced = 0;
  /** Arguments of it that are whole. */
  #whole = 0;
  /** Where to go on, counted from the command's first byte. */
  #resume = 0;
  /** Where that first byte was when the offsets in `args` were written. */
  #base = 0;
  /** Bytes of a bulk (and its CRLF) that are still to be thrown away. */
  #skip = 0;
  /** Set while a command over a limit is read and thrown away. */
  #refusal = "";
  readonly #inline = new InlineSplitter();
  readonly #isStranger: () => boolean;

  /** `isStranger` tells whether the client has still to give its password: until then it may send but little. */
  constructor(isStranger: () => boolean = () => false) {
    this.#isStranger = isStranger;
  }

  /** Looks at bytes [at, end). After PARTIAL, `at` must be the first of the kept bytes. */
  next(bytes: Buffer, at: number, end: number): Found {
    if (this.#announced === 0) {
      this.args.release();
      if (at >= end) return this.#partial(at);
      if (bytes[at] !== STAR) return this.#nextInline(bytes, at, end);
      const found = this.#header(bytes, at, end);
      if (found !== COMMAND || this.#announced === 0) return found;
    }
    return this.#refusal === "" ? this.#bulks(bytes, at, end) : this.#throwAway(bytes, at, end);
  }

  /** `*N\r\n`. Leaves #announced at 0 where there is nothing more to read. */
  #header(bytes: Buffer, at: number, end: number): Found {
    const size = readNumber(bytes, at + 1, end);
    if (size === incomplete) return this.#partial(at);
    if (size > limits.strangerArgumentsMax && size !== huge && this.#isStranger()) {
      return this.#broken("unauthenticated multibulk length");
    }
    if (size === invalid || size > limits.argumentsAnnouncedMax) {
      return this.#broken("invalid multibulk length");
    }
    this.position = numberEnd;
    this.args.count = 0;
    if (size <= 0) return COMMAND;
    this.#announced = size;
    this.#whole = 0;
    this.#base = at;
    this.#resume = numberEnd - at;
    if (size > limits.argumentsMax) {
      this.#refusal = `TOO_LARGE a command may have ${limits.argumentsMax} arguments, this one has ${size}`;
      this.#skip = numberEnd - at;
    }
    return COMMAND;
  }

  #bulks(bytes: Buffer, at: number, end: number): Found {
    const args = this.args;
    const announced = this.#announced;
    if (at !== this.#base) this.#rebase(at);
    let p = at + this.#resume;
    let i = this.#whole;
    while (i < announced) {
      if (p >= end) return this.#pause(at, p, i);
      if (bytes[p] !== DOLLAR) return this.#expectedDollar(bytes[p]!);
      const size = readNumber(bytes, p + 1, end);
      if (size === incomplete) return this.#pause(at, p, i);
      if (size < 0 || size > limits.bulkBytesMax) return this.#broken("invalid bulk length");
      if (size > limits.strangerBulkBytesMax && this.#isStranger()) {
        return this.#broken("unauthenticated bulk length");
      }
      const start = numberEnd;
      const stop = start + size;
      if (size > limits.valueBytesMax || stop - at > limits.commandBytesMax) {
        return this.#refuse(bytes, start, end, size, i);
      }
      if (stop + 2 > end) {
        this.wanted = stop + 2 - at;
        return this.#pause(at, p, i);
      }
      if (bytes[stop] !== CR || bytes[stop + 1] !== LF) return this.#broken("expected CRLF after bulk");
      // Grown as arguments arrive, not as they are announced.
      if (i >= args.start.length) args.reserve(i + 1);
      args.start[i] = start;
      args.end[i] = stop;
      p = stop + 2;
      i++;
    }
    args.bytes = bytes;
    args.count = announced;
    args.from = at;
    args.to = p;
    this.#announced = 0;
    this.wanted = 0;
    this.position = p;
    return COMMAND;
  }

  /** The kept bytes of a command were moved: so are the offsets into them. */
  #rebase(at: number): void {
    const { start, end } = this.args;
    const by = at - this.#base;
    for (let i = 0; i < this.#whole; i++) {
      start[i] = start[i]! + by;
      end[i] = end[i]! + by;
    }
    this.#base = at;
  }

  /** From here on the command's bytes are thrown away as they come. */
  #refuse(bytes: Buffer, start: number, end: number, size: number, whole: number): Found {
    this.#refusal =
      size > limits.valueBytesMax
        ? `TOO_LARGE an argument may have ${limits.valueBytesMax} bytes, this one has ${size}`
        : `TOO_LARGE a command may have ${limits.commandBytesMax} bytes`;
    this.#whole = whole + 1;
    this.#skip = size + 2;
    return this.#throwAway(bytes, start, end);
  }

  #throwAway(bytes: Buffer, at: number, end: number): Found {
    let p = at;
    for (;;) {
      const thrown = Math.min(this.#skip, end - p);
      p += thrown;
      this.#skip -= thrown;
      if (this.#skip > 0) return this.#partial(p);
      if (this.#whole === this.#announced) break;
      if (p >= end) return this.#partial(p);
      if (bytes[p] !== DOLLAR) return this.#expectedDollar(bytes[p]!);
      const size = readNumber(bytes, p + 1, end);
      if (size === incomplete) return this.#partial(p);
      if (size < 0 || size > limits.bulkBytesMax) return this.#broken("invalid bulk length");
      p = numberEnd;
      this.#skip = size + 2;
      this.#whole++;
    }
    this.error = this.#refusal;
    this.#refusal = "";
    this.#announced = 0;
    this.position = p;
    return TOO_LARGE;
  }

  #nextInline(bytes: Buffer, at: number, end: number): Found {
    const newline = bytes.indexOf(LF, at);
    if (newline < 0 || newline >= end) {
      if (end - at > limits.textLineBytesMax) return this.#broken("too big inline request");
      return this.#partial(at);
    }
    if (newline - at > limits.textLineBytesMax) return this.#broken("too big inline request");
    const lineEnd = newline > at && bytes[newline - 1] === CR ? newline - 1 : newline;
    if (!this.#inline.split(bytes, at, lineEnd, this.args)) {
      return this.#broken("unbalanced quotes in request");
    }
    this.position = newline + 1;
    return COMMAND;
  }

  #partial(keepFrom: number): Found {
    this.position = keepFrom;
    return PARTIAL;
  }

  #pause(at: number, p: number, whole: number): Found {
    this.#resume = p - at;
    this.#whole = whole;
    return this.#partial(at);
  }

  #expectedDollar(got: number): Found {
    return this.#broken(`expected '$', got '${String.fromCharCode(got)}'`);
  }

  #broken(what: string): Found {
    this.error = `ERR Protocol error: ${what}`;
    return BROKEN;
  }
}

/** Results of readNumber beside the numbers from 0. */
const negative = -1;
const invalid = -2;
const incomplete = -3;
/** Any number that is too large for every limit. */
const huge = 0x7fffffff;

/** Where the line of the last number that was read ends: a second result of readNumber. */
let numberEnd = 0;

/** A decimal number and CRLF, as strict as Redis: no plus sign, no leading zero, no space. */
function readNumber(bytes: Buffer, at: number, end: number): number {
  let p = at;
  let value = 0;
  while (p < end) {
    const digit = bytes[p]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    p++;
  }
  if (p + 1 < end && p > at && bytes[p] === CR && bytes[p + 1] === LF) {
    numberEnd = p + 2;
    const digits = p - at;
    if (digits > 1 && bytes[at] === 0x30) return invalid;
    return digits > 9 ? huge : value;
  }
  return readOddNumber(bytes, at, p, end);
}

/** What is not (yet) digits and CRLF. `p` is behind the digits. */
function readOddNumber(bytes: Buffer, at: number, p: number, end: number): number {
  if (p === at && p < end && bytes[p] === MINUS) {
    const size = readNumber(bytes, at + 1, end);
    return size > 0 ? negative : size === 0 ? invalid : size;
  }
  if (p - at > headerDigitsMax) return invalid;
  if (p >= end) return incomplete;
  if (p === at || bytes[p] !== CR) return invalid;
  return p + 1 < end ? invalid : incomplete;
}
