/** So many requests a minute for each user, counted over all servers of an application. */
import { KvClient } from "kvorum";

const limit = 5;
const windowMs = 60_000;

await using client = new KvClient(process.env.KVORUM_CONNECT);
const counters = client.prefix("example:rate:");

/** Counts a request, and says whether it may pass. An increment is applied once, also where a node dies under it. */
async function mayPass(user: string): Promise<boolean> {
  // The window begins with the first request, which alone gives the counter its end.
  const [, count] = await counters
    .transaction()
    .set(user, 0, { ifAbsent: true, ttl: windowMs })
    .increment(user)
    .commit();
  return count <= limit;
}

async function burst(user: string, requests: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: requests }, () => mayPass(user)));
  return answers.filter(Boolean).length;
}

console.log(`alice: ${await burst("alice", 12)} of 12 pass`);
console.log(`bob: ${await burst("bob", 3)} of 3 pass`);
const waitMs = await counters.ttl("alice");
console.log(`alice may come again within a minute: ${waitMs! <= windowMs}`);
await counters.deleteMany(["alice", "bob"]);
