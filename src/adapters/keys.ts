import type { Keyspace } from "../client/keyspace.ts";

/** Keys that one command names at most, where there may be any number. */
const batchKeys = 500;

/** The keys of a scan, many at a time. */
export async function* inBatches(keys: AsyncIterable<string>): AsyncGenerator<string[], void, undefined> {
  let batch: string[] = [];
  for await (const key of keys) {
    if (batch.push(key) < batchKeys) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A server keeps so many replies of the largest values for one client, and has room left (outputBytesMax). */
const valuesAtOnce = 16;

/** The values of keys, each read by itself: together they may be more than one reply holds. */
export async function valuesOf(keys: Keyspace, names: readonly string[]): Promise<(string | null)[]> {
  const values: (string | null)[] = [];
  for (let i = 0; i < names.length; i += valuesAtOnce) {
    const some = names.slice(i, i + valuesAtOnce);
    values.push(...(await Promise.all(some.map((name) => keys.get(name)))));
  }
  return values;
}

/** Deletes all keys that are there at the beginning; one that is set meanwhile may be left. */
export async function deleteAll(keys: Keyspace): Promise<void> {
  for await (const batch of inBatches(keys.scan())) await keys.deleteMany(batch);
}
