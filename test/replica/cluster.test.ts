import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Prng } from "../../sim/prng.ts";
import { stateHash } from "../../src/engine/state-hash.ts";
import { ClusterRun, until } from "./cluster-run.ts";

test("three members elect a leader, and what it acknowledges is on all of them", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const client = cluster.nodes.get(leader)!.client();
  assert.equal(await client.call("SET", "a", "1"), "+OK\r\n");
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  for (const node of cluster.nodes.values())
    assert.equal(await node.client().call("GET", "a"), "$1\r\n1\r\n");
  await cluster.close();
});

test("acknowledged writes survive the leader's death, and the next leader goes on", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  for (let round = 0; round < 3; round++) {
    const leader = await cluster.leader();
    const client = cluster.nodes.get(leader)!.client();
    for (let i = 0; i < 20; i++) assert.equal(await client.call("SET", `k${round}.${i}`, `${i}`), "+OK\r\n");
    cluster.kill(leader);
    const next = cluster.nodes.get(await cluster.leader())!.client();
    for (let i = 0; i < 20; i++)
      assert.equal(await next.call("GET", `k${round}.${i}`), `$${`${i}`.length}\r\n${i}\r\n`);
    await cluster.startNode(leader);
  }
  await cluster.settled();
  const hashes = [...cluster.nodes.values()].map(({ engine }) => stateHash(engine));
  assert.deepEqual(new Set(hashes).size, 1);
  await cluster.close();
});

test("a member that lags behind the leader's log gets a snapshot, and then the log", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { segmentBytes: 64 * 1024 });
  const leader = await cluster.leader();
  const late = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  cluster.kill(late);
  const node = cluster.nodes.get(leader)!;
  const client = node.client();
  for (let i = 0; i < 40; i++) await client.call("SET", `k${i}`, Buffer.alloc(16_384, i));
  await node.durable.save(true);
  await client.call("SET", "more", "1");
  await node.durable.save(true);
  assert.ok(node.durable.member.status!.firstIndex > 10, "the log is compacted");
  const back = await cluster.startNode(late);
  await client.call("SET", "last", "2");
  await cluster.settled();
  assert.equal(stateHash(back.engine), stateHash(node.engine));
  assert.ok(back.durable.member.status!.firstIndex > 10, "its log begins behind the snapshot");
  await cluster.close();
});

test("a write at a node that does not lead is forwarded, and answered there", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  let n = 0;
  for (const node of cluster.nodes.values()) {
    assert.equal(await node.client().call("INCR", "n"), `:${++n}\r\n`);
    assert.equal(await node.client().call("GET", "n"), `$1\r\n${n}\r\n`);
  }
  await cluster.close();
});

test("clients of the nodes that stay see a pause at a leader's death, no error, and each write once", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3", "n4", "n5"]);
  const counts = new Map<string, number>();
  let isOver = false;
  const counting = [...cluster.nodes].map(async ([id, node]) => {
    const client = node.client();
    for (let count = 1; !isOver; count++) {
      // Never answered where the node dies meanwhile.
      assert.equal(await client.call("INCR", id), `:${count}\r\n`);
      counts.set(id, count);
    }
  });
  const alive = (): number[] => [...cluster.nodes.keys()].map((id) => counts.get(id) ?? 0);
  await until(() => alive().every((count) => count > 10));
  for (let death = 0; death < 2; death++) {
    cluster.kill(await cluster.leader());
    const before = Math.max(...alive());
    await until(() => alive().every((count) => count > before + 10));
  }
  isOver = true;
  await Promise.race([Promise.all(counting), until(() => cluster.isAtRest)]);
  await cluster.close();
});

test("a write concern beyond the majority is refused where it cannot be met, and told where it was not met in time", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 600 });
  const leader = await cluster.leader();
  const client = cluster.nodes.get(leader)!.client();
  client.writeQuorum = 3;
  assert.equal(await client.call("SET", "a", "1"), "+OK\r\n");
  const silent = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  cluster.loses = ({ from, to }) => from === silent || to === silent;
  assert.match(await client.call("SET", "a", "2"), /^-UNDER_REPLICATED this was applied/);
  assert.equal(await client.call("GET", "a"), "$1\r\n2\r\n");
  assert.match(await client.call("SET", "a", "3"), /^-NOREPLICAS 3 voters are wanted/);
  client.writeQuorum = 0;
  assert.equal(await client.call("SET", "a", "4"), "+OK\r\n");
  await cluster.close();
});

test("quorum reads need no leader, stale reads nobody, and linearizable ones are refused without one", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 400 });
  const leader = await cluster.leader();
  await cluster.nodes.get(leader)!.client().call("SET", "a", "1");
  await cluster.settled();
  const [other, third] = [...cluster.nodes.keys()].filter((id) => id !== leader);
  cluster.kill(leader);
  // Two of three can vote, but their elections are lost: there is no leader any more.
  cluster.loses = ({ type }) => type === "consensus";
  await new Promise((resolve) => setTimeout(resolve, 700));
  const client = cluster.nodes.get(other!)!.client();
  client.readMode = "quorum";
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  client.readMode = "stale";
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  client.readMode = "linearizable";
  assert.match(await client.call("GET", "a"), /^-CLUSTERDOWN no leader is known/);
  cluster.kill(third!);
  client.readMode = "quorum";
  assert.match(await client.call("GET", "a"), /^-CLUSTERDOWN/);
  await cluster.close();
});

test("messages that are lost, late and repeated change no count: each write is applied once", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const random = new Prng(5);
  await cluster.leader();
  cluster.delays = () => Array.from({ length: random.pick([0, 1, 1, 1, 1, 2]) }, () => random.below(20));
  const counting = [...cluster.nodes.values()].map(async (node, i) => {
    const client = node.client();
    for (let count = 1; count <= 40; count++)
      assert.equal(await client.call("INCR", `n${i}`), `:${count}\r\n`);
  });
  await Promise.all(counting);
  cluster.delays = undefined;
  await cluster.settled();
  assert.equal(new Set([...cluster.nodes.values()].map(({ engine }) => stateHash(engine))).size, 1);
  await cluster.close();
});

test("KEYS sees what was acknowledged elsewhere, on any node", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  let keys = 0;
  for (const writer of cluster.nodes.values()) {
    assert.equal(await writer.client().call("SET", `key${++keys}`, "1"), "+OK\r\n");
    for (const reader of cluster.nodes.values())
      assert.match(await reader.client().call("KEYS", "*"), new RegExp(`^\\*${keys}\r\n`));
  }
  await cluster.close();
});
