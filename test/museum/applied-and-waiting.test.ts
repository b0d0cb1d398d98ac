import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestClient } from "../durable/durable-run.ts";
import { ClusterRun } from "../replica/cluster-run.ts";

/**
 * Behind a batch whose W was not met yet, one of the only voter waited for its turn to be answered. It was applied, and the
 * entry after it seemed to stand where it had been meant to: its clients were told that it was not applied. Found by the
 * simulator (seed 3017), where the others leave while somebody waits for them.
 */
test("what is applied and waits behind others in the line is not taken for lost", async () => {
  const cluster = await ClusterRun.start(["n1", "n2"], { writeTimeoutMs: 1_000 });
  if ((await cluster.leader()) === "n2") {
    await cluster.nodes.get("n2")!.client().call("SET", "a", "0");
    await cluster.nodes.get("n2")!.durable.member.transferLeadership("n1");
  }
  const { durable } = cluster.nodes.get("n1")!;
  const client = (): TestClient => cluster.nodes.get("n1")!.client();
  assert.equal(await client().call("SET", "a", "1"), "+OK\r\n");
  await cluster.settled();
  const waiting = client();
  waiting.writeQuorum = 2;
  cluster.loses = (message) =>
    message.type === "consensus" && message.message.type === "appendEntries" && message.to === "n2";
  const held = waiting.call("SET", "a", "2");
  await new Promise((resolve) => setImmediate(resolve));
  await durable.member.changeMembers({ type: "remove", id: "n2" });
  // Two entries of the only voter, both behind the one that waits for two.
  const behind = [];
  for (let i = 0; i < 2; i++) {
    behind.push(client().call("INCR", "b"));
    const { appliedIndex } = durable.member;
    while (durable.member.appliedIndex === appliedIndex)
      await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.deepEqual(await Promise.all(behind), [":1\r\n", ":2\r\n"]);
  assert.match(await held, /^-UNDER_REPLICATED/);
  await cluster.close();
});
