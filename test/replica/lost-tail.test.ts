import { strict as assert } from "node:assert";
import { test } from "node:test";
import { stateHash } from "../../src/engine/state-hash.ts";
import { ClusterRun, until } from "./cluster-run.ts";

const first = {
  members: [
    { id: "n1", isVoter: true, about: "" },
    { id: "n2", isVoter: false, about: "" },
  ],
};

for (const hasSnapshots of [false, true]) {
  const where = hasSnapshots ? "behind a snapshot" : "in the log alone";
  test(`a replica whose master lost the end of its log takes the master's state, ${where}`, async () => {
    const cluster = new ClusterRun(["n1", "n2"], { fsync: "interval" });
    const master = await cluster.startNode("n1", first);
    let replica = await cluster.startNode("n2", first);
    const client = master.client();
    for (let i = 1; i <= 5; i++) assert.equal(await client.call("INCR", "kept"), `:${i}\r\n`);
    if (hasSnapshots) await master.durable.save(true);
    await master.durable.sync();
    for (let i = 6; i <= 9; i++) assert.equal(await client.call("INCR", "kept"), `:${i}\r\n`);
    assert.equal(await client.call("SET", "lost", "x"), "+OK\r\n");
    await cluster.settled();
    if (hasSnapshots) await replica.durable.save(true);
    // The machine stops: what was not synced is gone, and the replica has it.
    cluster.kill("n1");
    const again = await cluster.startNode("n1", first);
    await until(() => replica.durable.member.trouble !== undefined);
    replica = await cluster.startAgain("n2");
    assert.equal(await again.client().call("INCR", "kept"), ":6\r\n");
    await cluster.settled();
    assert.equal(stateHash(replica.engine), stateHash(again.engine));
    const reader = replica.client();
    assert.equal(await reader.call("MGET", "kept", "lost"), "*2\r\n$1\r\n6\r\n$-1\r\n");
    assert.equal(await reader.call("SET", "a", "1"), "+OK\r\n");
    await cluster.close();
  });
}

test("a replica that was killed before it had begun anew does so later", async () => {
  const cluster = new ClusterRun(["n1", "n2"], { fsync: "interval" });
  const master = await cluster.startNode("n1", first);
  const replica = await cluster.startNode("n2", first);
  await master.durable.sync();
  assert.equal(await master.client().call("SET", "lost", "x"), "+OK\r\n");
  await cluster.settled();
  await replica.durable.sync();
  cluster.kill("n1");
  await cluster.startNode("n1", first);
  await until(() => replica.durable.member.trouble !== undefined);
  cluster.kill("n2");
  // As it was marked, or as it was: then it finds out once more.
  const next = await cluster.startNode("n2", { members: [] });
  const isMarked = next.durable.member.appliedIndex === 0;
  if (!isMarked) await until(() => next.durable.member.trouble !== undefined);
  const last = isMarked ? next : await cluster.startAgain("n2");
  await cluster.settled();
  assert.equal(await last.client().call("GET", "lost"), "$-1\r\n");
  await cluster.close();
});
