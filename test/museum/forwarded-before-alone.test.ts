import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterRun, until } from "../replica/cluster-run.ts";

/**
 * A node that became the only voter proposed what came then without numbers, past a batch that it had sent to the leader
 * before and that nobody had proposed. The later ones were applied, and their clients were told that they were not; the
 * first one was never proposed. Found by the simulator's first changes of members, as increments out of nowhere (seed 9).
 */
test("what was forwarded before the others left is proposed first by who stays", async () => {
  const cluster = await ClusterRun.start(["n1", "n2"]);
  if ((await cluster.leader()) === "n1") {
    await cluster.nodes.get("n1")!.client().call("SET", "a", "0");
    await cluster.nodes.get("n1")!.durable.member.transferLeadership("n2");
  }
  const stays = cluster.nodes.get("n1")!;
  assert.equal(await stays.client().call("SET", "a", "1"), "+OK\r\n");
  let lost = 0;
  cluster.loses = ({ type }) => type === "forward" && ++lost > 0;
  const early = stays.client().call("APPEND", "a", "2");
  await until(() => lost > 0);
  await cluster.nodes.get("n2")!.durable.member.changeMembers({ type: "remove", id: "n2" });
  await until(() => stays.durable.member.status!.role === "leader");
  const late = stays.client().call("APPEND", "a", "3");
  assert.deepEqual(await Promise.all([early, late]), [":2\r\n", ":3\r\n"]);
  await cluster.close();
});
