import { type Crash, survival, tornBytes } from "./crash.ts";
import { Pages, sectorBytes } from "./pages.ts";

/** A write, or a truncation to `position` where there are no bytes. */
export interface Change {
  readonly position: number;
  readonly bytes: Buffer | undefined;
  /** Its sync failed: no later one makes it durable, whatever it answers. It may still have reached the disk. */
  isForgotten?: boolean;
  isDurable?: boolean;
}

/**
 * A file: what readers see, what is durable, and the changes between the two.
 *
 *     durable ──► change ─► change (durable) ─► change ──► current
 *
 * Changes are in the order in which they were done. A durable one stands behind one that is not where another
 * handle synced, or where a sync failed.
 */
export class FileState {
  readonly current: Pages;
  readonly #durable: Pages;
  #changes: Change[] = [];

  /** With one image, everything in it is durable. */
  constructor(current: Pages = new Pages(), durable: Pages = current.copy()) {
    this.current = current;
    this.#durable = durable;
  }

  /** Carries out a change. */
  change(change: Change): void {
    apply(this.current, change);
    this.#changes.push(change);
    this.#settle();
  }

  /** What a sync that begins now will make durable. */
  unsynced(): Change[] {
    return this.#changes.filter(({ isForgotten }) => isForgotten !== true);
  }

  synced(changes: readonly Change[]): void {
    for (const change of changes) change.isDurable = true;
    this.#settle();
  }

  flipBit(bit: number): void {
    this.current.flipBit(bit);
    this.#durable.flipBit(bit);
  }

  copy(): FileState {
    const copy = new FileState(this.current.copy(), this.#durable.copy());
    copy.#changes = this.#changes.map((change) => ({ ...change }));
    return copy;
  }

  /** The file of a machine that stopped, while `inFlight` was on its way. */
  afterCrash(crash: Crash, inFlight: readonly Change[]): FileState {
    const changes = [...this.#changes, ...inFlight];
    const remains = new Remains(this.#durable);
    const survives = survival(crash);
    const torn = crash.kind === "torn" ? changes.findLast(isTearable) : undefined;
    for (const change of changes) {
      if (change.bytes === undefined) remains.truncate(change, survives);
      else if (change === torn) remains.tear(change, tornBytes(crash, change.bytes.length));
      else remains.write(change, survives);
    }
    return new FileState(remains.image());
  }

  #settle(): void {
    let settled = 0;
    while (this.#changes[settled]?.isDurable === true) apply(this.#durable, this.#changes[settled++]!);
    if (settled > 0) this.#changes.splice(0, settled);
  }
}

function apply(image: Pages, { bytes, position }: Change): void {
  if (bytes === undefined) image.resize(position);
  else image.write(bytes, position);
}

function isTearable({ bytes, isDurable }: Change): boolean {
  return bytes !== undefined && isDurable !== true;
}

/**
 * Puts together what a crash leaves of a file. The changes run by once more in the cache of the machine, and a
 * sector that was written back at some time is taken from there as it then was: so a part of a sector never
 * survives without what had been written into that sector before.
 */
class Remains {
  readonly #cache: Pages;
  readonly #disk: Pages;
  #size: number;

  constructor(durable: Pages) {
    this.#cache = durable.copy();
    this.#disk = durable.copy();
    this.#size = durable.size;
  }

  truncate(change: Change, survives: () => boolean): void {
    this.#cache.resize(change.position);
    if (change.isDurable !== true && !survives()) return;
    this.#disk.resize(change.position);
    this.#size = change.position;
  }

  write({ bytes, position, isDurable = false }: Change, survives: () => boolean): void {
    const end = position + bytes!.length;
    const grows = end > this.#cache.size;
    this.#cache.write(bytes!, position);
    for (let sector = Math.floor(position / sectorBytes); sector * sectorBytes < end; sector++) {
      if (isDurable || survives()) this.#disk.takeSector(this.#cache, sector);
    }
    if (isDurable) this.#size = Math.max(this.#size, end);
    else if (grows && survives()) this.#size = this.#cache.size;
  }

  /** The first `count` bytes came through, and the size with them. */
  tear(change: Change, count: number): void {
    if (count === 0) return;
    this.write({ ...change, bytes: change.bytes!.subarray(0, count), isDurable: true }, () => true);
  }

  image(): Pages {
    this.#disk.resize(this.#size);
    return this.#disk;
  }
}
