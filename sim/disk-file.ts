import { assert } from "../src/base/assert.ts";
import {
  type DiskCall,
  type DiskDone,
  DiskError,
  type DiskFile,
  type OpenOptions,
} from "../src/platform/disk.ts";
import type { Calls } from "./calls.ts";
import type { Change, FileState } from "./file-state.ts";
import type { Volume } from "./volume.ts";

/** A file that a process has open. */
export class SimFile implements DiskFile {
  readonly path: string;
  readonly #calls: Calls;
  readonly #volume: Volume;
  readonly #state: FileState;
  readonly #options: OpenOptions;
  #isOpen = true;
  #isWriting = false;
  #isSyncing = false;

  constructor(path: string, options: OpenOptions, state: FileState, volume: Volume, calls: Calls) {
    this.path = path;
    this.#options = options;
    this.#state = state;
    this.#volume = volume;
    this.#calls = calls;
  }

  size(): Promise<number> {
    assert(this.#isOpen, "size of an open file");
    return this.#promise("size", () => this.#state.current.size);
  }

  read(into: Buffer, at: number, length: number, position: number): Promise<number> {
    assert(this.#isOpen, "read of an open file");
    assert(at + length <= into.length, "what is read must fit");
    return this.#promise("read", () => this.#state.current.read(into, at, length, position));
  }

  write(parts: readonly Buffer[], position: number, done: DiskDone): void {
    assert(this.#isWritable, "write of a file that is open for it");
    assert(!this.#isWriting, "one write at a time");
    const bytes = Buffer.concat(parts);
    const change: Change = { position, bytes, isDurable: this.#options.isSynchronous ?? false };
    this.#isWriting = true;
    const land = () => {
      assert(isMadeOf(bytes, parts), `parts of a write stay as they are until it is done: ${this.path}`);
      this.#land(change);
    };
    const fail = ({ afterBytes = 0 }) => this.#landPart(change, afterBytes);
    // On its way it is not durable, in synchronous files either.
    const write = { file: this.#state, change: { position, bytes } };
    this.#calls.begin({ call: "write", path: this.path, land, fail, write }, (error) => {
      this.#isWriting = false;
      done(error);
    });
  }

  #land(change: Change): void {
    this.#volume.refuseWhenReadOnly("write", this.path);
    const end = change.position + change.bytes!.length;
    const missing = end - this.#state.current.size - this.#volume.freeBytes;
    if (missing <= 0) {
      this.#state.change(change);
      return;
    }
    this.#landPart(change, Math.max(0, change.bytes!.length - missing));
    throw new DiskError("ENOSPC", "write", this.path);
  }

  /** Of a failed write. Nothing will ever make it durable for sure. */
  #landPart({ position, bytes }: Change, count: number): void {
    if (count > 0) this.#state.change({ position, bytes: bytes!.subarray(0, count), isForgotten: true });
  }

  sync(done: DiskDone): void {
    assert(this.#isWritable, "sync of a file that is open for writing");
    assert(!this.#isSyncing, "one sync at a time");
    const changes = this.#state.unsynced();
    this.#isSyncing = true;
    const land = () => {
      this.#volume.refuseWhenReadOnly("sync", this.path);
      this.#state.synced(changes);
    };
    const fail = () => {
      for (const change of changes) change.isForgotten = true;
    };
    this.#calls.begin({ call: "sync", path: this.path, land, fail }, (error) => {
      this.#isSyncing = false;
      done(error);
    });
  }

  truncate(size: number): Promise<void> {
    assert(this.#isWritable, "truncate of a file that is open for writing");
    assert(!this.#isWriting, "no truncate during a write");
    const change: Change = { position: size, bytes: undefined };
    const land = () => {
      this.#volume.refuseWhenReadOnly("truncate", this.path);
      this.#state.change(change);
    };
    return this.#calls.promise({
      call: "truncate",
      path: this.path,
      land,
      write: { file: this.#state, change },
    });
  }

  close(): Promise<void> {
    assert(this.#isOpen, "a file is closed once");
    assert(!this.#isWriting && !this.#isSyncing, "no close during a write or sync");
    this.#isOpen = false;
    return this.#promise("close", () => {});
  }

  get #isWritable(): boolean {
    return this.#isOpen && this.#options.mode !== "read";
  }

  #promise<T>(call: DiskCall, land: () => T): Promise<T> {
    return this.#calls.promise({ call, path: this.path, land });
  }
}

function isMadeOf(bytes: Buffer, parts: readonly Buffer[]): boolean {
  let at = 0;
  for (const part of parts) {
    if (bytes.compare(part, 0, part.length, at, at + part.length) !== 0) return false;
    at += part.length;
  }
  return at === bytes.length;
}
