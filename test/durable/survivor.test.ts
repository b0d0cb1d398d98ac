import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import { checkDirectory } from "../../src/log/check.ts";
import { readIdentity } from "../../src/log/identity.ts";
import type { SnapshotMeta } from "../../src/log/snapshot-file.ts";
import { Survivor, type SurvivorFacts } from "../../src/replica/survivor.ts";
import { dump } from "../engine-dump.ts";
import { ClusterRun } from "../replica/cluster-run.ts";
import { DurableRun, MortalClock } from "./durable-run.ts";

const oldCluster = "0123456789abcdef0123456789abcdef";

interface Found {
  readonly facts: SurvivorFacts;
  readonly meta: SnapshotMeta;
}

async function recover(disk: SimDisk): Promise<Found> {
  const survivor = await Survivor.open({
    ...{ disk, directory: "/data", clock: new MortalClock(), random: new Prng(77) },
  });
  try {
    return { facts: survivor.facts, meta: await survivor.found() };
  } finally {
    await survivor.close();
  }
}

/** Of a cluster of three, two of which are gone for good: the disk of the third, and what it had applied. */
async function leftOver(): Promise<{
  readonly disk: SimDisk;
  readonly state: readonly string[];
  readonly id: string;
}> {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const client = cluster.nodes.get(leader)!.client();
  for (let i = 0; i < 5; i++) await client.call("SET", `key ${i}`, `value ${i}`);
  await client.call("SET", "large", "x".repeat(100_000));
  await cluster.nodes.get(leader)!.durable.save(true);
  await client.call("INCR", "counter");
  await client.call("SESSION", "OPEN", "100000000");
  await cluster.settled();
  const id = ["n1", "n2", "n3"].find((one) => one !== leader)!;
  const state = dump(cluster.nodes.get(id)!.engine);
  for (const node of [...cluster.nodes.keys()]) cluster.kill(node);
  await cluster.close();
  return { disk: cluster.disks.get(id)!, state, id };
}

test("a sole survivor becomes the only voter of a new cluster, with all that it held", async () => {
  const { disk, state, id } = await leftOver();
  const before = (await readIdentity(disk, "/data"))!;
  const { facts, meta } = await recover(disk);
  assert.equal(facts.nodeId, id);
  assert.equal(facts.clusterId, oldCluster);
  assert.deepEqual(
    facts.members.map((member) => member.id),
    ["n1", "n2", "n3"],
  );
  assert.equal(facts.keys, 7);
  assert.ok(facts.index > 8 && facts.timeMs > 0 && facts.term > 0);
  assert.equal(meta.index, facts.index);
  assert.notEqual(meta.clusterId, oldCluster);
  const after = (await readIdentity(disk, "/data"))!;
  assert.notEqual(after.clusterId, oldCluster);
  assert.notEqual(after.incarnation, before.incarnation);
  assert.equal((await checkDirectory({ disk, directory: "/data" })).state, "whole");
  assert.deepEqual(
    [...disk.snapshotFiles().keys()].filter((path) => path.includes("recovery")),
    [],
  );
  const run = await DurableRun.start(disk, { nodeId: id });
  assert.deepEqual(dump(run.engine).slice(1), state.slice(1));
  assert.equal(await run.client().call("INCR", "counter"), ":2\r\n");
  await run.close();
});

test("revisions and sessions go on behind all that can have been given by those that are lost", async () => {
  const { disk, state, id } = await leftOver();
  const revision = Number(/^revision (\d+)/.exec(state[0]!)![1]);
  const { facts, meta } = await recover(disk);
  assert.ok(meta.revision >= revision + 1_000_000_000);
  assert.ok(meta.timeMs >= facts.timeMs);
  const run = await DurableRun.start(disk, { nodeId: id });
  assert.equal(run.engine.sessions.size, 1, "the sessions of before are still there");
  const session = Number(/^:(\d+)/.exec(await run.client().call("SESSION", "OPEN", "1000"))![1]);
  assert.equal(session, meta.revision + 1);
  await run.close();
});

test("a learner whose master is gone is recovered in the same way", async () => {
  const cluster = await ClusterRun.start(["n1"]);
  const client = cluster.nodes.get("n1")!.client();
  await client.call("SET", "a", "1");
  await cluster.nodes.get("n1")!.durable.member.changeMembers({ type: "addLearner", id: "n2", about: "" });
  await cluster.startNode("n2", { members: [] });
  await client.call("SET", "a", "2");
  await cluster.settled();
  cluster.kill("n1");
  cluster.kill("n2");
  await cluster.close();
  const disk = cluster.disks.get("n2")!;
  const { facts } = await recover(disk);
  assert.deepEqual(
    facts.members.map(({ id: name, isVoter }) => [name, isVoter]),
    [
      ["n1", true],
      ["n2", false],
    ],
  );
  const run = await DurableRun.start(disk, { nodeId: "n2" });
  assert.equal(await run.client().call("GET", "a"), "$1\r\n2\r\n");
  await run.close();
});

test("wherever the machine stops, a node has all of its old life or of its new one, or none starts before it is done", async () => {
  const { disk, state, id } = await leftOver();
  const moments: { readonly disk: SimDisk; readonly what: string }[] = [];
  const before = disk.fork();
  before.onCall = (number, call, path) => {
    for (const kind of crashKinds)
      moments.push({
        disk: before.afterCrash(kind, { seed: number }),
        what: `${kind} in call ${number}, ${call} ${path}`,
      });
  };
  await recover(before);
  before.onCall = undefined;
  assert.ok(moments.length > 200, `${moments.length} crashes were tried`);
  const ends = { old: 0, recovering: 0, done: 0 };
  for (const moment of moments) {
    const identity = (await readIdentity(moment.disk, "/data"))!;
    if (identity.isRecovering) {
      ends.recovering++;
      await assert.rejects(
        DurableRun.start(moment.disk.fork(), { nodeId: id }),
        /unfinished recovery: run kvorum recover/,
      );
    } else if (identity.clusterId === oldCluster) ends.old++;
    else ends.done++;
    if (identity.isRecovering || identity.clusterId === oldCluster) {
      const { facts } = await recover(moment.disk);
      assert.equal(facts.keys, 7, moment.what);
      assert.equal(facts.clusterId, oldCluster, moment.what);
    }
    const run = await DurableRun.start(moment.disk, { nodeId: id });
    assert.deepEqual(dump(run.engine).slice(1), state.slice(1), moment.what);
    await run.close();
  }
  for (const [end, count] of Object.entries(ends)) assert.ok(count > 3, `${end}: ${count}`);
});

test("what is no survivor is refused: an only voter, an empty directory, one in use", async () => {
  const { disk, id } = await leftOver();
  const run = await DurableRun.start(disk, {
    nodeId: id,
    cluster: { peers: { send() {}, listen() {}, setMembers() {} } },
  });
  await assert.rejects(recover(disk), /in use/);
  await run.close();
  await recover(disk);
  await assert.rejects(recover(disk), new RegExp(`${id} is the only voter already: start it`));
  const empty = new SimDisk({ seed: 1 });
  await empty.makeDirectory("/data");
  await assert.rejects(recover(empty), /\/data holds no node/);
});
