import assert from "node:assert/strict";
import type net from "node:net";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { type Said, status } from "./say.ts";

/** A stale read sees what its own client has written: servers that say how far they have applied. */

const common = (name: string | undefined, sub: string | undefined): Said | undefined =>
  sub === "OPEN" ? 1 : name === "CONSISTENCY" ? "+OK" : undefined;

for (const readFrom of ["least-in-flight", "leader"] as const) {
  test(`a stale read (${readFrom}) that only a lagging member can answer sees all writes`, async () => {
    let isLed = true;
    const seeAll = new WeakSet<net.Socket>();
    const answers = (id: string, applied: number): Answer => {
      return ([name, sub, how], socket) => {
        if (name === "HELLO") return undefined;
        if (name === "KVORUM") {
          const members = { n1: first.address, n2: second.address };
          return isLed ? status(id, 1, "n1", members) : status(id, 2, "n2", members);
        }
        if (sub === "AWAIT") return applied;
        // Whether revisions go on, it cannot say either.
        if (name === "EXISTS") return "-LOADING not yet";
        if (how === "linearizable") seeAll.add(socket);
        if (name === "GET") return id === "n1" || seeAll.has(socket) ? "new" : "old";
        return common(name, sub) ?? "+OK";
      };
    };
    await using second = await BadServer.start(answers("n2", 0));
    const first = await BadServer.start(answers("n1", 1));
    await using client = new KvClient({
      addresses: [first.address, second.address],
      consistency: "stale",
      readFrom,
    });
    await client.connect();
    await client.set("k", "new");
    assert.equal(await client.get("k"), "new");
    isLed = false;
    await first[Symbol.asyncDispose]();
    for (let i = 0; i < 10; i++) assert.equal(await client.get("k"), "new");
  });
}

test("a stale read waits for the writes before it, and not for those beside it", async () => {
  let writes = 0;
  const waiting: (() => void)[] = [];
  const answer: Answer = ([name, sub]) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    // Told behind the next two writes: the first of them has been acknowledged by then.
    if (sub === "AWAIT") return new Promise((resolve) => waiting.push(() => resolve(writes)));
    if (name === "GET") return "value";
    if (sub === "ID" && ++writes % 2 === 0) for (const tell of waiting.splice(0)) tell();
    return common(name, sub) ?? "+OK";
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient({ addresses: [server.address], timeout: 20_000 });
  await client.set("k", 0);
  let isOver = false;
  const read = client.get("k", { consistency: "stale" }).finally(() => {
    isOver = true;
  });
  while (!isOver) await client.set("k", 1);
  assert.equal(await read, "value");
});

/** A leader that answers its n-th write with the n-th thing said, and then what it was asked, from the first read on. */
async function questionsAfter(work: (client: KvClient) => Promise<unknown>, said: Said): Promise<string[]> {
  const answer: Answer = ([name, sub, ...more]) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (sub === "AWAIT") return 1;
    if (name === "GET") return "value";
    return common(name, sub) ?? (more.length > 0 || name === "SET" ? said : "+OK");
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient(server.address);
  await work(client);
  assert.equal(await client.get("k", { consistency: "stale" }), "value");
  return server.commands.filter(([, sub]) => sub === "AWAIT").map(([name]) => String(name));
}

test("a write that was applied, and rejects all the same, is seen by stale reads", async () => {
  for (const said of ["-UNDER_REPLICATED this was applied", "-REPLY_NOT_KEPT this was applied"]) {
    const rejects = (client: KvClient): Promise<void> =>
      assert.rejects(client.set("k", 1) as Promise<unknown>, { applied: "yes" });
    assert.equal((await questionsAfter(rejects, said)).length, 1);
  }
  const refused = (client: KvClient): Promise<void> => assert.rejects(client.set("k", 1), { applied: "no" });
  assert.equal((await questionsAfter(refused, "-OOM full")).length, 0, "nothing was written");
});

test("a write on a lent connection is seen by stale reads", async () => {
  const lent = async (client: KvClient): Promise<void> => {
    using lease = await client.acquire();
    await lease.call("SET", "k", 1);
  };
  assert.equal((await questionsAfter(lent, "+OK")).length, 1);
});

test("all nodes that have acknowledged writes are asked, not the last one alone", async () => {
  const answers = (id: string): Answer => {
    return (words) => {
      const [name, sub] = words;
      if (name === "HELLO") return undefined;
      if (name === "KVORUM") return status(id, 1, "n1", { n1: first.address, n2: second.address });
      if (sub === "AWAIT") return 1;
      if (name === "GET") return "value";
      if (id === "n1" && words.includes("b")) return `-MOVED 0 ${second.address}`;
      return common(name, sub) ?? "+OK";
    };
  };
  await using second = await BadServer.start(answers("n2"));
  await using first = await BadServer.start(answers("n1"));
  await using client = new KvClient([first.address, second.address]);
  await client.connect();
  await client.set("a", 1);
  await client.set("b", 1);
  await client.get("a", { consistency: "stale" });
  for (const { commands } of [first, second])
    assert.ok(
      commands.some((words) => words.join(" ").startsWith("CONSISTENCY AWAIT 0 ")),
      "it was not asked",
    );
});

