import { strict as assert } from "node:assert";
import { test } from "node:test";
import { stateHash } from "../../src/engine/state-hash.ts";
import { ClusterRun } from "./cluster-run.ts";

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
