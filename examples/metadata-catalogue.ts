/** A catalogue of files with an index by owner: file and index change at once, so that neither lies about the other. */
import { KvClient } from "kvorum";

interface Entry {
  readonly owner: string;
  readonly bytes: number;
}

await using client = new KvClient(process.env.KVORUM_CONNECT);
const prefix = "example:catalogue:";
const catalogue = client.prefix(prefix);
const fileKey = (path: string): string => `file:${path}`;
const ownerKey = (owner: string, path: string): string => `owner:${owner}:${path}`;

async function add(path: string, entry: Entry): Promise<void> {
  await catalogue.setMany({
    [fileKey(path)]: JSON.stringify(entry),
    [ownerKey(entry.owner, path)]: "",
  });
}

/** False: somebody has changed the file meanwhile, or there is none; nothing was done. */
async function giveTo(path: string, owner: string): Promise<boolean> {
  // WATCH is a state of a connection: for that one's own is needed, and whole keys.
  using connection = await client.acquire();
  const file = prefix + fileKey(path);
  await connection.call("WATCH", file);
  const found = await connection.call("GET", file);
  if (typeof found !== "string") return false;
  const entry: Entry = JSON.parse(found);
  await connection.call("MULTI");
  await connection.call("SET", file, JSON.stringify({ ...entry, owner }));
  await connection.call("DEL", prefix + ownerKey(entry.owner, path));
  await connection.call("SET", prefix + ownerKey(owner, path), "");
  return (await connection.call("EXEC")) !== null;
}

async function filesOf(owner: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of catalogue.prefix(ownerKey(owner, "")).scan()) paths.push(path);
  return paths.sort();
}

await add("/a.txt", { owner: "alice", bytes: 10 });
await add("/b.txt", { owner: "alice", bytes: 20 });
console.log(`alice has ${await filesOf("alice")}`);
await giveTo("/b.txt", "bob");
console.log(`alice has ${await filesOf("alice")}, bob has ${await filesOf("bob")}`);
console.log(`/b.txt: ${await catalogue.get(fileKey("/b.txt"))}`);
for await (const key of catalogue.scan()) await catalogue.delete(key);
