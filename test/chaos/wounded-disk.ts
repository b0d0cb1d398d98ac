import type { Disk, DiskCall, DiskDone, DiskFile, OpenOptions } from "../../src/platform/disk.ts";
import { DiskError } from "../../src/platform/disk.ts";
import type { DiskState } from "./orders.ts";

const slowMs = 40;

/** The machine's disk, until it is told to be worse. What was written stays written. */
export class WoundedDisk implements Disk {
  readonly #disk: Disk;
  #state: DiskState = "fine";
  /** What waits for a disk that hangs. */
  #hung: (() => void)[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  set state(state: DiskState) {
    this.#state = state;
    if (state === "hung") return;
    for (const goOn of this.#hung.splice(0)) goOn();
  }

  /** Calls back as soon as the disk takes the call, with an error where it refuses it. */
  reach(call: DiskCall, path: string, grows: boolean, then: DiskDone): void {
    if (this.#state === "hung") {
      this.#hung.push(() => this.reach(call, path, grows, then));
      return;
    }
    if (this.#state === "slow") setTimeout(() => then(undefined), slowMs);
    else if (this.#state === "failing") setImmediate(() => then(new DiskError("EIO", call, path)));
    else if (this.#state === "full" && grows) setImmediate(() => then(new DiskError("ENOSPC", call, path)));
    else then(undefined);
  }

  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    if (options.mode === "create") await this.#reached("open", path, true);
    return new WoundedFile(this, await this.#disk.open(path, options));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#reached("makeDirectory", path, true);
    await this.#disk.makeDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#reached("rename", from, false);
    await this.#disk.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#reached("remove", path, false);
    await this.#disk.remove(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#reached("syncDirectory", path, false);
    await this.#disk.syncDirectory(path);
  }

  async freeBytes(directory: string): Promise<number> {
    return this.#state === "full" ? 0 : this.#disk.freeBytes(directory);
  }

  list(directory: string): ReturnType<Disk["list"]> {
    return this.#disk.list(directory);
  }

  lock(...args: Parameters<Disk["lock"]>): ReturnType<Disk["lock"]> {
    return this.#disk.lock(...args);
  }

  #reached(call: DiskCall, path: string, grows: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.reach(call, path, grows, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }
}

class WoundedFile implements DiskFile {
  readonly #disk: WoundedDisk;
  readonly #file: DiskFile;

  constructor(disk: WoundedDisk, file: DiskFile) {
    this.#disk = disk;
    this.#file = file;
  }

  get path(): string {
    return this.#file.path;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(...args: Parameters<DiskFile["read"]>): Promise<number> {
    return this.#file.read(...args);
  }

  write(parts: readonly Buffer[], position: number, done: DiskDone): void {
    this.#disk.reach("write", this.path, true, (error) => {
      if (error === undefined) this.#file.write(parts, position, done);
      else done(error);
    });
  }

  sync(done: DiskDone): void {
    this.#disk.reach("sync", this.path, false, (error) => {
      if (error === undefined) this.#file.sync(done);
      else done(error);
    });
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
