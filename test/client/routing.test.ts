import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import type { KvClientOptions, ReadPolicy } from "../../src/client/options.ts";
import { Cluster } from "../cluster/cluster.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { status } from "./say.ts";

/** Where operations go, in a cluster in which all is well. */
const ids = ["n1", "n2", "n3"];
let cluster: Cluster;

before(async () => {
  cluster = await Cluster.startWith(["--redirect", "moved"], ...ids);
  await cluster.call("n1", "SET", "k", "v");
});

after(() => cluster[Symbol.asyncDispose]());

function clientOf(options: KvClientOptions = {}): KvClient {
  return new KvClient({ addresses: ids.map((id) => cluster.clientsOf(id)), timeout: 60_000, ...options });
}

/** How often each member has carried out GET. */
async function gets(): Promise<number[]> {
  const texts = await Promise.all(ids.map((id) => cluster.call(id, "INFO", "commandstats")));
  return texts.map((text) => Number(/cmdstat_get:calls=(\d+)/.exec(String(text))?.[1] ?? 0));
}

/** How many of these reads each member has answered. */
async function spread(work: () => Promise<unknown>): Promise<number[]> {
  const earlier = await gets();
  await work();
  return (await gets()).map((count, i) => count - earlier[i]!);
}

test("a client that is given one member, which does not lead, learns the others", async () => {
  const leader = await cluster.leader("n1");
  const follower = ids.find((id) => id !== leader)!;
  await using client = clientOf({ addresses: [cluster.clientsOf(follower)] });
  await client.connect();
  assert.deepEqual([...client.nodes].sort(), ids.map((id) => cluster.clientsOf(id)).sort());
  assert.equal(client.leader, cluster.clientsOf(leader));
});

test("a write that is sent to another member before the leader is known follows where that points", async () => {
  const leader = await cluster.leader("n1");
  const follower = ids.find((id) => id !== leader)!;
  await using client = clientOf({ addresses: [cluster.clientsOf(follower)] });
  // At once: nobody has said yet who leads.
  assert.equal(await client.set("early", "1"), true);
  assert.equal(await client.get("early"), "1");
});

for (const [policy, isSpread] of [
  ["least-in-flight", true],
  ["round-robin", true],
  ["random", true],
  ["leader", false],
] as const satisfies readonly (readonly [ReadPolicy, boolean])[]) {
  test(`${policy} reads ${isSpread ? "go to all members" : "go to the leader alone"}`, async () => {
    await using client = clientOf({ readFrom: policy, consistency: "stale" });
    await client.connect();
    const counts = await spread(async () => {
      for (let i = 0; i < 60; i++) await client.get("k");
    });
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      60,
    );
    if (isSpread)
      assert.ok(
        counts.every((count) => count > 0),
        String(counts),
      );
    else assert.equal(counts[ids.indexOf(await cluster.leader("n1"))], 60);
  });
}

test("nearest reads go to the member that answers soonest", async () => {
  const seen: string[] = [];
  const answers = (id: string, delayMs: number): Answer => {
    return ([name]) => {
      if (name === "HELLO") return undefined;
      if (name === "GET") seen.push(id);
      if (name !== "KVORUM") return "value";
      const said = status(id, 1, "n1", { n1: far.address, n2: near.address });
      return new Promise((resolve) => setTimeout(resolve, delayMs, said));
    };
  };
  await using near = await BadServer.start(answers("near", 0));
  // Far enough to be told from a machine that has other things to do.
  await using far = await BadServer.start(answers("far", 300));
  await using client = new KvClient({ addresses: [far.address], readFrom: "nearest", refreshInterval: 200 });
  while (seen.at(-1) !== "near" || seen.at(-20) !== "near") await client.get("k");
  const before = seen.length;
  for (let i = 0; i < 20; i++) await client.get("k");
  assert.deepEqual(new Set(seen.slice(before)), new Set(["near"]));
});

test("a stale read sees what its own client has written, at whatever member, and all members are used for it", async () => {
  await using client = clientOf({ consistency: "stale", readFrom: "round-robin" });
  await client.connect();
  for (let i = 0; i < 300; i++) {
    await client.set("own", i);
    assert.equal(await client.get("own"), String(i));
  }
  // Nobody writes: every member comes to have it all.
  const used = new Set<number>();
  while (used.size < ids.length) {
    const counts = await spread(async () => {
      for (let i = 0; i < 30; i++) assert.equal(await client.get("own"), "299");
    });
    for (const [i, count] of counts.entries()) if (count > 0) used.add(i);
  }
});

