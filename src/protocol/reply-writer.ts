import { limits } from "../base/limits.ts";
import { copyRange, viewOf } from "../base/words.ts";
import type { Arguments } from "./arguments.ts";
import type { Command } from "./spec/row.ts";
import { writeNumber, writeText } from "./text-bytes.ts";

const CR = 13;
const LF = 10;

/**
 * Replies of one connection, in order, as bytes that wait to be sent. Speaks RESP2 or RESP3
 * (`protocol`); types that RESP2 does not have are written as Redis writes them there.
 *
 * A header (array, map, set, push) is followed by that many replies: the caller sees to it.
 *
 * Whoever carries out a command tells its writer so (`begins` … `ends`): it is all of the asking side that comes
 * along to where that happens, and may count and time what it answers.
 */
export class ReplyWriter {
  /** 2 or 3: HELLO sets it. */
  protocol = 2;
  /** While true, replies are dropped as they are written (CLIENT REPLY OFF and SKIP). */
  muted = false;
  /** More than limits.outputBytesMax waits: the rest was dropped, and the client must be cut off. */
  overflowed = false;
  /** Bytes that wait: buffer[0, length). */
  length = 0;
  /** The bytes. Replaced while it grows. */
  buffer: Buffer = none;

  /** The buffer, for words at any place. */
  #view: DataView = noView;
  readonly #pool: OutputPool;

  constructor(pool: OutputPool = new OutputPool(0)) {
    this.#pool = pool;
  }

  /**
   * Hands the waiting bytes to `send`, which tells whether it is done with them: then their buffer is used
   * again, else it is `send`'s. Gives the bytes of the buffer that it keeps, 0 where it keeps none.
   */
  flush(send: (bytes: Buffer) => boolean): number {
    const buffer = this.buffer;
    const waiting = this.length === buffer.length ? buffer : buffer.subarray(0, this.length);
    this.buffer = none;
    this.length = 0;
    if (!send(waiting)) return buffer.length;
    this.#pool.give({ buffer, view: this.#view });
    return 0;
  }

  /** Drops everything behind `length`: replies that turned out not to be wanted. */
  truncate(length: number): void {
    this.length = length;
  }

  /** About so many bytes come next: they are made room for at once. */
  expects(bytes: number): void {
    if (!this.muted) this.#room(bytes);
  }

