import { assert } from "../base/assert.ts";
import { makePage, type Page, type PagePool, pageBytes } from "./pages.ts";
import { classBytes, classes, classOf, placeBytes, slabBytesMax } from "./size-classes.ts";

/**
 * Places for records in large buffers, named by 32-bit handles. Handle 0 is no place.
 *
 *     handle:  [ page, 15 bits | unit of 8 bytes in that page, 17 bits ]
 *
 *     page of one size class (1 MiB):  [slot][slot][free][slot][free]|…never used…
 *                                             first free ──► next ──► 0     ^top
 *     page of one large record:        [ record ………………………… ]  a buffer of its own
 *
 * A page belongs to one class while a record lives in it and goes back to the pool with the last one.
 * Free slots of a page are chained through their second word; the first is `freeMark`, so that a walk
 * over a page knows them.
 */
export class Arena {
  /** The bytes of each page, by page number. */
  readonly bytes: Buffer[] = [noPage];
  /** The same memory as words of 32 bits. */
  readonly words: Int32Array[] = [noWords];
  /** The same memory for words at any place. */
  readonly views: DataView[] = [noView];
  /** Memory that holds or held records, as the operating system sees it. */
  residentBytes = 0;
  /** Bytes of all slots that hold a record. */
  usedBytes = 0;

  readonly #pool: PagePool;
  readonly #pages: PageInfo[] = [{ ...unusedPage }];
  /** Pages of each class with a free slot, the one to fill next at the end. */
  readonly #open: number[][] = Array.from({ length: classes }, () => []);
  /** Numbers of pages that were given back. */
  readonly #vacant: number[] = [];

  constructor(pool: PagePool) {
    this.#pool = pool;
    pool.join(this);
  }

  /** A place for `size` bytes, or 0 where no page number is left. */
  allocate(size: number): number {
    if (size > slabBytesMax) return this.#allocateLarge(size);
    const sizeClass = classOf(size);
    const open = this.#open[sizeClass]!;
    let number = open.length > 0 ? open[open.length - 1]! : 0;
    if (number === 0) {
      number = this.#openPage(sizeClass);
      if (number === 0) return 0;
    }
    const page = this.#pages[number]!;
    const bytes = classBytes[sizeClass]!;
    let unit = page.free;
    if (unit >= 0) {
      page.free = this.words[number]![unit * 2 + 1]!;
    } else {
      unit = page.top >>> 3;
      page.top += bytes;
      this.residentBytes += bytes;
    }
    page.live++;
    this.usedBytes += bytes;
    if (page.free < 0 && page.top + bytes > pageBytes) {
      open.pop();
      page.open = false;
    }
    return (number << 17) | unit;
  }

  free(handle: number): void {
    const number = handle >>> 17;
    const page = this.#pages[number]!;
    assert(page.live > 0, "a place is freed once");
    page.live--;
    if (page.sizeClass === largeClass) {
      this.#closeLarge(number, page);
      return;
    }
    this.usedBytes -= classBytes[page.sizeClass]!;
    const unit = handle & 0x1ffff;
    const words = this.words[number]!;
    words[unit * 2] = freeMark;
    words[unit * 2 + 1] = page.free;
    page.free = unit;
    if (!page.open) {
      page.open = true;
      this.#open[page.sizeClass]!.push(number);
    }
    if (page.live === 0) this.#closePage(number, page);
  }

  /** Page numbers that are left. */
  get pagesLeft(): number {
    return this.#vacant.length + this.#pool.numbers - this.bytes.length;
  }

  /** Whether there is a place for `size` bytes, at most slabBytesMax, in the pages that are there. */
  hasPlace(size: number): boolean {
    return this.#open[classOf(size)]!.length > 0;
  }

  /** Bytes that fit into a place. */
  capacityOf(handle: number): number {
    const number = handle >>> 17;
    const { sizeClass } = this.#pages[number]!;
    return sizeClass === largeClass ? this.bytes[number]!.length : classBytes[sizeClass]!;
  }

  /** Whether the record there has a buffer of its own, which nobody uses again once it is freed. */
  isLarge(handle: number): boolean {
    return this.#pages[handle >>> 17]!.sizeClass === largeClass;
  }

