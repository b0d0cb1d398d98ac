import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ending, runKvorum } from "../command-line.ts";
import { Cluster } from "./cluster.ts";

/** `kvorum recover` at real directories. */

function recover(directory: string, ...options: readonly string[]): Promise<Ending> {
  return runKvorum(["recover", "--data", directory, ...options]);
}

test("the majority is lost: the survivor goes on as a new cluster, and members of the old one cannot reach it", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  const inUse = await recover(cluster.directoryOf("n3"), "--force-new-cluster", "--yes");
  assert.equal(inUse.code, 1);
  assert.match(inUse.stderr, /^kvorum: .*in use.*\n$/);
  assert.equal(await cluster.call("n3", "GET", "a"), "1");
  for (const id of ["n1", "n2", "n3"]) await cluster.kill(id);
  const unasked = await recover(cluster.directoryOf("n3"));
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /^kvorum: recover makes a new cluster.*--force-new-cluster\n$/);
  const asked = await recover(cluster.directoryOf("n3"), "--force-new-cluster");
  assert.equal(asked.code, 2);
  assert.match(
    asked.stderr,
    /^n3 is a voter of cluster [0-9a-f]{32}\n {2}voters n1, n2, n3\n {2}it has 1 key, up to entry/,
  );
  assert.match(
    asked.stderr,
    /^LOST is what a majority.*\nKEPT .*\n.*\nkvorum: nothing was changed: .*--yes.*\n$/m,
  );
  const { code, stdout, stderr } = await recover(cluster.directoryOf("n3"), "--force-new-cluster", "--yes");
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^n3 is the only voter of the new cluster [0-9a-f]{32}; revisions go on behind \d+\nstart it: /,
  );
  const again = await recover(cluster.directoryOf("n3"), "--force-new-cluster", "--yes");
  assert.equal(again.stderr, "kvorum: n3 is the only voter already: start it, there is nothing to recover\n");

  cluster.start("n3");
  assert.equal(await cluster.call("n3", "GET", "a"), "1");
  assert.equal(await cluster.call("n3", "SET", "a", "2"), "OK");
  // Those that were lost come back: they are a cluster of their own, and are told apart.
  cluster.start("n1");
  cluster.start("n2");
  await cluster.logs("n1", /n3 belongs to another cluster than n1/);
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  assert.equal(await cluster.call("n3", "GET", "a"), "2");
  // A node with an empty directory joins it.
  await cluster.kill("n1");
  cluster.loseDisk("n1");
  cluster.start("n1", "--join", cluster.clientsOf("n3"));
  assert.equal(await cluster.call("n1", "GET", "a"), "2");
});

test("a learner whose master is gone becomes the master", async () => {
  await using cluster = await Cluster.start("n1");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  await cluster.kill("n1");
  await cluster.kill("n2");
  const { code, stdout, stderr } = await recover(
    cluster.directoryOf("n2"),
    "--force-new-cluster",
    "--yes",
    "--json",
  );
  assert.equal(code, 0, stderr);
  const shown = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(shown.formerMembers, [
    { id: "n1", isVoter: true },
    { id: "n2", isVoter: false },
  ]);
  cluster.start("n2", "--fsync", "always");
  assert.equal(await cluster.call("n2", "SET", "b", "2"), "OK");
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
});

test("what cannot be recovered is said in one line", async () => {
  await using cluster = new Cluster([]);
  const nowhere = await recover(cluster.directoryOf("n9"), "--force-new-cluster", "--yes");
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /^kvorum: there is no directory .*\n$/);
  cluster.start("n1", "--join", cluster.clientsOf("n9"));
  await cluster.logs("n1", /not a member yet/);
  await cluster.stop("n1");
  const unbound = await recover(cluster.directoryOf("n1"), "--force-new-cluster", "--yes");
  assert.equal(unbound.stderr, "kvorum: n1 belongs to no cluster yet: there is nothing to recover\n");
});
