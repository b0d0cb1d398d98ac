import assert from "node:assert/strict";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import { Cluster } from "../cluster/cluster.ts";
import { Load } from "./load.ts";

const ids = ["n1", "n2", "n3"];

/** A cluster under load, with what a client needs to outlive what is done to it. */
async function underLoad(work: (cluster: Cluster, load: Load) => Promise<void>): Promise<void> {
  await using cluster = await Cluster.start(...ids);
  await cluster.call("n1", "SET", "k", "v");
  // A machine that has other things to do, and nodes that come and go: what counts is that nothing fails.
  await using client = new KvClient({ addresses: ids.map((id) => cluster.clientsOf(id)), timeout: 60_000 });
  const load = new Load(client, 24);
  try {
    await load.goesOn(500);
    await work(cluster, load);
    await load.goesOn(500);
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.errors, []);
  for (const [counter, count] of load.counts)
    assert.equal(await client.get(counter), String(count), "each increment was applied once");
}

test("the death of the leader is a wait for callers, and no error; nothing is applied twice", () =>
  underLoad(async (cluster, load) => {
    const leader = await cluster.leader("n1");
    await cluster.kill(leader);
    await load.goesOn(500);
    cluster.start(leader);
    await cluster.serving(leader);
  }));

test("a transfer of the lead, back and forth, is noticed by nobody", () =>
  underLoad(async (cluster, load) => {
    for (let i = 0; i < 3; i++) {
      // Who would take over may be a little behind, and the lead may have gone to somebody meanwhile.
      let reply: unknown;
      while (reply !== "OK") reply = await cluster.call(await cluster.leader("n1"), "KVORUM", "TRANSFER");
      await load.goesOn(300);
    }
  }));

test("a leader that stands still, with all its connections, is left for another one", () =>
  underLoad(async (cluster, load) => {
    const leader = await cluster.leader("n1");
    cluster.pause(leader);
    await load.goesOn(500);
    cluster.resume(leader);
  }));

test("followers that die one after the other are no matter", () =>
  underLoad(async (cluster, load) => {
    for (const id of ids) {
      if (id === (await cluster.leader("n1"))) continue;
      if (id === "n1") continue;
      await cluster.kill(id);
      await load.goesOn(300);
      cluster.start(id);
      await cluster.serving(id);
    }
  }));