test("each call chooses what it promises, beside others that choose otherwise", async () => {
  await using client = clientOf();
  assert.equal(await client.set("c", "1", { w: 3 }), true);
  const reads = await Promise.all([
    client.get("c"),
    client.get("c", { consistency: "linearizable" }),
    client.get("c", { consistency: "quorum" }),
    client.get("c", { consistency: "quorum", r: 3 }),
    client.get("c", { consistency: "stale" }),
    client.get("c", { consistency: "stale", maxLag: 1_000 }),
  ]);
  assert.deepEqual(reads, ["1", "1", "1", "1", "1", "1"]);
  await assert.rejects(client.set("c", "2", { w: 4 }), {
    code: "ERR",
    applied: "no",
    message: /W 4 is more than/,
  });
  await assert.rejects(client.set("c", "2", { w: 1 }), { code: "ERR", applied: "no" });
  assert.equal(await client.get("c"), "1", "it was refused before it was sent");
});

test("compare-and-set by revision and by value, and deletes under the same conditions", async () => {
  await using client = clientOf();
  await client.delete("cas");
  assert.equal(await client.getWithRevision("cas"), null);
  const first = await client.set("cas", "a", { ifRevision: 0 });
  assert.ok(typeof first === "number" && first > 0);
  assert.equal(await client.set("cas", "b", { ifRevision: 0 }), null, "there is one already");
  assert.deepEqual(await client.getWithRevision("cas"), { value: "a", revision: first });
  const second = await client.set("cas", "b", { ifRevision: first });
  assert.ok(second !== null && second > first);
  assert.equal(await client.set("cas", "c", { ifRevision: first }), null);
  assert.equal(await client.set("cas", "c", { ifValue: "a" }), false);
  assert.equal(await client.set("cas", "c", { ifValue: "b" }), true);
  assert.equal(await client.delete("cas", { ifRevision: second }), false);
  assert.equal(await client.delete("cas", { ifValue: "x" }), false);
  assert.equal(await client.delete("cas", { ifValue: "c" }), true);
  assert.equal(await client.set("cas", "d", { ifPresent: true }), false);
  assert.equal(await client.set("cas", "d", { ifAbsent: true, ttl: 60_000 }), true);
  assert.equal(await client.set("cas", "d", { ifAbsent: true }), false);
  assert.ok(((await client.ttl("cas")) ?? 0) > 50_000);
  assert.equal(await client.set("cas", "e", { keepTtl: true }), true);
  assert.ok(((await client.ttl("cas")) ?? 0) > 50_000);
});

test("a member that was silent once rests, and is used again when it answers", async () => {
  let isSilent = false;
  let answered = 0;
  const answers = (id: string): Answer => {
    return ([name]) => {
      if (name === "HELLO") return undefined;
      if (name === "KVORUM") return status(id, 1, "n1", { n1: leader.address, n2: other.address });
      if (name !== "GET") return "+OK";
      if (id === "n2" && isSilent) return undefined;
      if (id === "n2") answered++;
      return "value";
    };
  };
  await using leader = await BadServer.start(answers("n1"));
  await using other = await BadServer.start(answers("n2"));
  const options = { readFrom: "round-robin", silence: 200, refreshInterval: 100 } as const;
  await using client = new KvClient({ addresses: [leader.address], ...options });
  while (answered === 0) await client.get("k");
  isSilent = true;
  for (let i = 0; i < 4; i++) assert.equal(await client.get("k"), "value", "another member was asked");
  isSilent = false;
  for (const before = answered; answered < before + 5; ) await client.get("k");
});

test("a leader of a lower term is not believed, and one of a higher is", async () => {
  const seen: string[] = [];
  // Two who both believe to lead: the one whom the other has overtaken answers first.
  await using newer = await BadServer.start(([name]) => answerAs("n2", 5, "n2", name));
  await using older = await BadServer.start(([name]) => answerAs("n1", 4, "n1", name));
  function answerAs(
    id: string,
    term: number,
    leader: string,
    name: string | undefined,
  ): ReturnType<typeof status> | undefined {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status(id, term, leader, { n1: older.address, n2: newer.address });
    seen.push(id);
    return name === "GET" ? "value" : 1;
  }
  await using client = new KvClient({
    addresses: [older.address, newer.address],
    readFrom: "leader",
    refreshInterval: 100,
  });
  while (client.leader !== newer.address) await new Promise((resolve) => setTimeout(resolve, 10));
  const questions = older.commands.length;
  while (newer.commands.length < questions + 20) await client.get("k");
  assert.equal(client.leader, newer.address);
  assert.deepEqual(new Set(seen.slice(-20)), new Set(["n2"]));
});
