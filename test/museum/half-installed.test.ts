import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterRun, until } from "../replica/cluster-run.ts";

/**
 * The disk of a member failed while the leader's snapshot took the place of its state. Until that was loaded it answered stale
 * reads from the half of it, and from then on every write with an error of no words at all, which told nobody that it was
 * refused. Found by the simulator when its clients stayed with their nodes (seed 501656 of that day).
 */
test("a member whose disk fails while the leader's state is loaded says so, and answers nothing", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { segmentBytes: 64 * 1024 });
  const { late } = await cluster.leaveBehind();
  const back = await cluster.startNode(late);
  const { durable } = back;
  const load = durable.load.bind(durable);
  let [meanwhile, isLoaded]: [string | undefined, boolean] = [undefined, false];
  durable.load = async () => {
    durable.member.diskFailed("EIO");
    meanwhile = durable.member.trouble?.everything;
    const state = await load();
    setImmediate(() => {
      isLoaded = true;
    });
    return state;
  };
  await until(() => isLoaded);
  for (const said of [
    meanwhile,
    durable.member.trouble?.everything,
    await back.client().call("SET", "a", "1"),
  ])
    assert.match(said ?? "nothing", /^-?MISCONF the disk failed while/);
  await cluster.close();
});
