/** Feature flags: read often and changed seldom, so any node may answer, as long as it is not far behind. */
import { createHash } from "node:crypto";
import { KvClient } from "kvorum";

await using client = new KvClient(process.env.KVORUM_CONNECT);
const flags = client.prefix("example:flag:");

/** On for so many of a hundred users. */
async function rollOut(flag: string, percent: number): Promise<void> {
  await flags.set(flag, percent);
}

async function isOn(flag: string, user: string): Promise<boolean> {
  const percent = await flags.get(flag, { consistency: "stale", maxLag: 1_000 });
  return percent !== null && percentileOf(flag, user) < Number(percent);
}

/** 0 to 99, always the same for a user: who has the feature keeps it while more get it. */
function percentileOf(flag: string, user: string): number {
  return createHash("sha256").update(`${flag}/${user}`).digest().readUInt32BE() % 100;
}

async function countOf(flag: string): Promise<number> {
  const users = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);
  const answers = await Promise.all(users.map((user) => isOn(flag, user)));
  return answers.filter(Boolean).length;
}

console.log(`a flag that nobody has set is off: ${await isOn("dark-mode", "user-1")}`);
await rollOut("dark-mode", 20);
const some = await countOf("dark-mode");
console.log(`20 percent: about 200 of 1000 users: ${some > 150 && some < 250}`);
await rollOut("dark-mode", 100);
console.log(`100 percent: ${await countOf("dark-mode")} of 1000 users`);
await flags.delete("dark-mode");
