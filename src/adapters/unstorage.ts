/** The door `kvorum/unstorage`: a driver for unstorage 1. */
import type { Driver, StorageMeta } from "unstorage";
import type { Keyspace } from "../client/keyspace.ts";
import { deleteAll, valuesOf } from "./keys.ts";

export interface KvorumDriverOptions {
  /** A client, or `client.prefix("app:")`. It is not closed with the storage. */
  readonly keys: Keyspace;
  /** Seconds after which items expire that are set without a `ttl` of their own; absent: never. */
  readonly ttl?: number;
}

/**
 * An unstorage driver over a client, or over those of its keys that begin with a prefix:
 *
 *     const storage = createStorage({ driver: kvorumDriver({ keys: client.prefix("app:") }) });
 *     await storage.setItem("user:1", { name: "Alice" }, { ttl: 60 });
 *
 * Methods reject with KvClientError.
 */
export function kvorumDriver(options: KvorumDriverOptions): Driver<KvorumDriverOptions, Keyspace> {
  const { keys } = options;
  const lifeOf = (own: unknown): { ttl?: number } => {
    const seconds = typeof own === "number" ? own : options.ttl;
    return seconds === undefined ? {} : { ttl: Math.max(1, Math.ceil(seconds * 1000)) };
  };
  return {
    name: "kvorum",
    flags: { ttl: true },
    options,
    getInstance: () => keys,
    hasItem: (key) => keys.has(key),
    getItem: (key) => keys.get(key),
    getItemRaw: (key) => keys.get(key, { as: "bytes" }),
    async getItems(items) {
      const values = await valuesOf(
        keys,
        items.map(({ key }) => key),
      );
      return items.map(({ key }, i) => ({ key, value: values[i]! }));
    },
    async setItem(key, value, { ttl }) {
      await keys.set(key, value, lifeOf(ttl));
    },
    async setItemRaw(key, value, { ttl }) {
      await keys.set(key, value, lifeOf(ttl));
    },
    async setItems(items, common) {
      const set = items.map(({ key, value, options: own }) => {
        return keys.set(key, value, lifeOf(own?.ttl ?? common?.ttl));
      });
      await Promise.all(set);
    },
    async removeItem(key) {
      await keys.delete(key);
    },
    async getMeta(key): Promise<StorageMeta | null> {
      const ms = await keys.ttl(key);
      return ms === null ? null : Number.isFinite(ms) ? { ttl: Math.ceil(ms / 1000) } : {};
    },
    // A storage gives no base where all keys are meant, whatever its types say.
    async getKeys(base = "") {
      const found = new Set<string>();
      for await (const key of keys.prefix(base).scan()) found.add(base + key);
      return [...found];
    },
    clear: (base = "") => deleteAll(keys.prefix(base)),
  };
}