test("a connection that the client closes beside others tells nothing of its node: what is known of it stays", async () => {
  const answer: Answer = ([name, sub]) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (sub === "AWAIT") return 1;
    return name === "GET" ? "value" : (common(name, sub) ?? "+OK");
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient({ addresses: [server.address], pool: { max: 0 } });
  await client.set("k", 1);
  const stale = { consistency: "stale" } as const;
  await client.get("k", stale);
  const gone = new Promise((resolve) => client.on("disconnect", resolve));
  (await client.acquire()).release();
  await gone;
  await client.get("k", stale);
  assert.equal(server.commands.filter(([, sub]) => sub === "AWAIT").length, 1, "it was asked once");
  assert.ok(!server.commands.some(([, , how]) => how === "linearizable"));
});

test("a stale read that reaches its member in another life is asked for again", async () => {
  let life = 1;
  const opened: (() => void)[] = [];
  const lags = new WeakSet<net.Socket>();
  const answer: Answer = ([name, sub, how, ...more], socket) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (sub === "AWAIT") return life === 1 ? 1 : 0;
    if (how === "stale") {
      lags.add(socket);
      // The connection that is to be read on stands only when the member has started again.
      if (more.length > 0 && life === 1) return new Promise((resolve) => opened.push(() => resolve("+OK")));
    }
    if (name === "BREAK") socket.resetAndDestroy();
    if (name === "GET") return life === 2 && lags.has(socket) ? "old" : "new";
    return common(name, sub) ?? "+OK";
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient({ addresses: [server.address], connectTimeout: 60_000 });
  await client.set("k", "new");
  await client.get("k", { consistency: "stale" });
  const lease = await client.acquire();
  const read = client.get("k", { consistency: "stale", maxLag: 1_000 });
  while (opened.length === 0) await new Promise(setImmediate);
  life = 2;
  await assert.rejects(lease.call("BREAK"), { code: "CLOSED" });
  opened[0]!();
  assert.equal(await read, "new");
});

test("a revision that was read is carried to other members", async () => {
  const answers = (id: string, revision: number): Answer => {
    return ([name, sub]) => {
      if (name === "HELLO") return undefined;
      if (name === "KVORUM") return status(id, 1, "n1", { n1: first.address, n2: second.address });
      if (sub === "AWAIT") return revision;
      if (name === "GETREV") return ["value", revision];
      return common(name, sub) ?? "+OK";
    };
  };
  await using second = await BadServer.start(answers("n2", 4));
  await using first = await BadServer.start(answers("n1", 7));
  const addresses = [first.address, second.address];
  await using client = new KvClient({ addresses, consistency: "stale", readFrom: "round-robin" });
  await client.connect();
  const seen: number[] = [];
  for (let i = 0; i < 20; i++) seen.push((await client.getWithRevision("k"))!.revision);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
    "it never goes back",
  );
  assert.equal(seen.at(-1), 7);
});

test("where revisions have begun anew stale reads come back to the members, instead of going elsewhere for ever", async () => {
  let revision = 900;
  const seeAll = new WeakSet<net.Socket>();
  const answer: Answer = ([name, sub, how], socket) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (sub === "AWAIT") return revision;
    if (how === "linearizable") seeAll.add(socket);
    if (name === "GET") return seeAll.has(socket) ? "asked the leader" : "stale";
    return common(name, sub) ?? "+OK";
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient({ addresses: [server.address], consistency: "stale", timeout: 20_000 });
  await client.set("k", 1);
  assert.equal(await client.get("k"), "stale");
  revision = 3;
  server.cut();
  await client.set("k", 2);
  assert.equal(await client.get("k"), "asked the leader", "nobody is known to have it");
  const untilMs = performance.now() + 15_000;
  while ((await client.get("k")) !== "stale") {
    assert.ok(performance.now() < untilMs, "it goes elsewhere for ever");
    await new Promise(setImmediate);
  }
});

test("a revision that is told while it is in doubt whether revisions go on counts", async () => {
  let isNew = false;
  const held: (() => void)[] = [];
  const awaited: string[] = [];
  const answer: Answer = ([name, sub, wanted]) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (sub === "AWAIT") {
      awaited.push(wanted!);
      return !isNew ? 100 : wanted === "7" ? 7 : 5;
    }
    // Who doubts asks this first.
    if (name === "EXISTS") return new Promise((resolve) => held.push(() => resolve(0)));
    if (name === "GETREV") return ["value", 7];
    return name === "GET" ? "value" : (common(name, sub) ?? "+OK");
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient(server.address);
  await client.set("k", 1);
  const stale = { consistency: "stale" } as const;
  await client.get("k", stale);
  // Another cluster is there, whose revisions have not come so far.
  isNew = true;
  const broken = new Promise((resolve) => client.on("disconnect", resolve));
  server.cut();
  await broken;
  const read = client.get("k", stale);
  while (held.length === 0) await new Promise(setImmediate);
  assert.deepEqual(await client.call("GETREV", "k"), ["value", 7]);
  held[0]!();
  await read;
  for (let i = 0; i < 20 && awaited.at(-1) === "0"; i++) await client.get("k", stale);
  assert.equal(awaited.at(-1), "7", "it was told that there is more than the 5 of the other answer");
});
