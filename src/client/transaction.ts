import type { Bulk, Command, Conditions, Key, Revised, SetConditions, Value } from "./commands.ts";
import * as commands from "./commands.ts";
import type { As, AsBytes, OperationOptions, Runner, Unrevised } from "./keyspace.ts";

/**
 * Commands that are carried out at once, without anything of anybody else between them. Each method adds one and gives the
 * transaction with the type of one more result. Conditions concern their own command alone: where one does not hold, the
 * others are carried out all the same.
 */
export class Transaction<R extends readonly unknown[] = []> {
  readonly #runner: Runner;
  readonly #name: (key: Key) => Key;
  readonly #commands: Command<unknown>[] = [];

  constructor(runner: Runner, name: (key: Key) => Key) {
    this.#runner = runner;
    this.#name = name;
  }

  get(key: Key, options: AsBytes): Transaction<[...R, Buffer | null]>;
  get(key: Key, options?: As): Transaction<[...R, string | null]>;
  get(key: Key, { as = "text" }: As = {}): Transaction<[...R, Bulk | null]> {
    return this.#add(commands.get<Bulk>(this.#name(key), as));
  }

  getWithRevision(key: Key, options: AsBytes): Transaction<[...R, Revised<Buffer> | null]>;
  getWithRevision(key: Key, options?: As): Transaction<[...R, Revised<string> | null]>;
  getWithRevision(key: Key, { as = "text" }: As = {}): Transaction<[...R, Revised<Bulk> | null]> {
    return this.#add(commands.getWithRevision<Bulk>(this.#name(key), as));
  }

  has(key: Key): Transaction<[...R, boolean]> {
    return this.#add(commands.exists(this.#name(key)));
  }

  ttl(key: Key): Transaction<[...R, number | null]> {
    return this.#add(commands.ttl(this.#name(key)));
  }

  set(
    key: Key,
    value: Value,
    options: SetConditions & { readonly ifRevision: number },
  ): Transaction<[...R, number | null]>;
  set(key: Key, value: Value, options?: SetConditions & Unrevised): Transaction<[...R, boolean]>;
  set(key: Key, value: Value, options: SetConditions): Transaction<[...R, boolean | number | null]>;
  set(key: Key, value: Value, options: SetConditions = {}): Transaction<[...R, boolean | number | null]> {
    return this.#add(commands.set(this.#name(key), value, options));
  }

  delete(key: Key, conditions: Conditions = {}): Transaction<[...R, boolean]> {
    return this.#add(commands.remove(this.#name(key), conditions));
  }

  increment(key: Key, by: number | bigint = 1): Transaction<[...R, number]> {
    return this.#add(commands.increment(this.#name(key), by));
  }

  append(key: Key, value: Value): Transaction<[...R, number]> {
    return this.#add(commands.append(this.#name(key), value));
  }

  expire(key: Key, ttlMs: number): Transaction<[...R, boolean]> {
    return this.#add(commands.expire(this.#name(key), ttlMs));
  }

  persist(key: Key): Transaction<[...R, boolean]> {
    return this.#add(commands.persist(this.#name(key)));
  }

  /**
   * Carries them out. Resolves with a result for each. Rejects with KvClientError: `applied` is "no" where none was carried
   * out, and "yes" where one failed when its turn came (such as an increment of what is no number) and the others were.
   */
  commit(options?: OperationOptions): Promise<R> {
    if (this.#commands.length === 0) return Promise.resolve([] as unknown as R);
    return this.#runner.runAll([...this.#commands], options) as unknown as Promise<R>;
  }

  #add<T>(command: Command<T>): Transaction<[...R, T]> {
    this.#commands.push(command);
    return this as unknown as Transaction<[...R, T]>;
  }
}
