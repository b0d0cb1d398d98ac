import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterRun } from "../replica/cluster-run.ts";

/**
 * Whether W is more than the commit takes was decided when the write was offered. Of four voters three are a majority; one
 * left before the write was committed, by two of three then, and W 3 was acknowledged with two. Found by the simulator
 * (seed 533 of the day on which members began to change).
 */
test("W is kept where a majority has become less than it since the write was offered", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3", "n4"], { writeTimeoutMs: 600 });
  const leader = await cluster.leader();
  const { durable } = cluster.nodes.get(leader)!;
  const client = cluster.nodes.get(leader)!.client();
  client.writeQuorum = 3;
  assert.equal(await client.call("SET", "a", "1"), "+OK\r\n");
  await cluster.settled();
  const [slow, leaves] = [...cluster.nodes.keys()].filter((id) => id !== leader);
  cluster.loses = (message) => {
    const { type, to } = message;
    const isEntry = type === "consensus" && message.message.type === "appendEntries";
    return isEntry && (to === slow || to === leaves);
  };
  const written = client.call("SET", "a", "2");
  await new Promise((resolve) => setImmediate(resolve));
  await durable.member.changeMembers({ type: "remove", id: leaves! });
  assert.match(await written, /^-UNDER_REPLICATED this was applied/);
  await cluster.close();
});
