import { limits } from "../base/limits.ts";

/**
 * One command as its bytes, with the place of each argument in them. Nothing is copied and no string
 * is made: the same object is filled again for every command of a connection.
 *
 *     *2\r\n$3\r\nGET\r\n$1\r\na\r\n
 *     ^from       ^start[0]   ^start[1]
 *                    ^end[0]   ^end[1] ^to
 */
export class Arguments {
  /** What the offsets below point into. Valid until the bytes are given back to the socket. */
  bytes: Buffer = noBytes;
  /** Number of arguments, the command's name included. */
  count = 0;
  /** First byte of each argument. */
  start: Int32Array = new Int32Array(16);
  /** The byte behind each argument. */
  end: Int32Array = new Int32Array(16);
  /** The whole command in RESP: [from, to). This is what a log entry holds. */
  from = 0;
  to = 0;

  /** Makes room for `count` arguments and keeps those that are there. */
  reserve(count: number): void {
    if (count <= this.start.length) return;
    const room = Math.max(count, this.start.length * 2);
    const start = new Int32Array(room);
    const end = new Int32Array(room);
    start.set(this.start);
    end.set(this.end);
    this.start = start;
    this.end = end;
  }

  /** Memory of the places. */
  get roomBytes(): number {
    return this.start.length * 8;
  }

  /** Becomes the command that stands in another one behind `skipped` arguments, whose bytes are those of both. */
  takeRest(outer: Arguments, skipped: number): void {
    this.count = outer.count - skipped;
    this.reserve(this.count);
    for (let i = 0; i < this.count; i++) {
      this.start[i] = outer.start[skipped + i]!;
      this.end[i] = outer.end[skipped + i]!;
    }
    this.bytes = outer.bytes;
    this.from = outer.from;
    this.to = outer.to;
  }

  /** Holds on to no bytes any more. */
  clear(): void {
    this.bytes = noBytes;
    this.count = 0;
  }

  /** Gives back the room of a command that had very many. */
  release(): void {
    if (this.start.length <= limits.argumentsKept) return;
    this.count = 0;
    this.start = new Int32Array(limits.argumentsKept);
    this.end = new Int32Array(limits.argumentsKept);
  }

  lengthOf(index: number): number {
    return this.end[index]! - this.start[index]!;
  }

  /** The argument as text. Allocates: for rare commands, options and error messages. */
  text(index: number): string {
    return this.bytes.toString("latin1", this.start[index]!, this.end[index]!);
  }

  /** The argument as error messages quote it: Redis' texts are C strings, which end at a zero byte. */
  quoted(index: number): string {
    return this.text(index).split("\0", 1)[0]!;
  }

  /** A copy of the argument's bytes, for whoever keeps it. */
  copyOf(index: number): Buffer {
    return Buffer.from(this.bytes.subarray(this.start[index]!, this.end[index]!));
  }

  /** Whether the argument is `word`, which is given in lower case letters, in any case. */
  is(index: number, word: string): boolean {
    const start = this.start[index]!;
    if (this.end[index]! - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) {
      if (lower(this.bytes[start + i]!) !== word.charCodeAt(i)) return false;
    }
    return true;
  }
}

const noBytes: Buffer = Buffer.alloc(0);

/** ASCII lower case of one byte. */
export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