  ok(): void {
    if (this.muted || !this.#room(5)) return;
    const b = this.buffer;
    const at = this.length;
    b[at] = 43;
    b[at + 1] = 79;
    b[at + 2] = 75;
    b[at + 3] = CR;
    b[at + 4] = LF;
    this.length = at + 5;
  }

  /** A simple string: no CR or LF in it. */
  simple(text: string): void {
    this.#line("+", text);
  }

  /** `text` begins with its code, as in "ERR syntax error". Line ends in it become spaces, as in Redis. */
  error(text: string): void {
    this.errors++;
    this.#line("-", /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text);
  }

  /** Errors written so far: lets a caller see whether a command failed. */
  errors = 0;
  /** Keys whose values commands wanted to read so far, and that were there, or not. */
  hits = 0;
  misses = 0;

  /** A command is carried out from now on. */
  begins(_command: Command, _args: Arguments): void {}

  /** Its reply is written. */
  ends(_command: Command, _args: Arguments): void {}

  /**
   * It goes on in slices instead, the first of which it has had: each tells whether it was the last. Gives what is
   * to be called in their place.
   */
  goesOn(_command: Command, _args: Arguments, slice: () => boolean): () => boolean {
    return slice;
  }

  /** The commands of a transaction follow, each with its own beginning and end. */
  beginsTransaction(): void {}

  endsTransaction(_item: Arguments): void {}

  /** A whole number that a double holds exactly. */
  integer(value: number): void {
    if (this.muted || !this.#room(24)) return;
    this.buffer[this.length++] = 58;
    this.#number(value);
    this.#crlf();
  }

  bigInteger(value: bigint): void {
    this.#line(":", value.toString());
  }

  /** Who has a view of the bytes gives it along: a short value is copied twice as fast. */
  bulk(bytes: Buffer, start: number, end: number, view: DataView = viewOf(bytes)): void {
    const size = end - start;
    if (this.muted || !this.#room(size + 32)) return;
    this.buffer[this.length++] = 36;
    this.#number(size);
    this.#crlf();
    copyRange(bytes, view, start, end, this.buffer, this.#view, this.length);
    this.length += size;
    this.#crlf();
  }

  /** A bulk from a string of single bytes (latin1). */
  bulkText(text: string): void {
    const size = text.length;
    if (this.muted || !this.#room(size + 32)) return;
    this.buffer[this.length++] = 36;
    this.#number(size);
    this.#crlf();
    this.length += writeText(this.buffer, this.length, text);
    this.#crlf();
  }

  null(): void {
    this.raw(this.protocol === 2 ? nullBulk : null3);
  }

  nullArray(): void {
    this.raw(this.protocol === 2 ? nullArray : null3);
  }

  array(size: number): void {
    this.#header(42, size);
  }

  map(pairs: number): void {
    if (this.protocol === 2) this.#header(42, pairs * 2);
    else this.#header(37, pairs);
  }

  set(size: number): void {
    this.#header(this.protocol === 2 ? 42 : 126, size);
  }

  push(size: number): void {
    this.#header(this.protocol === 2 ? 42 : 62, size);
  }

  boolean(value: boolean): void {
    if (this.protocol === 2) this.integer(value ? 1 : 0);
    else this.#line("#", value ? "t" : "f");
  }

  /** `text` is the number as Redis prints it. */
  double(text: string): void {
    if (this.protocol === 2) this.bulkText(text);
    else this.#line(",", text);
  }

  /** Text with a format of three letters, "txt" or "mkd". */
  verbatim(format: string, text: string): void {
    if (this.protocol === 2) {
      this.bulkText(text);
      return;
    }
    this.#line("=", String(text.length + 4));
    this.raw(Buffer.from(`${format}:${text}\r\n`, "latin1"));
  }

  /** Bytes that are a reply, or a part of one, already. */
  raw(bytes: Buffer): void {
    if (this.muted || !this.#room(bytes.length)) return;
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  #line(kind: string, text: string): void {
    if (this.muted || !this.#room(text.length + 3)) return;
    this.length += writeText(this.buffer, this.length, kind);
    this.length += writeText(this.buffer, this.length, text);
    this.#crlf();
  }

  #header(kind: number, size: number): void {
    if (this.muted || !this.#room(24)) return;
    this.buffer[this.length++] = kind;
    this.#number(size);
    this.#crlf();
  }

  #crlf(): void {
    this.buffer[this.length] = CR;
    this.buffer[this.length + 1] = LF;
    this.length += 2;
  }

  #number(value: number): void {
    this.length = writeNumber(this.buffer, this.length, value);
  }

  /** Makes room for `bytes` more. False: nothing more is taken. */
  #room(bytes: number): boolean {
    return this.length + bytes <= this.buffer.length || this.#grow(bytes);
  }

  #grow(bytes: number): boolean {
    const wanted = this.length + bytes;
    if (this.overflowed || wanted > limits.outputBytesMax) {
      this.overflowed = true;
      return false;
    }
    const grown =
      this.length === 0 && wanted <= pooledBytes
        ? this.#pool.take()
        : makeOutput(Math.max(wanted, this.buffer.length * 2));
    this.buffer.copy(grown.buffer, 0, 0, this.length);
    this.buffer = grown.buffer;
    this.#view = grown.view;
    return true;
  }
}

interface Output {
  readonly buffer: Buffer;
  readonly view: DataView;
}

function makeOutput(size: number): Output {
  const buffer = Buffer.allocUnsafeSlow(size);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, size) };
}

/** Buffers for replies, of one size, used again and again by whoever has something to say. */
export class OutputPool {
  readonly #spares: Output[] = [];
  readonly #sparesMax: number;

  constructor(sparesMax: number) {
    this.#sparesMax = sparesMax;
  }

  take(): Output {
    return this.#spares.pop() ?? makeOutput(pooledBytes);
  }

  give(output: Output): void {
    if (output.buffer.length === pooledBytes && this.#spares.length < this.#sparesMax)
      this.#spares.push(output);
  }
}

/** Holds the replies of most turns. */
const pooledBytes = 16_384;
const none: Buffer = Buffer.alloc(0);
const noView: DataView = new DataView(none.buffer, 0, 0);
const nullBulk: Buffer = Buffer.from("$-1\r\n", "latin1");
const nullArray: Buffer = Buffer.from("*-1\r\n", "latin1");
const null3: Buffer = Buffer.from("_\r\n", "latin1");
