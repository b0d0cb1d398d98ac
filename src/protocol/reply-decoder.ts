import { limits } from "../base/limits.ts";
import { type Reply, ReplyError, Verbatim } from "./reply.ts";

/** What `next` found. */
export const REPLY = 0;
/** A message that answers no request; `value` holds its elements. */
export const PUSH = 1;
/** Nothing more is whole: come again after `push`. */
export const PARTIAL = 2;
/** These bytes are no RESP, or over a limit: close. `error` says why. */
export const BROKEN = 3;
export type Found = typeof REPLY | typeof PUSH | typeof PARTIAL | typeof BROKEN;

/** Of one header or scalar: a whole item is in `value`, or an aggregate was opened or thrown away. */
const ITEM = 4;
const GO_ON = 5;
type Step = Found | typeof ITEM | typeof GO_ON;

/** An aggregate under way. The innermost is the last of the stack. */
interface Frame {
  readonly kind: string;
  readonly items: Reply[];
  missing: number;
}

/** How bulk strings are given out. "bytes" keeps them apart from simple strings, which are always text. */
export type BulkForm = "text" | "bytes";

const LF = 10;
const CR = 13;
const DOLLAR = 36;
const PLUS = 43;
const ZERO = 48;
const COLON = 58;
const K = 75;
const O = 79;
const startBytes = 16 * 1024;
/** An emptied buffer larger than this is given back. */
const keepBytesMax = 1024 * 1024;

/**
 * Decodes replies in RESP2 and RESP3, which need no telling apart. Takes any split of the bytes; what
 * was decoded of an aggregate stays decoded, so that only the last line, or the last bulk's header, is
 * looked at again. Attributes are read and dropped. Every limit is checked on the announced number,
 * before memory is taken for it.
 */
export class ReplyDecoder {
  /** After REPLY and PUSH. */
  value: Reply = null;
  error = "";
  /** May be changed between two replies. */
  bulkForm: BulkForm;

  /** Bytes that are not decoded yet: [at, end). */
  #bytes: Buffer = Buffer.allocUnsafeSlow(startBytes);
  #at = 0;
  #end = 0;
  readonly #frames: Frame[] = [];
  /** Bytes of the reply under way that are decoded. */
  #replyBytes = 0;

  constructor(bulkForm: BulkForm) {
    this.bulkForm = bulkForm;
  }

  /** Adds bytes [0, length), which are copied. Call `next` until PARTIAL before adding more. */
  push(chunk: Buffer, length: number = chunk.length): void {
    if (this.error !== "") return;
    this.#makeRoom(length);
    chunk.copy(this.#bytes, this.#end, 0, length);
    this.#end += length;
  }

  next(): Found {
    if (this.error !== "") return BROKEN;
    for (;;) {
      const step = this.#step();
      const found = step === ITEM ? this.#deliver() : step;
      if (found === REPLY || found === PUSH) this.#replyBytes = 0;
      if (found !== GO_ON && found !== ITEM) return found;
    }
  }

  /**
   * One line, and the bulk behind it where it announces one. Most replies are short numbers, "OK", or a bulk with a short
   * header: these are read where they stand, without a string.
   */
  #step(): Step {
    const bytes = this.#bytes;
    const at = this.#at;
    const kind = bytes[at];
    if (at + 5 <= this.#end) {
      if (kind === DOLLAR || kind === COLON) {
        const step = this.#number(kind, at + 1);
        if (step !== undefined) return step;
      } else if (kind === PLUS && bytes[at + 1] === O && bytes[at + 2] === K && bytes[at + 3] === CR) {
        if (bytes[at + 4] === LF) return this.#advance(at + 5) ? this.#item("OK", "+", "OK") : BROKEN;
      }
    }
    return this.#line();
  }

  /** Up to nine digits behind `:` or `$`, with what they announce; undefined: it is something else, or not whole. */
  #number(kind: number, from: number): Step | undefined {
    const bytes = this.#bytes;
    const last = Math.min(from + 9, this.#end - 2);
    let value = 0;
    let at = from;
    for (; at < last; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === from || bytes[at] !== CR || bytes[at + 1] !== LF) return undefined;
    if (kind === DOLLAR) return this.#sized("$", value, at + 2);
    return this.#advance(at + 2) ? this.#item(value, ":", "") : BROKEN;
  }

  #line(): Step {
    const newline = this.#bytes.indexOf(LF, this.#at);
    const isWhole = newline >= 0 && newline < this.#end;
    const lineBytes = (isWhole ? newline : this.#end) - this.#at;
    if (lineBytes > limits.replyLineBytesMax) return this.#broken("a line is too long");
    if (!isWhole) return PARTIAL;
    if (lineBytes < 1 || this.#bytes[newline - 1] !== CR) return this.#broken("a line does not end in CRLF");
    const kind = String.fromCharCode(this.#bytes[this.#at]!);
    const text = this.#bytes.toString("utf8", this.#at + 1, newline - 1);
    if (bulkKinds.includes(kind)) return this.#bulk(kind, text, newline + 1);
    if (!this.#advance(newline + 1)) return BROKEN;
    if (aggregateKinds.includes(kind)) return this.#open(kind, text);
    return this.#item(readScalar(kind, text), kind, text);
  }

  /** Moves behind bytes that are decoded. */
  #advance(to: number): boolean {
    this.#replyBytes += to - this.#at;
    this.#at = to;
    if (this.#replyBytes <= limits.replyBytesMax) return true;
    this.#broken(`a reply has more than ${limits.replyBytesMax} bytes`);
    return false;
  }

  #item(value: Reply | undefined, kind: string, text: string): Step {
    if (value === undefined) return this.#broken(`no reply begins with ${quoted(kind + text)}`);
    this.value = value;
    return ITEM;
  }

  /** `$5\r\nhello\r\n`. `start` is behind the header, which is only passed together with the bytes. */
  #bulk(kind: string, text: string, start: number): Step {
    if (kind === "$" && text === "-1") return this.#advance(start) ? this.#item(null, kind, text) : BROKEN;
    const size = readSize(text);
    if (size === undefined) return this.#broken(`${quoted(kind + text)} announces no length`);
    return this.#sized(kind, size, start);
  }

  #sized(kind: string, size: number, start: number): Step {
    if (this.#replyBytes + size > limits.replyBytesMax) {
      return this.#broken(`"${kind}${size}" is over the limit of ${limits.replyBytesMax} bytes`);
    }
    const end = start + size;
    if (end + 2 > this.#end) return PARTIAL;
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
      return this.#broken("a bulk does not end in CRLF");
    }
    const value = this.#bulkValue(kind, start, end);
    return this.#advance(end + 2) ? this.#item(value, kind, "") : BROKEN;
  }

