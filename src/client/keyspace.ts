import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { Bulk, Command, Conditions, Key, Revised, SetConditions, Value } from "./commands.ts";
import * as commands from "./commands.ts";
import type { ConsistencyOptions } from "./consistency.ts";
import { Transaction } from "./transaction.ts";

/** What every operation takes; what is absent is as the client's own options say. */
export interface OperationOptions extends ConsistencyOptions {
  /** How long it may take in ms, with all that is done for it again; 0: as long as it takes. */
  readonly timeout?: number;
  /** Ends it: it rejects with ABORTED. A write that was sent may have been applied all the same. */
  readonly signal?: AbortSignal;
}

/** Values come as Buffers. */
export interface AsBytes {
  readonly as: "bytes";
}

export interface As {
  /** "text" by default: bytes that are no UTF-8 do not survive it. */
  readonly as?: "text" | "bytes";
}

export interface ReadOptions extends OperationOptions, As {}

export interface SetOptions extends OperationOptions, SetConditions {}
/** No condition on the revision: what tells the results of `set` apart. */
export interface Unrevised {
  readonly ifRevision?: never;
}

export interface DeleteOptions extends OperationOptions, Conditions {}

export interface ScanOptions extends ReadOptions {
  /** A pattern with `*`, `?`, `[a-z]` and `\`; all keys by default. */
  readonly match?: string;
  /** About how many keys are looked at in one step; 100 by default. */
  readonly count?: number;
}

/** Who carries commands out. */
export interface Runner {
  run<T>(command: Command<T>, options: OperationOptions | undefined): Promise<T>;
  runAll(list: readonly Command<unknown>[], options: OperationOptions | undefined): Promise<unknown[]>;
}

/**
 * The keys of a database, or those that begin with a prefix.
 *
 * Every method rejects with KvClientError, whose `code` says why and whose `applied` says what became of a write. A write
 * that may have been applied and is not known to be is UNKNOWN_OUTCOME; with numbered writes (`exactlyOnce`) that takes a
 * cluster that has no majority until the operation's timeout.
 */
export class Keyspace {
  readonly #runner: Runner;
  readonly #prefix: string;

  constructor(runner: Runner, prefix: string) {
    this.#runner = runner;
    this.#prefix = prefix;
  }

