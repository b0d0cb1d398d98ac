import { assert } from "../src/base/assert.ts";
import { type DiskCall, DiskError } from "../src/platform/disk.ts";
import type { Flight } from "./calls.ts";
import { type Crash, survival, tornBytes } from "./crash.ts";
import { FileState } from "./file-state.ts";
import { Folder, type NameChange, Names, type Node, namesOf, type Place } from "./names.ts";

/**
 * A file system: names, files, and how much of both is durable. What was done to names since is kept in order;
 * each change goes to the durable names when the directories it waits for were synced and those before it are
 * there.
 */
export class Volume {
  /** Bytes that fit; what files have now counts by their sizes. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  /** Refuses every change with EROFS. */
  isReadOnly = false;
  readonly names: Names;
  readonly #durable: Names;
  #changes: NameChange[] = [];

  /** With one set of names, all of them are durable. */
  constructor(names: Names = new Names(), durable: Names = names.copy()) {
    this.names = names;
    this.#durable = durable;
  }

  get freeBytes(): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER;
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  get usedBytes(): number {
    let used = 0;
    for (const [, file] of this.names.files()) used += file.current.size;
    return used;
  }

  // Paths.

  file(path: string, call: DiskCall): FileState {
    const node = this.names.at(path);
    if (node === undefined) throw new DiskError("ENOENT", call, path);
    if (node instanceof Folder) throw new DiskError("EISDIR", call, path);
    return node;
  }

  folder(path: string, call: DiskCall): Folder {
    const node = this.names.at(path);
    if (node === undefined) throw new DiskError("ENOENT", call, path);
    if (!(node instanceof Folder)) throw new DiskError("ENOTDIR", call, path);
    return node;
  }

  /** Where a file of this path is, or would be. */
  place(path: string, call: DiskCall): Place {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new DiskError("EISDIR", call, path);
    const folder = this.names.at(names.join("/"));
    if (folder === undefined) throw new DiskError("ENOENT", call, path);
    if (!(folder instanceof Folder)) throw new DiskError("ENOTDIR", call, path);
    return { folder, name };
  }

  refuseWhenReadOnly(call: DiskCall, path: string): void {
    if (this.isReadOnly) throw new DiskError("EROFS", call, path);
  }

  // Changes of names.

  /** A change that is not carried out yet. */
  planned(node: Node, to: Place | undefined): NameChange {
    const from = this.names.placeOf(node);
    const folders = [from?.folder, to?.folder].filter((folder) => folder !== undefined);
    return { node, to, waitsFor: new Set(folders) };
  }

  change(change: NameChange): void {
    this.names.place(change.node, change.to);
    this.#changes.push(change);
  }

  /** What a sync of the directory that begins now will make durable. */
  unsynced(folder: Folder): NameChange[] {
    return this.#changes.filter(({ waitsFor, isForgotten }) => waitsFor.has(folder) && isForgotten !== true);
  }

  synced(folder: Folder, changes: readonly NameChange[]): void {
    for (const { waitsFor } of changes) waitsFor.delete(folder);
    this.#settle();
  }

  /** The directories on the way to this one become durable too. */
  syncWay(path: string): void {
    let node: Node | undefined = this.names.root;
    for (const name of namesOf(path)) {
      node = this.names.in(node as Folder, name);
      for (const change of this.#changes) if (change.node === node) change.waitsFor.clear();
    }
    this.#settle();
  }

  #settle(): void {
    let settled = 0;
    for (; this.#changes[settled]?.waitsFor.size === 0; settled++) {
      const { node, to } = this.#changes[settled]!;
      this.#durable.place(node, to);
    }
    if (settled > 0) this.#changes.splice(0, settled);
  }

  // Copies.

  /** The same state, with what is not durable, in files of its own. */
  copy(): Volume {
    return this.#copy(twins((file) => file.copy()));
  }

  #copy(twinOf: TwinOf): Volume {
    const copy = new Volume(this.names.copy(twinOf), this.#durable.copy(twinOf));
    copy.capacityBytes = this.capacityBytes;
    copy.isReadOnly = this.isReadOnly;
    copy.#changes = this.#changes.map((change) => twinChange(change, twinOf));
    return copy;
  }

  /** What the next process finds, if this one ends with these calls on their way. */
  afterCrash(crash: Crash, flights: readonly Flight[]): Volume {
    const found =
      crash.kind === "process" ? this.#afterKill(crash, flights) : this.#afterStop(crash, flights);
    found.capacityBytes = this.capacityBytes;
    found.isReadOnly = false;
    return found;
  }

  #afterKill(crash: Crash, flights: readonly Flight[]): Volume {
    const twinOf = twins((file) => file.copy());
    const found = this.#copy(twinOf);
    for (const flight of flights) {
      for (const change of namesInFlight(flight)) {
        if (crash.random.chance(0.5)) found.change(twinChange(change, twinOf));
      }
      if (flight.write === undefined) continue;
      const { file, change } = flight.write;
      const { position, bytes } = change;
      if (bytes !== undefined) {
        const count = tornBytes(crash, bytes.length);
        if (count > 0) twinOf(file).change({ position, bytes: bytes.subarray(0, count) });
      } else if (crash.random.chance(0.5)) twinOf(file).change({ position, bytes });
    }
    return found;
  }

  #afterStop(crash: Crash, flights: readonly Flight[]): Volume {
    const names = this.#durable.copy();
    const survives = survival(crash);
    for (const { node, to, waitsFor } of [...this.#changes, ...flights.flatMap(namesInFlight)]) {
      if (waitsFor.size === 0 || survives()) names.place(node, to);
    }
    const twinOf = twins((file) => file.afterCrash(crash, changesInFlight(file, flights)));
    return new Volume(names.copy(twinOf));
  }
}

type TwinOf = <T extends Node>(node: T) => T;

/** Makes one twin for each node, and gives the same one again. */
function twins(fileTwin: (file: FileState) => FileState): TwinOf {
  const known = new Map<Node, Node>();
  return <T extends Node>(node: T): T => {
    let twin = known.get(node);
    if (twin === undefined) {
      twin = node instanceof FileState ? fileTwin(node) : new Folder();
      known.set(node, twin);
    }
    return twin as T;
  };
}

function twinChange({ node, to, waitsFor, isForgotten }: NameChange, twinOf: TwinOf): NameChange {
  return {
    node: twinOf(node),
    to: to && { folder: twinOf(to.folder), name: to.name },
    waitsFor: new Set([...waitsFor].map(twinOf)),
    isForgotten: isForgotten ?? false,
  };
}

function changesInFlight(file: FileState, flights: readonly Flight[]) {
  return flights.flatMap(({ write }) => (write?.file === file ? [write.change] : []));
}

/** What a call on names would have changed; nothing if it would have been refused. */
function namesInFlight(flight: Flight): NameChange[] {
  try {
    return flight.names?.() ?? [];
  } catch (error) {
    assert(error instanceof DiskError, "a call is refused with DiskError");
    return [];
  }
}
