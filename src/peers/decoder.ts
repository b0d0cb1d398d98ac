import { readU32 } from "../base/numbers.ts";
import { reached } from "../base/reached.ts";
import { crc32 } from "../platform/crc32.ts";
import { type FrameKind, frameKinds, headBytes } from "./codec.ts";
import { FieldReader, FrameDamage } from "./fields.ts";
import type { Ends } from "./layouts.ts";
import type { PeerMessage } from "./message.ts";

/**
 * Bytes of one direction of a connection → messages. Takes any split of the bytes, and keeps nothing of a buffer that
 * it was handed. What it holds is at most one frame.
 */
export class PeerDecoder {
  /** Why nothing of this stream can be trusted any more: close it. */
  damage: string | undefined;
  readonly #ends: Ends;
  readonly #take: (message: PeerMessage) => void;
  /** Of the head, while not all of it is there. */
  readonly #head: Buffer = Buffer.alloc(headBytes);
  #headLength = 0;
  /** The frame under way, when its head is there. */
  #kind: FrameKind | undefined;
  #length = 0;
  #crc = 0;
  #body: Buffer | undefined;
  #bodyLength = 0;

  /** `take` is called for each message, in their order, while `push` runs. */
  constructor(ends: Ends, take: (message: PeerMessage) => void) {
    this.#ends = ends;
    this.#take = take;
  }

  /** False: see `damage`. */
  push(bytes: Buffer): boolean {
    if (this.damage !== undefined) return false;
    try {
      for (let at = 0; at < bytes.length || this.#isWhole; )
        at = this.#kind === undefined ? this.#pushHead(bytes, at) : this.#pushBody(bytes, at);
    } catch (error) {
      if (!(error instanceof FrameDamage)) throw error;
      reached("damaged-frame");
      this.#body = undefined;
      this.damage = this.#kind === undefined ? error.message : `${this.#kind.name}: ${error.message}`;
    }
    return this.damage === undefined;
  }

  /** A frame without a body ends with its head. */
  get #isWhole(): boolean {
    return this.#kind !== undefined && this.#length === 0;
  }

  /** Returns where to go on. */
  #pushHead(bytes: Buffer, at: number): number {
    if (this.#headLength === 0 && bytes.length - at >= headBytes) {
      this.#readHead(bytes, at);
      return at + headBytes;
    }
    const count = Math.min(headBytes - this.#headLength, bytes.length - at);
    bytes.copy(this.#head, this.#headLength, at, at + count);
    this.#headLength += count;
    if (this.#headLength === headBytes) {
      this.#headLength = 0;
      this.#readHead(this.#head, 0);
    }
    return at + count;
  }

  #readHead(bytes: Buffer, at: number): void {
    if (crc32(bytes, at + 4, at + headBytes) !== readU32(bytes, at))
      throw new FrameDamage("the head of a frame has a wrong checksum");
    const number = bytes[at + 12]!;
    const kind = frameKinds[number];
    if (kind === undefined) throw new FrameDamage(`frames of kind ${number} are unknown`);
    this.#length = readU32(bytes, at + 4);
    this.#crc = readU32(bytes, at + 8);
    this.#kind = kind;
    if (this.#length < kind.bytesMin || this.#length > kind.bytesMax)
      throw new FrameDamage(`a length of ${this.#length} cannot be`);
  }

  /** Returns where to go on. */
  #pushBody(bytes: Buffer, at: number): number {
    const { hasPayload } = this.#kind!;
    if (this.#body === undefined && !hasPayload && bytes.length - at >= this.#length) {
      this.#decode(bytes, at);
      return at + this.#length;
    }
    this.#body ??= Buffer.allocUnsafe(this.#length);
    const count = Math.min(this.#length - this.#bodyLength, bytes.length - at);
    bytes.copy(this.#body, this.#bodyLength, at, at + count);
    this.#bodyLength += count;
    if (this.#bodyLength === this.#length) this.#decode(this.#body, 0);
    return at + count;
  }

  #decode(bytes: Buffer, at: number): void {
    const end = at + this.#length;
    if (crc32(bytes, at, end) !== this.#crc) throw new FrameDamage("its body has a wrong checksum");
    reader.begin(bytes, at, end);
    const message = this.#kind!.read(reader, this.#ends);
    if (reader.left > 0) throw new FrameDamage(`${reader.left} bytes too many`);
    this.#kind = undefined;
    this.#body = undefined;
    this.#bodyLength = 0;
    this.#take(message);
  }
}

const reader = new FieldReader();
