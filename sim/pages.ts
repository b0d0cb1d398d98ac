/**
 * Bytes of a file, in pages. A copy shares them until one of the two is written to, so a state is forked for the
 * price of its page table. A page that was never written, or only with zeros, takes no room.
 *
 * Invariant: bytes from `size` on are zero.
 */
export class Pages {
  #size = 0;
  #pages: (Page | undefined)[] = [];
  /** Pages with this mark are ours alone. */
  #mark: object = {};

  get size(): number {
    return this.#size;
  }

  copy(): Pages {
    const copy = new Pages();
    copy.#size = this.#size;
    copy.#pages = this.#pages.slice();
    this.#mark = {};
    return copy;
  }

  /** Reads up to `length` bytes, fewer where the file ends. Returns their number. */
  read(into: Buffer, at: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.#size - position));
    into.fill(0, at, at + count);
    for (let done = 0; done < count; ) {
      const [number, offset] = placeOf(position + done);
      const piece = Math.min(pageBytes - offset, count - done);
      this.#pages[number]?.bytes.copy(into, at + done, offset, offset + piece);
      done += piece;
    }
    return count;
  }

  write(bytes: Buffer, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const [number, offset] = placeOf(position + done);
      const piece = Math.min(pageBytes - offset, bytes.length - done);
      this.#put(number, offset, bytes.subarray(done, done + piece));
      done += piece;
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, position + bytes.length);
  }

  /** Cuts, or grows with zeros. */
  resize(size: number): void {
    this.#size = size;
    const [number, offset] = placeOf(size);
    if (offset > 0 && this.#pages[number] !== undefined) this.#ownPage(number).fill(0, offset);
    const first = offset > 0 ? number + 1 : number;
    if (this.#pages.length > first) this.#pages.length = first;
  }

  /** Takes over one sector, whatever the sizes: for images that are put together. `resize` comes last. */
  takeSector(from: Pages, sector: number): void {
    const [number, offset] = placeOf(sector * sectorBytes);
    const page = from.#pages[number];
    const bytes = page === undefined ? zeroSector : page.bytes.subarray(offset, offset + sectorBytes);
    this.#put(number, offset, bytes);
  }

  flipBit(bit: number): void {
    const [number, offset] = placeOf(Math.floor(bit / 8));
    const page = this.#ownPage(number);
    page[offset] = page[offset]! ^ (1 << (bit % 8));
  }

  toBuffer(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#size);
    this.read(bytes, 0, this.#size, 0);
    return bytes;
  }

  #put(number: number, offset: number, bytes: Buffer): void {
    if (this.#pages[number] === undefined && bytes.equals(zeroPage.subarray(0, bytes.length))) return;
    bytes.copy(this.#ownPage(number), offset);
  }

  #ownPage(number: number): Buffer {
    const page = this.#pages[number];
    if (page?.mark === this.#mark) return page.bytes;
    const bytes = page === undefined ? Buffer.alloc(pageBytes) : Buffer.from(page.bytes);
    this.#pages[number] = { mark: this.#mark, bytes };
    return bytes;
  }
}

interface Page {
  readonly mark: object;
  readonly bytes: Buffer;
}

/** What a disk writes whole or not at all. */
export const sectorBytes = 512;
const pageBytes = 4096;
const zeroPage = Buffer.alloc(pageBytes);
const zeroSector = Buffer.alloc(sectorBytes);

/** The page of a position, and the place in it. */
function placeOf(position: number): [number, number] {
  const offset = position % pageBytes;
  return [(position - offset) / pageBytes, offset];
}
