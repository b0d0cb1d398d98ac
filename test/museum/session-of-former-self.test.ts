import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterRun } from "../replica/cluster-run.ts";

/**
 * Nodes forward under sessions that are named by node and boot number. A node that lost its disk counts its starts from 1
 * again, met the session of its former self in the log, and numbered its batches as that one had: none of them was ever
 * applied. Found while the simulator's first lost disks were written.
 */
test("a node that lost its disk forwards under a session of its own", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 2_000 });
  const leader = await cluster.leader();
  const id = [...cluster.nodes.keys()].find((other) => other !== leader)!;
  assert.equal(await cluster.nodes.get(id)!.client().call("INCR", "n"), ":1\r\n");
  cluster.kill(id);
  cluster.disks.delete(id);
  const { member } = cluster.nodes.get(leader)!.durable;
  await member.changeMembers({ type: "demote", id, about: "another incarnation" });
  const again = await cluster.startNode(id, { members: [] });
  await cluster.settled();
  assert.equal(await again.client().call("INCR", "n"), ":2\r\n");
  await cluster.close();
});