  /** The keys that begin with this, under the rest of their names: `client.prefix("app:").get("a")` reads "app:a". */
  prefix(prefix: string): Keyspace {
    return new Keyspace(this.#runner, this.#prefix + prefix);
  }

  /** The value of a key; null where there is none. */
  get(key: Key, options: ReadOptions & AsBytes): Promise<Buffer | null>;
  get(key: Key, options?: ReadOptions): Promise<string | null>;
  get(key: Key, options?: ReadOptions): Promise<Bulk | null> {
    return this.#runner.run(commands.get(this.#key(key), formOf(options)), options);
  }

  /** The value and the revision of the write that made it, for `ifRevision`; null where there is none. */
  getWithRevision(key: Key, options: ReadOptions & AsBytes): Promise<Revised<Buffer> | null>;
  getWithRevision(key: Key, options?: ReadOptions): Promise<Revised<string> | null>;
  getWithRevision(key: Key, options?: ReadOptions): Promise<Revised<Bulk> | null> {
    return this.#runner.run(commands.getWithRevision(this.#key(key), formOf(options)), options);
  }

  /** The values of several keys at one moment, in their order; null for each that there is none of. */
  getMany(keys: readonly Key[], options: ReadOptions & AsBytes): Promise<(Buffer | null)[]>;
  getMany(keys: readonly Key[], options?: ReadOptions): Promise<(string | null)[]>;
  getMany(keys: readonly Key[], options?: ReadOptions): Promise<(Bulk | null)[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return this.#runner.run(commands.getMany(this.#keys(keys), formOf(options)), options);
  }

  /** Whether there is a value. */
  has(key: Key, options?: OperationOptions): Promise<boolean> {
    return this.#runner.run(commands.exists(this.#key(key)), options);
  }

  /**
   * Sets a value. Resolves with whether it was set: false only where a condition did not hold. With `ifRevision` it
   * resolves with the new revision, or null where the condition did not hold.
   */
  set(key: Key, value: Value, options: SetOptions & { readonly ifRevision: number }): Promise<number | null>;
  set(key: Key, value: Value, options?: SetOptions & Unrevised): Promise<boolean>;
  set(key: Key, value: Value, options: SetOptions): Promise<boolean | number | null>;
  set(key: Key, value: Value, options?: SetOptions): Promise<boolean | number | null> {
    if (options === undefined) return this.#runner.run(commands.setPlain(this.#key(key), value), undefined);
    return this.#runner.run(commands.set(this.#key(key), value, options), options);
  }

  /** Sets several values at once: all or none. */
  setMany(
    entries: Readonly<Record<string, Value>> | Iterable<readonly [Key, Value]>,
    options?: OperationOptions,
  ): Promise<void> {
    const pairs = [...(isIterable(entries) ? entries : Object.entries(entries))];
    if (pairs.length === 0) return Promise.resolve();
    const named = pairs.map(([key, value]) => [this.#key(key), value] as const);
    return this.#runner.run(commands.setMany(named), options);
  }

  /** Deletes a key. Resolves with whether there was one, and its condition held. */
  delete(key: Key, options: DeleteOptions = {}): Promise<boolean> {
    return this.#runner.run(commands.remove(this.#key(key), options), options);
  }

  /** Deletes several keys at once. Resolves with how many there were. */
  deleteMany(keys: readonly Key[], options?: OperationOptions): Promise<number> {
    if (keys.length === 0) return Promise.resolve(0);
    return this.#runner.run(commands.removeMany(this.#keys(keys)), options);
  }

  /**
   * Adds to the whole number that a key holds (0 where there is none), and resolves with the sum. Rejects with ERR where
   * the key holds something else, or the sum is more than a number holds exactly.
   */
  increment(key: Key, by: number | bigint = 1, options?: OperationOptions): Promise<number> {
    return this.#runner.run(commands.increment(this.#key(key), by), options);
  }

  /** Appends to a value. Resolves with its length in bytes. */
  append(key: Key, value: Value, options?: OperationOptions): Promise<number> {
    return this.#runner.run(commands.append(this.#key(key), value), options);
  }

  /** Lets a key expire after so many ms. Resolves with whether there is one. */
  expire(key: Key, ttlMs: number, options?: OperationOptions): Promise<boolean> {
    return this.#runner.run(commands.expire(this.#key(key), ttlMs), options);
  }

  /** Milliseconds until a key expires: Infinity where it does not, null where there is no such key. */
  ttl(key: Key, options?: OperationOptions): Promise<number | null> {
    return this.#runner.run(commands.ttl(this.#key(key)), options);
  }

  /** Takes a key's deadline away. Resolves with whether it had one. */
  persist(key: Key, options?: OperationOptions): Promise<boolean> {
    return this.#runner.run(commands.persist(this.#key(key)), options);
  }

  /**
   * All keys, in no order that means anything. A key that is there all the time comes at least once; one that comes or goes
   * meanwhile may be missing. Under a prefix the keys come without it.
   */
  scan(options: ScanOptions & AsBytes): AsyncGenerator<Buffer, void, undefined>;
  scan(options?: ScanOptions): AsyncGenerator<string, void, undefined>;
  async *scan(options: ScanOptions = {}): AsyncGenerator<Bulk, void, undefined> {
    const { match = "*", count = 100 } = options;
    const prefixBytes = Buffer.byteLength(this.#prefix);
    const pattern = this.#prefix.replace(/[\\*?[\]]/g, "\\$&") + match;
    let cursor = "0";
    do {
      const page = await this.#runner.run(
        commands.scan<Bulk>(cursor, pattern, count, formOf(options)),
        options,
      );
      for (const key of page.keys)
        yield typeof key === "string" ? key.slice(this.#prefix.length) : key.subarray(prefixBytes);
      ({ cursor } = page);
    } while (cursor !== "0");
  }

  /**
   * Gathers commands that are carried out at once, all or none, when `commit` is called:
   *
   *     const [, left] = await client.transaction().set("a", 1).increment("left", -1).commit();
   */
  transaction(): Transaction {
    return new Transaction(this.#runner, (key) => this.#key(key));
  }

  #key(key: Key): Key {
    if (this.#prefix === "") return key;
    return typeof key === "string" ? this.#prefix + key : Buffer.concat([Buffer.from(this.#prefix), key]);
  }

  #keys(keys: readonly Key[]): readonly Key[] {
    return this.#prefix === "" ? keys : keys.map((key) => this.#key(key));
  }
}

function formOf(options: ReadOptions | undefined): BulkForm {
  return options?.as ?? "text";
}

function isIterable(value: object): value is Iterable<readonly [Key, Value]> {
  return Symbol.iterator in value;
}
