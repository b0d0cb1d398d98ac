import { assert } from "../src/base/assert.ts";
import { KvorumError } from "../src/base/errors.ts";
import { systemClock } from "../src/platform/clock.ts";
import {
  type Disk,
  type DiskCall,
  DiskError,
  type DiskFile,
  type DiskLock,
  type OpenOptions,
} from "../src/platform/disk.ts";
import { type CallHook, Calls, type DiskFault, type Turns } from "./calls.ts";
import type { CrashKind, CrashOptions } from "./crash.ts";
import { SimFile } from "./disk-file.ts";
import { FileState } from "./file-state.ts";
import { Folder, type NameChange, type Node, namesOf } from "./names.ts";
import { Prng } from "./prng.ts";
import { Volume } from "./volume.ts";

export interface SimDiskOptions {
  /** Decides what crashes leave; 1 by default. */
  readonly seed?: number;
  /** When calls are done. By default in the next microtask, and delays take real time. */
  readonly turns?: Turns;
}

/**
 * A disk in memory, as one process sees it. It keeps of what was written exactly what the contract promises, and
 * fails as it is told to. The same seed and the same calls give the same disk.
 *
 *     const disk = new SimDisk({ seed });
 *     disk.onCall = (number) => { if (number === 17) after = disk.crash("torn"); };
 *     …run something on `disk`, then recover from `after`
 *
 * A process and its disk die together: `crash` leaves this object dead for ever, and returns the disk that the
 * next process finds. Callbacks of a dead disk never come and its promises never settle, as no code of a dead
 * process runs; whoever waits for such code must wait for the crash too. `afterCrash` returns the same disk and
 * lets this one live, so that every kind of crash can be tried at one moment of one run.
 */
export class SimDisk implements Disk {
  readonly #volume: Volume;
  readonly #calls: Calls;
  readonly #turns: Turns;
  readonly #random: Prng;
  readonly #locked = new Set<Folder>();

  constructor(options: SimDiskOptions = {}, volume: Volume = new Volume()) {
    this.#turns = options.turns ?? microtasks;
    this.#random = new Prng(options.seed ?? 1);
    this.#calls = new Calls(this.#turns);
    this.#volume = volume;
  }

  /** A disk on which these files are, durable, with the directories that they need. */
  static fromFiles(files: ReadonlyMap<string, Uint8Array>, options: SimDiskOptions = {}): SimDisk {
    const disk = new SimDisk(options);
    for (const [path, bytes] of files) {
      disk.#makeDirectory(namesOf(path).slice(0, -1).join("/"));
      disk.put(path, bytes);
    }
    disk.#volume.syncWay("");
    return disk;
  }

  /** What readers see in each file, by path from the root: "/data/wal/…". Empty directories are not told. */
  snapshotFiles(): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    for (const [path, file] of this.#volume.names.files()) files.set(path, file.current.toBuffer());
    return files;
  }