  #bulkValue(kind: string, start: number, end: number): Reply | undefined {
    if (kind === "$" && this.bulkForm === "bytes") return Buffer.from(this.#bytes.subarray(start, end));
    const text = this.#bytes.toString("utf8", start, end);
    if (kind === "$") return text;
    if (kind === "!") return new ReplyError(text);
    return text[3] === ":" ? new Verbatim(text.slice(0, 3), text.slice(4)) : undefined;
  }

  #open(kind: string, text: string): Step {
    if (kind === "*" && text === "-1") return this.#item(null, kind, text);
    const count = readSize(text);
    // The shortest element has three bytes, "_\r\n": more than this can never arrive within the limit.
    if (count === undefined || count * 3 > limits.replyBytesMax) {
      return this.#broken(`${quoted(kind + text)} announces no number of elements`);
    }
    if (kind === ">" && this.#frames.length > 0) return this.#broken("a push stands inside a reply");
    if (this.#frames.length === limits.replyDepthMax) {
      return this.#broken(`more than ${limits.replyDepthMax} levels of nesting`);
    }
    const frame: Frame = { kind, items: [], missing: kind === "%" || kind === "|" ? count * 2 : count };
    if (frame.missing === 0) return this.#complete(frame);
    this.#frames.push(frame);
    return GO_ON;
  }

  /** Puts the item into its aggregate, and every aggregate that is whole by that into its own. */
  #deliver(): Step {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return REPLY;
      frame.items.push(this.value);
      frame.missing--;
      if (frame.missing > 0) return GO_ON;
      this.#frames.pop();
      const step = this.#complete(frame);
      if (step !== ITEM) return step;
    }
  }

  #complete(frame: Frame): Step {
    // What an attribute describes follows it, and takes its place.
    if (frame.kind === "|") return GO_ON;
    this.value = toValue(frame);
    return frame.kind === ">" ? PUSH : ITEM;
  }

  #broken(reason: string): typeof BROKEN {
    this.error = reason;
    this.value = null;
    this.#frames.length = 0;
    this.#bytes = none;
    this.#at = 0;
    this.#end = 0;
    return BROKEN;
  }

  #makeRoom(length: number): void {
    const live = this.#end - this.#at;
    const isTooLarge = this.#bytes.length > keepBytesMax && live + length <= startBytes;
    if (!isTooLarge && this.#end + length <= this.#bytes.length) return;
    // Moving is worth its copy only when it frees half of the buffer; otherwise the buffer doubles.
    const roomBytes = isTooLarge ? startBytes : Math.max(startBytes, 2 * (live + length));
    const moved =
      roomBytes <= this.#bytes.length && !isTooLarge ? this.#bytes : Buffer.allocUnsafeSlow(roomBytes);
    this.#bytes.copy(moved, 0, this.#at, this.#end);
    this.#bytes = moved;
    this.#at = 0;
    this.#end = live;
  }
}

const none: Buffer = Buffer.alloc(0);
const bulkKinds = "$=!";
const aggregateKinds = "*%~>|";

/** The value of a line, or undefined where it is none. */
function readScalar(kind: string, text: string): Reply | undefined {
  switch (kind) {
    case "+":
      return text;
    case "-":
      return new ReplyError(text);
    case ":":
      return readInteger(text);
    case "(":
      return /^[+-]?\d+$/.test(text) ? BigInt(text) : undefined;
    case ",":
      return readDouble(text);
    case "#":
      return text === "t" ? true : text === "f" ? false : undefined;
    case "_":
      return text === "" ? null : undefined;
    default:
      return undefined;
  }
}

/** A number where a double holds it exactly, a bigint beyond. */
function readInteger(text: string): number | bigint | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined;
  // "-0" is 0: a whole number has no negative zero.
  const value = Number(text) + 0;
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const doublePattern = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const oddDoubles: ReadonlyMap<string, number> = new Map([
  ["inf", Number.POSITIVE_INFINITY],
  ["+inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["-nan", Number.NaN],
]);

function readDouble(text: string): number | undefined {
  return doublePattern.test(text) ? Number(text) : oddDoubles.get(text.toLowerCase());
}

function readSize(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function toValue({ kind, items }: Frame): Reply {
  if (kind === "~") return new Set(items);
  if (kind !== "%") return items;
  const map = new Map<Reply, Reply>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  return map;
}

/** The beginning of what should have been a reply, for an error line. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
