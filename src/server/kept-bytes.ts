import { limits } from "../base/limits.ts";

/** What a client has sent and nobody has worked off: bytes [0, length) of a buffer that grows and shrinks with them. */
export class KeptBytes {
  bytes: Buffer = nothing;
  length = 0;

  /** Memory that it takes. */
  get roomBytes(): number {
    return this.bytes.length;
  }

  /** Adds bytes [from, to). `announced` is how long the command says it will be, 0 where it does not. True: it takes more memory. */
  add(buffer: Buffer, from: number, to: number, announced: number): boolean {
    const length = this.length + to - from;
    const isGrowing = length > this.bytes.length;
    if (isGrowing) {
      const grown = Buffer.allocUnsafeSlow(this.#roomFor(length, announced));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    buffer.copy(this.bytes, this.length, from, to);
    this.length = length;
    return isGrowing;
  }

  /** So many bytes from the first one on are worked off, and the connection may have ended with them. */
  drop(count: number): void {
    if (this.length === 0) return;
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
    if (this.length === 0) this.bytes = nothing;
    else if (this.length < this.bytes.length / 4) this.#shrink();
  }

  clear(): void {
    this.bytes = nothing;
    this.length = 0;
  }

  /** Twice as much each time, and all that is announced once an eighth of it has come: less to copy at once. */
  #roomFor(length: number, announced: number): number {
    if (announced >= length && announced <= length * 8) return announced;
    return Math.max(length, this.bytes.length * 2, roomBytesMin);
  }

  #shrink(): void {
    if (this.bytes.length <= limits.receiveBytes) return;
    const fitting = Buffer.allocUnsafeSlow(Math.max(this.length, roomBytesMin));
    this.bytes.copy(fitting, 0, 0, this.length);
    this.bytes = fitting;
  }
}

const nothing: Buffer = Buffer.alloc(0);
/** Most requests that are split by a read fit into this. */
const roomBytesMin = 1024;
