/** A catalogue of files with an index by owner: file and index change at once, so that neither ever lies about the other. */
import { KvClient } from "kvorum";

interface Entry {
  readonly owner: string;
  readonly bytes: number;
}

await using client = new KvClient(process.env.KVORUM_CONNECT);
const catalogue = client.prefix("example:catalogue:");
const fileKey = (path: string): string => `file:${path}`;
const ownerKey = (owner: string, path: string): string => `owner:${owner}:${path}`;

async function add(path: string, entry: Entry): Promise<void> {
  await catalogue.setMany({
    [fileKey(path)]: JSON.stringify(entry),
    [ownerKey(entry.owner, path)]: "",
  });
}

/** False: somebody has changed the file since; nothing was done. */
async function giveTo(path: string, owner: string): Promise<boolean> {
  const found = await catalogue.getWithRevision(fileKey(path));
  if (found === null) return false;
  const entry: Entry = JSON.parse(found.value);
  const text = JSON.stringify({ ...entry, owner });
  if ((await catalogue.set(fileKey(path), text, { ifRevision: found.revision })) === null) return false;
  await catalogue.transaction().delete(ownerKey(entry.owner, path)).set(ownerKey(owner, path), "").commit();
  return true;
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
