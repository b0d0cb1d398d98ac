import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../src/protocol/reply.ts";
import { testBesideRedis } from "../server-harness.ts";
import { Cluster } from "./cluster.ts";

/** A node in memory is no cluster, as Redis without cluster-enabled. */
testBesideRedis({
  "CLUSTER where there is none": [
    "cluster slots",
    "cluster shards",
    "cluster nodes",
    "cluster info",
    "cluster myid",
    "cluster keyslot k",
    "cluster keyslot",
    "cluster help",
    "cluster",
    "cluster nonsense",
    "multi",
    "cluster slots",
    "exec",
    "info cluster",
  ],
});

type Place = readonly [host: string, port: number, name: string, additional: Reply];
type Slots = readonly [0, 16_383, ...Place[]][];

test("clients find the leader and all others at any member, under names that stay", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  cluster.start("n4", "--replica-of", cluster.clientsOf("n1"));
  await cluster.serving("n4");
  const ids = ["n1", "n2", "n3", "n4"];
  const leader = await cluster.leader("n1");
  const answers: Slots[] = [];
  for (const id of ids) answers.push((await cluster.call(id, "CLUSTER", "SLOTS")) as unknown as Slots);
  const [[first, last, primary, ...replicas]] = answers[0] as unknown as [Slots[0]];
  assert.deepEqual([first, last], [0, 16_383]);
  assert.equal(`${primary![0]}:${primary![1]}`, cluster.clientsOf(leader));
  const others = ids.filter((id) => id !== leader);
  assert.deepEqual(
    replicas.map(([host, port]) => `${host}:${port}`),
    others.map((id) => cluster.clientsOf(id)),
  );
  for (const answer of answers) assert.deepEqual(answer, answers[0], "all members say the same");
  const places = answers[0]![0]!.slice(2) as Place[];
  const names = new Map(places.map(([host, , name]) => [host, name]));
  for (const id of ids) {
    const name = names.get(cluster.hostOf(id))!;
    assert.match(name, /^[0-9a-f]{40}$/);
    assert.equal(await cluster.call(id, "CLUSTER", "MYID"), name);
  }
  assert.equal(new Set(names.values()).size, 4, "each has a name of its own");
  await cluster.kill("n4");
  cluster.start("n4", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n4", "CLUSTER", "MYID"), names.get(cluster.hostOf("n4")));
});

test("CLUSTER NODES, SHARDS and INFO tell of one shard, and so do INFO and HELLO", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  const leader = await cluster.leader("n2");
  const name = await cluster.call(leader, "CLUSTER", "MYID");
  const nodes = String(await cluster.call("n2", "CLUSTER", "NODES"))
    .trimEnd()
    .split("\n");
  assert.equal(nodes.length, 3);
  for (const [at, id] of ["n1", "n2", "n3"].entries()) {
    const [, address, flags, master, , , epoch, link, slots] = nodes[at]!.split(" ");
    assert.equal(address, `${cluster.clientsOf(id)}@16379`);
    const leads = id === leader;
    assert.equal(flags, `${id === "n2" ? "myself," : ""}${leads ? "master" : "slave"}`);
    assert.equal(master, leads ? "-" : name);
    assert.match(epoch!, /^[1-9]\d*$/);
    assert.deepEqual([link, slots], ["connected", leads ? "0-16383" : undefined]);
  }
  const info = String(await cluster.call("n3", "CLUSTER", "INFO"));
  assert.match(info, /^cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\n/);
  assert.match(info, /\r\ncluster_known_nodes:3\r\ncluster_size:1\r\n/);
  assert.equal(await cluster.call("n3", "CLUSTER", "KEYSLOT", "{user1000}.following"), 3443);
  const [[, [start, end], , members]] = (await cluster.call("n1", "CLUSTER", "SHARDS")) as [
    [string, number[], string, string[][]],
  ];
  assert.deepEqual([start, end], [0, 16_383]);
  assert.deepEqual(
    members.map((pairs) => pairs.filter((_, i) => i % 2 === 0)),
    Array(3).fill(["id", "port", "ip", "endpoint", "role", "replication-offset", "health"]),
  );
  assert.deepEqual(
    members.map((pairs) => pairs[9]),
    ["master", "replica", "replica"],
  );
  assert.equal(members[0]![1], name);
  const other = ["n1", "n2", "n3"].find((id) => id !== leader)!;
  for (const [id, role] of [
    [leader, "master"],
    [other, "replica"],
  ] as const) {
    const hello = (await cluster.call(id, "HELLO")) as string[];
    assert.deepEqual(hello.slice(8, 12), ["mode", "cluster", "role", role]);
    assert.match(String(await cluster.call(id, "INFO")), /redis_mode:cluster\r\n.*cluster_enabled:1\r\n/s);
  }
});

test("a node that began alone is no cluster until another one joins it", async () => {
  await using cluster = new Cluster([]);
  cluster.start("n4", "--fsync", "always");
  await cluster.serving("n4");
  assert.equal(
    await cluster.call("n4", "CLUSTER", "SLOTS"),
    "-ERR This instance has cluster support disabled",
  );
  assert.match(String(await cluster.call("n4", "INFO")), /redis_mode:standalone\r\n.*cluster_enabled:0\r\n/s);
  cluster.start("n5", "--replica-of", cluster.clientsOf("n4"));
  await cluster.serving("n5");
  for (const id of ["n4", "n5"]) {
    const [[, , primary, replica]] = (await cluster.call(id, "CLUSTER", "SLOTS")) as unknown as [Slots[0]];
    assert.deepEqual([primary![0], replica![0]], [cluster.hostOf("n4"), cluster.hostOf("n5")]);
  }
});

test("who asks for the slots during an election waits for its end, and without a majority is told so", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  const leader = await cluster.leader("n1");
  const [first, second] = ["n1", "n2", "n3"].filter((id) => id !== leader) as [string, string];
  const client = await cluster.client(first);
  await cluster.kill(leader);
  // The dead one is named until its silence is noticed, and nobody after that until another one leads.
  for (;;) {
    const reply = (await client.call("CLUSTER", "SLOTS")) as unknown as Slots;
    assert.ok(Array.isArray(reply), String(reply));
    if (reply[0]![2]![0] !== cluster.hostOf(leader)) break;
  }
  await cluster.kill(second);
  while (!String(await client.call("CLUSTER", "INFO")).startsWith("cluster_state:fail"));
  assert.equal(await client.call("CLUSTER", "SLOTS"), "-CLUSTERDOWN no leader is known");
  assert.match(String(await client.call("CLUSTER", "NODES")), /myself,slave - /);
  cluster.start(second);
  while (!Array.isArray(await client.call("CLUSTER", "SLOTS")));
});

test("in a cluster there are databases, and keys of several slots go together", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n2", "MSET", "a", "1", "b", "2", "{c}", "3"), "OK");
  assert.deepEqual(await cluster.call("n3", "MGET", "a", "b", "{c}"), ["1", "2", "3"]);
  const client = await cluster.client("n1");
  assert.equal(await client.call("SELECT", "15"), "OK");
  assert.equal(await client.call("GET", "a"), null);
  client.socket.destroy();
});
