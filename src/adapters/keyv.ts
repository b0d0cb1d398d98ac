/** The door `kvorum/keyv`: a store for Keyv 5. */
import { EventEmitter } from "node:events";
import type { KeyvEntry, KeyvStoreAdapter, StoredData } from "keyv";
import type { Keyspace } from "../client/keyspace.ts";
import { deleteAll, inBatches, valuesOf } from "./keys.ts";

/**
 * A Keyv store over a client, or over those of its keys that begin with a prefix:
 *
 *     const client = new KvClient(["127.0.0.1:6379"]);
 *     const cache = new Keyv({ store: new KvorumKeyv(client.prefix("cache:")), namespace: "users" });
 *
 * Methods reject with KvClientError: what Keyv makes of that, `throwOnErrors` says. What has a ttl expires by the cluster's
 * clock.
 */
export class KvorumKeyv extends EventEmitter implements KeyvStoreAdapter {
  /** Keyv iterates over stores of certain dialects only; this one's keys are found as Redis' are. */
  readonly opts: Record<string, unknown> = { dialect: "redis", url: "" };
  /** Set by Keyv, which puts it in front of the keys itself. */
  namespace: string | undefined;
  readonly #keys: Keyspace;

  constructor(keys: Keyspace) {
    super();
    this.#keys = keys;
  }

  async get<Value>(key: string): Promise<StoredData<Value>> {
    return stored<Value>(await this.#keys.get(key));
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value>[]> {
    return (await valuesOf(this.#keys, keys)).map(stored<Value>);
  }

  set(key: string, value: string, ttl?: number): Promise<boolean> {
    return this.#keys.set(key, value, lifeOf(ttl));
  }

  async setMany(entries: KeyvEntry[]): Promise<void> {
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  delete(key: string): Promise<boolean> {
    return this.#keys.delete(key);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#keys.deleteMany(keys)) > 0;
  }

  has(key: string): Promise<boolean> {
    return this.#keys.has(key);
  }

  hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)));
  }

  /** Deletes the keys of the namespace; all of the prefix where there is none. */
  clear(): Promise<void> {
    return deleteAll(this.#keys.prefix(prefixOf(this.namespace)));
  }

  async *iterator<Value>(namespace?: string): AsyncGenerator<[string, Awaited<Value> | undefined], void> {
    const prefix = prefixOf(namespace);
    const keys = this.#keys.prefix(prefix);
    for await (const batch of inBatches(keys.scan())) {
      const values = await valuesOf(keys, batch);
      for (const [i, value] of values.entries()) {
        // It has expired, or was deleted, since it was found.
        if (value !== null) yield [prefix + batch[i]!, value as Awaited<Value>];
      }
    }
  }
}

function prefixOf(namespace: string | undefined): string {
  return namespace === undefined ? "" : `${namespace}:`;
}

function lifeOf(ttl: number | undefined): { ttl?: number } {
  return ttl === undefined ? {} : { ttl: Math.max(1, Math.ceil(ttl)) };
}

/** Keyv has serialized it, and takes it apart again. */
function stored<Value>(value: string | null): StoredData<Value> {
  return (value ?? undefined) as StoredData<Value>;
}
