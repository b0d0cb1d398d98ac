import { limits } from "../base/limits.ts";
import type { Watched } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";

/** The keys that a connection watches, each once, with what WATCH saw of it. */
export class Watches {
  /** Of the keys, together. */
  bytes = 0;
  /** By database and key. */
  readonly #keys: Map<string, Watched> = new Map();

  /** Memory of all this: each key is there twice, and has a few objects around it. */
  get heldBytes(): number {
    return 2 * this.bytes + this.#keys.size * watchedBytes;
  }

  get all(): readonly Watched[] {
    return [...this.#keys.values()];
  }

  /** How long EXEC takes at most to compare them. */
  get micros(): number {
    return this.#keys.size * microsPerKey;
  }

  /**
   * Watches the keys of WATCH, or none of them: then it tells which limit they are over, else "". A key that is
   * too long to be there is absent now and when EXEC compares: there is nothing to remember.
   */
  add(db: number, args: Arguments, revisionOf: (db: number, key: Buffer) => number): string {
    const added: Map<string, Buffer> = new Map();
    let { bytes } = this;
    for (let i = 1; i < args.count; i++) {
      if (args.lengthOf(i) > limits.keyBytesMax) continue;
      const name = `${db} ${args.text(i)}`;
      if (this.#keys.has(name) || added.has(name)) continue;
      added.set(name, args.copyOf(i));
      bytes += args.lengthOf(i);
    }
    if (this.#keys.size + added.size > limits.watchedKeysMax) {
      return `TOO_LARGE a connection may watch ${limits.watchedKeysMax} keys`;
    }
    if (bytes > limits.watchedBytesMax) {
      return `TOO_LARGE the keys that a connection watches may have ${limits.watchedBytesMax} bytes`;
    }
    for (const [name, key] of added) this.#keys.set(name, { db, key, revision: revisionOf(db, key) });
    this.bytes = bytes;
    return "";
  }

  clear(): void {
    if (this.#keys.size === 0) return;
    this.#keys.clear();
    this.bytes = 0;
  }
}

const watchedBytes = 320;

/** Carried along and looked up: measured as half of it. */
const microsPerKey = 1;
