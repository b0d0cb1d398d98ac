/** Bytes of one page. A handle has 17 bits for the place in a page, in units of 8 bytes. */
export const pageBytes: number = 1 << 20;

/** Empty pages kept for the next one who needs one: 64 MiB. More are left to the garbage collector. */
const sparesMax = 64;

/** One large buffer, seen as bytes, as aligned words of 32 bits, and as words at any place. */
export interface Page {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly view: DataView;
}

export function makePage(size: number): Page {
  // Not zeroed: the operating system gives the memory only when it is first written.
  const bytes = Buffer.allocUnsafeSlow(size);
  return {
    bytes,
    words: new Int32Array(bytes.buffer, bytes.byteOffset, size >>> 2),
    view: new DataView(bytes.buffer, bytes.byteOffset, size),
  };
}

/** Pages that all databases of an engine share. */
export class PagePool {
  readonly #spares: Page[] = [];

  take(): Page {
    return this.#spares.pop() ?? makePage(pageBytes);
  }

  give(page: Page): void {
    if (this.#spares.length < sparesMax) this.#spares.push(page);
  }

  get spareBytes(): number {
    return this.#spares.length * pageBytes;
  }
}
