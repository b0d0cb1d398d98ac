import { assert } from "../base/assert.ts";
import type { DiskFile } from "../platform/disk.ts";
import type { SnapshotMeta } from "./snapshot-file.ts";

/** The file of a snapshot, open for who reads it piece by piece: it stays as it is, whatever becomes of its name. */
export class HeldSnapshot {
  readonly meta: SnapshotMeta;
  /** Length of the file. */
  readonly bytes: number;
  readonly #file: DiskFile;
  readonly #unpin: () => Promise<void>;
  /** Settles when no read is on its way. */
  #reading: Promise<unknown> = Promise.resolve();
  #isHeld = true;

  constructor(meta: SnapshotMeta, bytes: number, file: DiskFile, unpin: () => Promise<void>) {
    this.meta = meta;
    this.bytes = bytes;
    this.#file = file;
    this.#unpin = unpin;
  }

  /** So many bytes from here on; fewer where the file ends. Rejects with DiskError. */
  read(offset: number, length: number): Promise<Buffer> {
    assert(this.#isHeld, "a snapshot is read while it is held");
    const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.bytes - offset)));
    const reading = this.#file.read(into, 0, into.length, offset).then((count) => into.subarray(0, count));
    this.#reading = Promise.allSettled([this.#reading, reading]);
    return reading;
  }

  /** The last entry that it has. */
  get index(): number {
    return this.meta.index;
  }

  /** Lets go of the file, which may be removed then. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    await this.#reading;
    await this.#file.close();
    await this.#unpin();
  }
}
