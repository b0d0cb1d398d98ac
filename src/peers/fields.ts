import { assert } from "../base/assert.ts";
import { readU32, readU48, u48Max, writeU32, writeU48 } from "../base/numbers.ts";
import type { EntryId } from "../raft/types.ts";

/** Bytes that say what cannot be. Weather: the other side, or the way, is broken. */
export class FrameDamage extends Error {
  override readonly name = "FrameDamage";
}

/** Writes fields one behind the other. One object writes many bodies. */
export class FieldWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  #at = 0;
  #payloads: Buffer[] = [];
  #payloadBytes = 0;

  /** Begins anew, and leaves room for a head. */
  begin(headBytes: number): void {
    this.#at = headBytes;
    this.#payloads = [];
    this.#payloadBytes = 0;
  }

  /** Bytes so far, head and payloads included. */
  get length(): number {
    return this.#at + this.#payloadBytes;
  }

  /** What was written: everything but payloads in one part, which is the caller's, then the payloads. */
  parts(): Buffer[] {
    const first = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(first, 0, 0, this.#at);
    return [first, ...this.#payloads];
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  flag(isSet: boolean): void {
    this.u8(isSet ? 1 : 0);
  }

  u32(value: number): void {
    this.#room(4);
    writeU32(this.#bytes, this.#at, value);
    this.#at += 4;
  }

  u48(value: number): void {
    assert(
      Number.isInteger(value) && value >= 0 && value <= u48Max,
      "numbers are whole and fit into 48 bits",
    );
    this.#room(6);
    writeU48(this.#bytes, this.#at, value);
    this.#at += 6;
  }

  id({ term, index }: EntryId): void {
    this.u48(term);
    this.u48(index);
  }

  text(bytes: Buffer): void {
    this.u32(bytes.length);
    this.#room(bytes.length);
    bytes.copy(this.#bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Behind all fields. Not copied. */
  payload(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#payloads.push(bytes);
    this.#payloadBytes += bytes.length;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Reads them back. Throws FrameDamage where they cannot be. One object reads many bodies. */
export class FieldReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** Looks at bytes from `from` to `to`. */
  begin(bytes: Buffer, from: number, to: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new FrameDamage(`a flag is ${value}`);
    return value === 1;
  }

  u32(): number {
    return readU32(this.#bytes, this.#skip(4));
  }

  u48(): number {
    return readU48(this.#bytes, this.#skip(6));
  }

  id(): EntryId {
    return { term: this.u48(), index: this.u48() };
  }

  /** A view. */
  text(bytesMax: number): Buffer {
    const length = this.u32();
    if (length > bytesMax) throw new FrameDamage(`a text of ${length} bytes is too long`);
    return this.payload(length);
  }

  /** A view. */
  payload(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #skip(count: number): number {
    if (count > this.left) throw new FrameDamage("it ends in the middle of a field");
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
