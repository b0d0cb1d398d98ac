import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Cluster } from "../cluster/cluster.ts";
import { say } from "./text.ts";

/** The checkpoint tests of the seed's fifth milestone once more, with real processes, which log what they say in its words. */
const ids = ["n1", "n2", "n3"];
let cluster: Cluster;

before(async () => {
  cluster = await Cluster.start(...ids);
});
after(() => cluster[Symbol.asyncDispose]());

async function termOf(id: string): Promise<number> {
  const status = await say(cluster, id, "STATUS");
  return Number(/ term=(\d+) /.exec(status)![1]);
}

test("leader sends heartbeats", async () => {
  const leader = await cluster.leader("n1");
  for (const id of ids.filter((one) => one !== leader))
    await cluster.logs(id, new RegExp(`← ${leader} HEARTBEAT term=\\d+ leader=${leader}`));
});

test("follower starts election on timeout, and a majority elects", async () => {
  const old = await cluster.leader("n1");
  const [one, other] = ids.filter((id) => id !== old) as [string, string];
  const term = await termOf(one);
  // It says nothing any more, and no connection of its breaks: only time tells.
  cluster.pause(old);
  const next = await cluster.leader(one, old);
  const voter = next === one ? other : one;
  assert.match(await say(cluster, next, "STATUS"), / role=leader /);
  assert.ok((await termOf(next)) > term);
  await cluster.logs(next, new RegExp(`→ ${voter} VOTE_REQUEST term=\\d+ candidate=${next}`));
  await cluster.logs(next, new RegExp(`← ${voter} VOTE_RESPONSE term=\\d+ granted=true`));
  cluster.resume(old);
});

test("vote granting: one vote a term", async () => {
  const log = (await Promise.all(ids.map((id) => cluster.logs(id, /./)))).join("\n");
  const granted = [...log.matchAll(/"node":"(n\d)","msg":"→ (n\d) VOTE_RESPONSE term=(\d+) granted=true"/g)];
  assert.ok(granted.length > 0);
  const votes = new Map<string, string>();
  for (const [, voter, candidate, term] of granted) {
    const before = votes.get(`${voter} ${term}`) ?? candidate;
    assert.equal(candidate, before, `${voter} has voted twice in term ${term}`);
    votes.set(`${voter} ${term}`, candidate!);
  }
});

test("split vote retry: with four voters, three of which are left, all three have to agree on one", async () => {
  const four = ["n1", "n2", "n3", "n4"];
  await using even = await Cluster.start(...four);
  const old = await even.leader("n1");
  await even.kill(old);
  const [asked, ...others] = four.filter((id) => id !== old) as [string, ...string[]];
  for (const id of [asked, ...others]) await even.leader(id, old);
  assert.equal(await even.call(asked, "SET", "key", "value"), "OK");
});
