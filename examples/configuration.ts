/** A configuration that several people edit: nobody overwrites what they have not seen. */
import { KvClient } from "kvorum";

type Configuration = Readonly<Record<string, number>>;

await using client = new KvClient(process.env.KVORUM_CONNECT);
const key = "example:configuration";

/** Reads, changes and writes, again from the beginning where somebody else was faster. Resolves with the tries it took. */
async function edit(change: (now: Configuration) => Configuration | Promise<Configuration>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const seen = await client.getWithRevision(key);
    const next = await change(seen === null ? {} : JSON.parse(seen.value));
    // Revision 0: only if there is none yet.
    const revision = await client.set(key, JSON.stringify(next), { ifRevision: seen?.revision ?? 0 });
    if (revision !== null) return tries;
  }
}

await client.delete(key);
await edit(() => ({ workers: 4, retries: 1 }));

let isDisturbed = false;
const tries = await edit(async (now) => {
  // Somebody else finishes while this one is still thinking.
  if (!isDisturbed) await edit((theirs) => ({ ...theirs, workers: 8 }));
  isDisturbed = true;
  return { ...now, retries: 3 };
});
console.log(`the slower editor needed ${tries} tries`);
console.log(`nothing was lost: ${await client.get(key)}`);

const wrong = await client.set(key, "{}", { ifRevision: 1 });
console.log(`who has seen an old revision changes nothing: ${wrong}`);
await client.delete(key);