  /** Gives everything back: no handle is valid after this. */
  clear(): void {
    for (let number = 1; number < this.bytes.length; number++) {
      const { sizeClass } = this.#pages[number]!;
      if (sizeClass < 0 || sizeClass === largeClass) continue;
      this.#pool.give(this.#pageOf(number));
    }
    this.bytes.length = 1;
    this.words.length = 1;
    this.views.length = 1;
    this.#pages.length = 1;
    this.#vacant.length = 0;
    for (const open of this.#open) open.length = 0;
    this.residentBytes = 0;
    this.usedBytes = 0;
    this.#pool.counted();
  }

  /**
   * The page whose records take the smallest part of it, if that is less than `fraction`; else 0.
   * Looks at a few pages a call, going round.
   */
  sparsePage(fraction: number, looks: number): number {
    for (let i = 0; i < looks; i++) {
      this.#cursor = this.#cursor + 1 < this.bytes.length ? this.#cursor + 1 : 1;
      const page = this.#pages[this.#cursor];
      if (page === undefined || page.sizeClass < 0 || page.top < pageBytes / 2) continue;
      const open = this.#open[page.sizeClass]!;
      // The page that is being filled stays.
      if (open.length < 2 || open[open.length - 1] === this.#cursor) continue;
      if (page.live * classBytes[page.sizeClass]! < page.top * fraction) return this.#cursor;
    }
    return 0;
  }

  #cursor = 0;

  /** The first record of a page at or behind `unit`, as a handle, or 0 behind the last. */
  nextInPage(number: number, unit: number): number {
    const page = this.#pages[number]!;
    if (page.sizeClass < 0) return 0;
    const words = this.words[number]!;
    const step = classBytes[page.sizeClass]! >>> 3;
    for (let at = Math.ceil(unit / step) * step; at * 8 < page.top; at += step) {
      if (words[at * 2] !== freeMark) return (number << 17) | at;
    }
    return 0;
  }

  /** Keeps new records out of a page that is being emptied. */
  avoid(number: number): void {
    const page = this.#pages[number]!;
    if (page.sizeClass < 0 || !page.open) return;
    const open = this.#open[page.sizeClass]!;
    const at = open.indexOf(number);
    open.splice(at, 1);
    open.unshift(number);
  }

  #openPage(sizeClass: number): number {
    const number = this.#takeNumber();
    if (number === 0) return 0;
    this.#install(number, this.#pool.take(), sizeClass);
    this.#open[sizeClass]!.push(number);
    return number;
  }

  #closePage(number: number, page: PageInfo): void {
    const open = this.#open[page.sizeClass]!;
    open.splice(open.indexOf(number), 1);
    this.residentBytes -= page.top;
    this.#pool.give(this.#pageOf(number));
    this.#retire(number, page);
  }

  #pageOf(number: number): Page {
    return { bytes: this.bytes[number]!, words: this.words[number]!, view: this.views[number]! };
  }

  #allocateLarge(size: number): number {
    const number = this.#takeNumber();
    if (number === 0) return 0;
    const large = makePage(placeBytes(size));
    this.#install(number, large, largeClass);
    const page = this.#pages[number]!;
    page.live = 1;
    page.open = false;
    this.residentBytes += large.bytes.length;
    this.usedBytes += large.bytes.length;
    return number << 17;
  }

  #closeLarge(number: number, page: PageInfo): void {
    const { length } = this.bytes[number]!;
    this.residentBytes -= length;
    this.usedBytes -= length;
    this.#retire(number, page);
  }

  #install(number: number, page: Page, sizeClass: number): void {
    this.bytes[number] = page.bytes;
    this.words[number] = page.words;
    this.views[number] = page.view;
    this.#pages[number] = { sizeClass, live: 0, free: -1, top: 0, open: true };
    this.#pool.counted();
  }

  #retire(number: number, page: PageInfo): void {
    page.sizeClass = -1;
    page.open = false;
    this.bytes[number] = noPage;
    this.words[number] = noWords;
    this.views[number] = noView;
    this.#vacant.push(number);
    this.#pool.counted();
  }

  #takeNumber(): number {
    const vacant = this.#vacant.pop();
    if (vacant !== undefined) return vacant;
    return this.bytes.length < this.#pool.numbers ? this.bytes.length : 0;
  }
}

interface PageInfo {
  /** Index of its class, `largeClass`, or -1 where the number is vacant. */
  sizeClass: number;
  /** Records that live in it. */
  live: number;
  /** Unit of the first free slot below `top`, or -1. */
  free: number;
  /** Bytes from here on were never used. */
  top: number;
  /** Whether it stands in its class' list of pages with room. */
  open: boolean;
}

/** First word of a free slot: no record begins so, since no value is that long. */
const freeMark: number = 0x1fffffff;

const largeClass = classes;
const noPage: Buffer = Buffer.alloc(0);
const noWords: Int32Array = new Int32Array(0);
const noView: DataView = new DataView(noPage.buffer, 0, 0);
const unusedPage: PageInfo = { sizeClass: -1, live: 0, free: -1, top: 0, open: false };
