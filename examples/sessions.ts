/** Sessions of a web application: they end when nobody comes for a while, whichever server was asked last. */
import { randomBytes } from "node:crypto";
import { KvClient } from "kvorum";

const halfHour = 30 * 60_000;

await using client = new KvClient(process.env.KVORUM_CONNECT);
const sessions = client.prefix("example:session:");

async function logIn(user: string): Promise<string> {
  const id = randomBytes(16).toString("hex");
  await sessions.set(id, JSON.stringify({ user }), { ttl: halfHour });
  return id;
}

/** The session's user, and another half an hour. */
async function userOf(id: string): Promise<string | undefined> {
  const [text] = await sessions.transaction().get(id).expire(id, halfHour).commit();
  return text === null ? undefined : JSON.parse(text).user;
}

async function logOut(id: string): Promise<void> {
  await sessions.delete(id);
}

const id = await logIn("alice");
console.log(`logged in: ${await userOf(id)}`);
await sessions.expire(id, 10_000);
await userOf(id);
console.log(`whoever comes back stays: ${(await sessions.ttl(id))! > 60_000}`);
await logOut(id);
console.log(`logged out: ${await userOf(id)}`);
