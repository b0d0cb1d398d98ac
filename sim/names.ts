import type { FileState } from "./file-state.ts";

/** A directory; what is in it, Names knows. */
export class Folder {
  readonly isFolder = true;
}

export type Node = FileState | Folder;

/** Where a node is. It is in one place at most: there are no hard links. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
}

/** A new name, a new place or, without `to`, a removal. */
export interface NameChange {
  readonly node: Node;
  readonly to: Place | undefined;
  /** Directories that must be synced before it is durable. */
  readonly waitsFor: Set<Folder>;
  /** Its sync failed: no later one makes it durable. */
  isForgotten?: boolean;
}

/** All names of a disk, at one time. */
export class Names {
  readonly root: Folder;
  readonly #entries = new Map<Folder, Map<string, Node>>();
  readonly #places = new Map<Node, Place>();

  constructor(root: Folder = new Folder()) {
    this.root = root;
  }

  /** The node of a path; relative ones begin at the root too. */
  at(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of namesOf(path)) node = node instanceof Folder ? this.in(node, name) : undefined;
    return node;
  }

  in(folder: Folder, name: string): Node | undefined {
    return this.#entries.get(folder)?.get(name);
  }

  list(folder: Folder): string[] {
    return [...(this.#entries.get(folder)?.keys() ?? [])];
  }

  placeOf(node: Node): Place | undefined {
    return this.#places.get(node);
  }

  /** Moves a node, in place of what is there, or removes it. */
  place(node: Node, to: Place | undefined): void {
    const from = this.#places.get(node);
    if (from !== undefined) this.#entries.get(from.folder)!.delete(from.name);
    this.#places.delete(node);
    if (to === undefined) return;
    const displaced = this.in(to.folder, to.name);
    if (displaced !== undefined) this.#places.delete(displaced);
    if (!this.#entries.has(to.folder)) this.#entries.set(to.folder, new Map());
    this.#entries.get(to.folder)!.set(to.name, node);
    this.#places.set(node, to);
  }

  /** All files that can be reached, by path. */
  *files(folder: Folder = this.root, prefix = ""): Generator<[string, FileState]> {
    for (const [name, node] of this.#entries.get(folder) ?? []) {
      if (node instanceof Folder) yield* this.files(node, `${prefix}/${name}`);
      else yield [`${prefix}/${name}`, node];
    }
  }

  /** The same names for other nodes. */
  copy(twinOf: <T extends Node>(node: T) => T = (node) => node): Names {
    const copy = new Names(twinOf(this.root));
    for (const [node, { folder, name }] of this.#places) {
      copy.place(twinOf(node), { folder: twinOf(folder), name });
    }
    return copy;
  }
}

export function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
