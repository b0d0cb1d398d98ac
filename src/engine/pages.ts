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

/** Who takes pages, and has numbers of his own for them. */
interface Taker {
  readonly pagesLeft: number;
}

/** Pages that all databases of an engine share. */
export class PagePool {
  /** Numbers that one taker has for his pages, 0 among them, which names none. */
  readonly numbers: number;
  /** Pages that the one may still take who has the fewest left. */
  leastLeft: number;

  readonly #takers: Taker[] = [];
  readonly #spares: Page[] = [];

  /** As many numbers as a handle has bits for them; fewer for tests of what then happens. */
  constructor(numbers: number = 1 << 15) {
    this.numbers = numbers;
    this.leastLeft = numbers - 1;
  }

  join(taker: Taker): void {
    this.#takers.push(taker);
  }

  /** A taker has taken a number, or given some back. */
  counted(): void {
    let least = this.numbers;
    for (const { pagesLeft } of this.#takers) least = Math.min(least, pagesLeft);
    this.leastLeft = least;
  }

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