  /** Another disk in the same state, durable and not. Calls on their way are not in it. Costs little. */
  fork(turns: Turns = this.#turns): SimDisk {
    return new SimDisk({ seed: this.#random.uint32(), turns }, this.#volume.copy());
  }

  /** The process ends here. Returns what the next one finds. */
  crash(kind: CrashKind, options: CrashOptions = {}): SimDisk {
    const next = this.afterCrash(kind, options);
    this.#calls.kill();
    return next;
  }

  /** What `crash` would return. */
  afterCrash(kind: CrashKind, { seed, tornAt }: CrashOptions = {}): SimDisk {
    const random = new Prng(seed ?? this.#random.uint32());
    const volume = this.#volume.afterCrash({ kind, random, tornAt }, this.#calls.inFlight);
    return this.#next(volume, random.uint32());
  }

  #next(volume: Volume, seed: number): SimDisk {
    return new SimDisk({ seed, turns: this.#turns }, volume);
  }

  // Faults.

  /**
   * Called as each call begins. The call is then on its way: a crash in here may find it done, half done or not
   * done at all.
   */
  set onCall(hook: CallHook | undefined) {
    this.#calls.onCall = hook;
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls.count;
  }

  inject(fault: DiskFault): void {
    this.#calls.inject(fault);
  }

  /** Bytes that fit on it, infinitely many by default. Stays as it is through crashes. */
  set capacityBytes(bytes: number) {
    this.#volume.capacityBytes = bytes;
  }

  /** What its files take. */
  get usedBytes(): number {
    return this.#volume.usedBytes;
  }

  /** Every change is refused with EROFS. A crash ends it. */
  set isReadOnly(isReadOnly: boolean) {
    this.#volume.isReadOnly = isReadOnly;
  }

  /** Flips a bit of a file, in what is durable and in what readers see. Bit 9 is bit 1 of byte 1. */
  flipBit(path: string, bit: number): void {
    const file = this.#volume.file(path, "open");
    assert(bit < file.current.size * 8, "the bit is in the file");
    file.flipBit(bit);
  }

  /** Somebody puts a file there, in the place of another one. */
  put(path: string, bytes: Uint8Array): void {
    const file = new FileState();
    file.change({ position: 0, bytes: Buffer.from(bytes), isDurable: true });
    this.#volume.change({ node: file, to: this.#volume.place(path, "open"), waitsFor: new Set() });
  }

  // The contract.

  list(directory: string): Promise<string[]> {
    return this.#promise("list", directory, () =>
      this.#volume.names.list(this.#volume.folder(directory, "list")),
    );
  }

  makeDirectory(path: string): Promise<void> {
    return this.#calls.promise({
      call: "makeDirectory",
      path,
      land: () => this.#makeDirectory(path),
      names: () => this.#missingDirectories(path),
    });
  }

  #makeDirectory(path: string): void {
    for (const change of this.#missingDirectories(path)) this.#volume.change(change);
    this.#volume.syncWay(path);
  }

  #missingDirectories(path: string): NameChange[] {
    const changes: NameChange[] = [];
    let node: Node = this.#volume.names.root;
    for (const name of namesOf(path)) {
      const folder: Node = node;
      if (!(folder instanceof Folder)) throw new DiskError("ENOTDIR", "makeDirectory", path);
      node = this.#volume.names.in(folder, name) ?? new Folder();
      if (this.#volume.names.placeOf(node) !== undefined) continue;
      this.#volume.refuseWhenReadOnly("makeDirectory", path);
      changes.push(this.#volume.planned(node, { folder, name }));
    }
    if (!(node instanceof Folder)) throw new DiskError("ENOTDIR", "makeDirectory", path);
    return changes;
  }

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    if (options.mode === "create") return this.#create(path, options);
    return this.#promise("open", path, () => {
      const state = this.#volume.file(path, "open");
      if (options.mode !== "read") this.#volume.refuseWhenReadOnly("open", path);
      return this.#fileOf(path, options, state);
    });
  }

  #create(path: string, options: OpenOptions): Promise<DiskFile> {
    const state = new FileState();
    const names = () => {
      const place = this.#volume.place(path, "open");
      if (this.#volume.names.in(place.folder, place.name)) throw new DiskError("EEXIST", "open", path);
      this.#volume.refuseWhenReadOnly("open", path);
      return [this.#volume.planned(state, place)];
    };
    const land = () => {
      for (const change of names()) this.#volume.change(change);
      return this.#fileOf(path, options, state);
    };
    return this.#calls.promise<DiskFile>({ call: "open", path, land, names });
  }

  #fileOf(path: string, options: OpenOptions, state: FileState): DiskFile {
    return new SimFile(path, options, state, this.#volume, this.#calls);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#changeNames("rename", from, () => {
      const file = this.#volume.file(from, "rename");
      const place = this.#volume.place(to, "rename");
      const there = this.#volume.names.in(place.folder, place.name);
      if (there instanceof Folder) throw new DiskError("EISDIR", "rename", from);
      return this.#volume.planned(file, place);
    });
  }

  remove(path: string): Promise<void> {
    return this.#changeNames("remove", path, () =>
      this.#volume.planned(this.#volume.file(path, "remove"), undefined),
    );
  }

  #changeNames(call: DiskCall, path: string, plan: () => NameChange): Promise<void> {
    const names = () => {
      const change = plan();
      this.#volume.refuseWhenReadOnly(call, path);
      return [change];
    };
    const land = () => {
      for (const change of names()) this.#volume.change(change);
    };
    return this.#calls.promise({ call, path, land, names });
  }

  syncDirectory(path: string): Promise<void> {
    const node = this.#volume.names.at(path);
    const changes = node instanceof Folder ? this.#volume.unsynced(node) : [];
    const land = () => {
      this.#volume.synced(this.#volume.folder(path, "syncDirectory"), changes);
    };
    const fail = () => {
      for (const change of changes) change.isForgotten = true;
    };
    return this.#calls.promise({ call: "syncDirectory", path, land, fail });
  }

  freeBytes(directory: string): Promise<number> {
    return this.#promise("freeBytes", directory, () => {
      this.#volume.folder(directory, "freeBytes");
      return this.#volume.freeBytes;
    });
  }

  async lock(directory: string): Promise<DiskLock> {
    const folder = await this.#promise("lock", directory, () => this.#volume.folder(directory, "lock")).catch(
      (error: DiskError) => {
        throw new KvorumError("ERR", `cannot lock ${directory}: ${error.code}`, { cause: error });
      },
    );
    if (this.#locked.has(folder)) {
      const reason = `${directory} is in use by process 1 (remove nothing: stop that process first)`;
      throw new KvorumError("ERR", reason);
    }
    this.#locked.add(folder);
    return { release: async () => void this.#locked.delete(folder) };
  }

  #promise<T>(call: DiskCall, path: string, land: () => T): Promise<T> {
    return this.#calls.promise({ call, path, land });
  }
}

const microtasks: Turns = {
  nextTurn: (task) => queueMicrotask(task),
  after: (delayMs, task) => systemClock.after(delayMs, task),
};
