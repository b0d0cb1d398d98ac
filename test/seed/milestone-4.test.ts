import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../cluster/cluster.ts";
import { say } from "./text.ts";

/**
 * The checkpoint tests of the seed's fourth milestone, under their names: real processes, N voters. Its ReplicationConfig
 * has total_replicas, write_quorum and read_quorum; its master is whoever leads here.
 */
interface ReplicationConfig {
  readonly totalReplicas: number;
  readonly writeQuorum: number;
  readonly readQuorum: number;
}

async function startWith(
  config: ReplicationConfig,
): Promise<{ cluster: Cluster; master: string; others: string[] }> {
  const ids = Array.from({ length: config.totalReplicas }, (_, i) => `n${i + 1}`);
  const options = ["--write-quorum", `${config.writeQuorum}`, "--read-quorum", `${config.readQuorum}`];
  const cluster = await Cluster.startWith([...options, "--read-mode", "quorum"], ...ids);
  const master = await cluster.leader("n1");
  return { cluster, master, others: ids.filter((id) => id !== master) };
}

test("quorum write success", async () => {
  const { cluster, master, others } = await startWith({ totalReplicas: 3, writeQuorum: 2, readQuorum: 2 });
  await using _ = cluster;
  assert.equal(await say(cluster, master, "SET key value"), "OK");
  for (const id of others) assert.equal(await say(cluster, id, "GET key"), "VALUE value");
});

test("quorum write failure", async () => {
  const { cluster, master, others } = await startWith({ totalReplicas: 3, writeQuorum: 3, readQuorum: 2 });
  await using _ = cluster;
  assert.equal(await say(cluster, master, "SET key value"), "OK");
  await cluster.kill(others[0]!);
  // The seed takes back what it has written. Here it is applied, and said so, until the death is known; then it is refused.
  let reply = await say(cluster, master, "SET key other");
  while (!reply.includes("NOREPLICAS")) {
    assert.match(reply, /^ERROR UNDER_REPLICATED/);
    reply = await say(cluster, master, "SET key other");
  }
  const before = await say(cluster, master, "GET key");
  assert.match(await say(cluster, master, "SET key never"), /^ERROR NOREPLICAS 3 voters are wanted/);
  assert.equal(await say(cluster, master, "GET key"), before);
});

test("quorum with slow replica", async () => {
  const { cluster, master, others } = await startWith({ totalReplicas: 3, writeQuorum: 2, readQuorum: 2 });
  await using _ = cluster;
  // As slow as can be: it does nothing at all until all is over, so whoever waits for it waits in vain.
  cluster.pause(others[0]!);
  assert.equal(await say(cluster, master, "SET key value"), "OK");
  assert.equal(await say(cluster, others[1]!, "GET key"), "VALUE value");
  cluster.resume(others[0]!);
  assert.equal(await say(cluster, others[0]!, "GET key"), "VALUE value");
});

test("majority quorum", async () => {
  const { cluster, master, others } = await startWith({ totalReplicas: 5, writeQuorum: 3, readQuorum: 3 });
  await using _ = cluster;
  assert.equal(await say(cluster, master, "SET data value"), "OK");
  // Three of five are enough, and two are not.
  await cluster.kill(others[0]!);
  await cluster.kill(others[1]!);
  assert.equal(await say(cluster, master, "SET data other"), "OK");
  assert.equal(await say(cluster, others[2]!, "GET data"), "VALUE other");
  await cluster.kill(others[2]!);
  assert.match(await say(cluster, master, "SET data never"), /^ERROR|^NOT_LEADER/);
});
