import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../cluster/cluster.ts";
import { becomes, say } from "./text.ts";

/**
 * The checkpoint tests of the seed's third milestone, under their names: real processes, one voter and its replicas. Its
 * master is told of replicas; here a replica asks the master. Replicas answer with what they have (read mode stale), as
 * the seed's do.
 */

/** A master and replicas of it, none of which has to have come yet. */
function start(...replicas: readonly string[]): Cluster {
  const cluster = new Cluster(["n1"]);
  cluster.start("n1", "--fsync", "interval");
  for (const id of replicas)
    cluster.start(id, "--replica-of", cluster.clientsOf("n1"), "--read-mode", "stale");
  return cluster;
}

/** Replicas as the master counts them. */
async function replicasOf(cluster: Cluster): Promise<number> {
  const [word, , replicas] = (await cluster.call("n1", "ROLE")) as [string, number, unknown[]];
  assert.equal(word, "master");
  return replicas.length;
}

test("add replica", async () => {
  await using cluster = start("n2");
  await cluster.serving("n2");
  assert.equal(await replicasOf(cluster), 1);
});

test("replication propagates", async () => {
  await using cluster = start("n2");
  await cluster.serving("n2");
  assert.equal(await say(cluster, "n1", "SET key1 value1"), "OK");
  await becomes(cluster, "n2", "GET key1", "VALUE value1");
});

test("multiple replicas", async () => {
  const replicas = ["n2", "n3", "n4"];
  await using cluster = start(...replicas);
  for (const id of replicas) await cluster.serving(id);
  assert.equal(await replicasOf(cluster), 3);
  assert.equal(await say(cluster, "n1", "SET shared data"), "OK");
  for (const id of replicas) await becomes(cluster, id, "GET shared", "VALUE data");
  for (const id of replicas)
    assert.equal(await say(cluster, id, "SET shared other"), `NOT_LEADER leader=${cluster.clientsOf("n1")}`);
});

test("replica failure doesn't block master", async () => {
  await using cluster = start("n2");
  await cluster.serving("n2");
  // One that never comes, and one that is gone.
  assert.equal(await cluster.call("n1", "KVORUM", "ADD", "n9", cluster.clientsOf("n9"), "LEARNER"), "OK");
  await cluster.kill("n2");
  assert.equal(await say(cluster, "n1", "SET key value"), "OK");
  assert.equal(await say(cluster, "n1", "GET key"), "VALUE value");
});
