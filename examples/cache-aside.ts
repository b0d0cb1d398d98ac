/** A cache beside a database: who misses reads the database, and leaves what was found for a minute. */
import { KvClient } from "kvorum";

interface Product {
  readonly name: string;
  readonly price: number;
}

const minute = 60_000;
const database = new Map<string, Product>([["1", { name: "lamp", price: 40 }]]);
let reads = 0;

await using client = new KvClient(process.env.KVORUM_CONNECT);
const cache = client.prefix("example:cache:product:");

async function product(id: string): Promise<Product> {
  const cached = await cache.get(id);
  if (cached !== null) return JSON.parse(cached);
  const found = await readDatabase(id);
  // ifAbsent: of those who miss together the first to answer is kept. One that has read before a change, and was slow, may
  // still leave the old answer behind it, for a minute at most: the ttl is how old an answer may ever be.
  await cache.set(id, JSON.stringify(found), { ttl: minute, ifAbsent: true });
  return found;
}

/** The database is right; the cache forgets. */
async function changePrice(id: string, price: number): Promise<void> {
  database.set(id, { ...(await readDatabase(id)), price });
  await cache.delete(id);
}

async function readDatabase(id: string): Promise<Product> {
  reads++;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return database.get(id)!;
}

console.log(`first: ${(await product("1")).price}, reads of the database: ${reads}`);
for (let i = 0; i < 100; i++) await product("1");
console.log(`a hundred more: reads of the database: ${reads}`);
await changePrice("1", 35);
console.log(`after the change: ${(await product("1")).price}`);
await cache.delete("1");
