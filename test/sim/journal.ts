import assert from "node:assert/strict";
import { readU32, writeU32 } from "../../src/base/numbers.ts";
import { crc32 } from "../../src/platform/crc32.ts";
import { type Disk, DiskError, type DiskFile } from "../../src/platform/disk.ts";

const headBytes = 8;
const path = "/journal";

/** Records on a disk, one behind the other, each synced: the least that a durable log is. */
export class Journal {
  readonly #file: DiskFile;
  #position: number;
  #isBusy = false;

  private constructor(file: DiskFile, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Tells how many whole records there are. */
  static async open(disk: Disk): Promise<{ journal: Journal; records: number }> {
    const file = await openOrCreate(disk);
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0, bytes.length, 0);
    const { records, end } = wholeRecords(bytes);
    await file.truncate(end);
    // What an earlier life did not sync is there, and may not stay.
    await new Promise<void>((resolve) => file.sync(() => resolve()));
    return { journal: new Journal(file, end), records };
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  append(payload: Buffer, done: () => void): void {
    assert.ok(!this.#isBusy);
    this.#isBusy = true;
    const head = Buffer.alloc(headBytes);
    writeU32(head, 0, payload.length);
    writeU32(head, 4, crc32(payload, 0, payload.length));
    this.#file.write([head, payload], this.#position, (error) => {
      assert.equal(error, undefined);
      this.#position += headBytes + payload.length;
      this.#file.sync((failure) => {
        assert.equal(failure, undefined);
        this.#isBusy = false;
        done();
      });
    });
  }
}

async function openOrCreate(disk: Disk): Promise<DiskFile> {
  try {
    return await disk.open(path, { mode: "write" });
  } catch (error) {
    assert.ok(error instanceof DiskError && error.code === "ENOENT");
    const file = await disk.open(path, { mode: "create" });
    await disk.syncDirectory("/");
    return file;
  }
}

function wholeRecords(bytes: Buffer): { records: number; end: number } {
  let end = 0;
  for (let records = 0; ; records++) {
    const from = end + headBytes;
    if (from > bytes.length) return { records, end };
    const to = from + readU32(bytes, end);
    // A length of zero is a hole: no record is empty.
    if (to === from || to > bytes.length || crc32(bytes, from, to) !== readU32(bytes, end + 4))
      return { records, end };
    end = to;
  }
}
