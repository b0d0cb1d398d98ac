/**
 * All that the pure rooms may know of Node.js: Buffer as a kind of bytes. Add a method when a room needs
 * it; the main build, with the real types, proves that it exists.
 */
interface Buffer extends Uint8Array<ArrayBufferLike> {
  subarray(start?: number, end?: number): Buffer;
  copy(target: Uint8Array, targetStart?: number, sourceStart?: number, sourceEnd?: number): number;
  equals(other: Uint8Array): boolean;
  compare(
    target: Uint8Array,
    targetStart?: number,
    targetEnd?: number,
    sourceStart?: number,
    sourceEnd?: number,
  ): -1 | 0 | 1;
  indexOf(value: number | string | Uint8Array, byteOffset?: number, encoding?: BufferEncoding): number;
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
  write(text: string, offset?: number, encoding?: BufferEncoding): number;
  readDoubleLE(offset: number): number;
  writeDoubleLE(value: number, offset: number): number;
}

interface BufferConstructor {
  alloc(sizeBytes: number, fill?: number): Buffer;
  allocUnsafe(sizeBytes: number): Buffer;
  /** Never cut from Node.js' shared pool. */
  allocUnsafeSlow(sizeBytes: number): Buffer;
  from(text: string, encoding?: BufferEncoding): Buffer;
  from(bytes: Uint8Array | readonly number[]): Buffer;
  concat(list: readonly Uint8Array[], totalLength?: number): Buffer;
  byteLength(text: string, encoding?: BufferEncoding): number;
}

declare const Buffer: BufferConstructor;

type BufferEncoding = "utf8" | "latin1" | "hex" | "base64" | "ascii";
