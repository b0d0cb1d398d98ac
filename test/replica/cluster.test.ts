import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Prng } from "../../sim/prng.ts";
import type { KvorumError } from "../../src/base/errors.ts";
import { stateHash } from "../../src/engine/state-hash.ts";
import type { Member } from "../../src/replica/member.ts";
import { ClusterRun, until } from "./cluster-run.ts";

/** More than the ticks after which a leader counts a member for lost (cluster-run.ts). */
const unheardTicks = 26;

test("three members elect a leader, and what it acknowledges is on all of them", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const client = cluster.nodes.get(leader)!.client();
  assert.equal(await client.call("SET", "a", "1"), "+OK\r\n");
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  for (const node of cluster.nodes.values())
    assert.equal(await node.client().call("GET", "a"), "$1\r\n1\r\n");
  await cluster.close();
});

test("acknowledged writes survive the leader's death, and the next leader goes on", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  for (let round = 0; round < 3; round++) {
    const leader = await cluster.leader();
    const client = cluster.nodes.get(leader)!.client();
    for (let i = 0; i < 20; i++) assert.equal(await client.call("SET", `k${round}.${i}`, `${i}`), "+OK\r\n");
    cluster.kill(leader);
    const next = cluster.nodes.get(await cluster.leader())!.client();
    for (let i = 0; i < 20; i++)
      assert.equal(await next.call("GET", `k${round}.${i}`), `$${`${i}`.length}\r\n${i}\r\n`);
    await cluster.startNode(leader);
  }
  await cluster.settled();
  const hashes = [...cluster.nodes.values()].map(({ engine }) => stateHash(engine));
  assert.deepEqual(new Set(hashes).size, 1);
  await cluster.close();
});

test("a member that lags behind the leader's log gets a snapshot, and then the log", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { segmentBytes: 64 * 1024 });
  const { leader, late } = await cluster.leaveBehind();
  assert.ok(leader.durable.member.status!.firstIndex > 10, "the log is compacted");
  const back = await cluster.startNode(late);
  await leader.client().call("SET", "last", "2");
  await cluster.settled();
  assert.equal(stateHash(back.engine), stateHash(leader.engine));
  assert.ok(back.durable.member.status!.firstIndex > 10, "its log begins behind the snapshot");
  await cluster.close();
});

test("a write at a node that does not lead is forwarded, and answered there", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  let n = 0;
  for (const node of cluster.nodes.values()) {
    assert.equal(await node.client().call("INCR", "n"), `:${++n}\r\n`);
    assert.equal(await node.client().call("GET", "n"), `$1\r\n${n}\r\n`);
  }
  await cluster.close();
});

test("clients of the nodes that stay see a pause at a leader's death, no error, and each write once", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3", "n4", "n5"]);
  const counts = new Map<string, number>();
  let isOver = false;
  const counting = [...cluster.nodes].map(async ([id, node]) => {
    const client = node.client();
    for (let count = 1; !isOver; count++) {
      // Never answered where the node dies meanwhile.
      assert.equal(await client.call("INCR", id), `:${count}\r\n`);
      counts.set(id, count);
    }
  });
  const alive = (): number[] => [...cluster.nodes.keys()].map((id) => counts.get(id) ?? 0);
  await until(() => alive().every((count) => count > 10));
  for (let death = 0; death < 2; death++) {
    cluster.kill(await cluster.leader());
    const before = Math.max(...alive());
    await until(() => alive().every((count) => count > before + 10));
  }
  isOver = true;
  await Promise.race([Promise.all(counting), until(() => cluster.isAtRest)]);
  await cluster.close();
});

test("a write concern beyond the majority is refused where it cannot be met, and told where it was not met in time", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 600 });
  const leader = await cluster.leader();
  const client = cluster.nodes.get(leader)!.client();
  client.writeQuorum = 3;
  assert.equal(await client.call("SET", "a", "1"), "+OK\r\n");
  const silent = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  cluster.loses = ({ from, to }) => from === silent || to === silent;
  assert.match(await client.call("SET", "a", "2"), /^-UNDER_REPLICATED this was applied/);
  assert.equal(await client.call("GET", "a"), "$1\r\n2\r\n");
  assert.match(await client.call("SET", "a", "3"), /^-NOREPLICAS 3 voters are wanted/);
  client.writeQuorum = 0;
  assert.equal(await client.call("SET", "a", "4"), "+OK\r\n");
  await cluster.close();
});

test("what the leader refuses for want of voters is refused through a follower too, and uses up nothing but a number", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 600 });
  const leader = await cluster.leader();
  const [follower, silent] = [...cluster.nodes.keys()].filter((id) => id !== leader);
  const client = cluster.nodes.get(follower!)!.client();
  client.writeQuorum = 3;
  assert.equal(await client.call("SET", "a", "0"), "+OK\r\n");
  cluster.loses = ({ from, to }) => from === silent || to === silent;
  let applied = 0;
  // As long as its silence may be chance, what is written is applied.
  let reply = await client.call("INCR", "a");
  for (; applied < 20 && reply.startsWith("-UNDER_REPLICATED"); reply = await client.call("INCR", "a"))
    applied++;
  assert.match(reply, /^-NOREPLICAS 3 voters are wanted/);
  assert.equal(await client.call("GET", "a"), `$1\r\n${applied}\r\n`);
  client.writeQuorum = 0;
  assert.equal(await client.call("INCR", "a"), `:${applied + 1}\r\n`);
  cluster.loses = () => false;
  client.writeQuorum = 3;
  do reply = await client.call("INCR", "b");
  while (reply.startsWith("-NOREPLICAS"));
  assert.equal(reply, ":1\r\n", "none of those that were refused counts");
  await cluster.settled();
  for (const node of cluster.nodes.values()) {
    const other = node.client();
    other.readMode = "stale";
    assert.equal(await other.call("MGET", "a", "b"), `*2\r\n$1\r\n${applied + 1}\r\n$1\r\n1\r\n`);
  }
  await cluster.close();
});

test("quorum reads need no leader, stale reads nobody, and linearizable ones are refused without one", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 400 });
  const leader = await cluster.leader();
  await cluster.nodes.get(leader)!.client().call("SET", "a", "1");
  await cluster.settled();
  const [other, third] = [...cluster.nodes.keys()].filter((id) => id !== leader);
  cluster.kill(leader);
  // Two of three can vote, but their elections are lost: there is no leader any more.
  cluster.loses = ({ type }) => type === "consensus";
  await new Promise((resolve) => setTimeout(resolve, 700));
  const client = cluster.nodes.get(other!)!.client();
  client.readMode = "quorum";
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  client.readMode = "stale";
  assert.equal(await client.call("GET", "a"), "$1\r\n1\r\n");
  client.readMode = "linearizable";
  assert.match(await client.call("GET", "a"), /^-CLUSTERDOWN no leader is known/);
  cluster.kill(third!);
  client.readMode = "quorum";
  assert.match(await client.call("GET", "a"), /^-CLUSTERDOWN/);
  await cluster.close();
});

test("messages that are lost, late and repeated change no count: each write is applied once", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const random = new Prng(5);
  await cluster.leader();
  cluster.delays = () => Array.from({ length: random.pick([0, 1, 1, 1, 1, 2]) }, () => random.below(20));
  const counting = [...cluster.nodes.values()].map(async (node, i) => {
    const client = node.client();
    for (let count = 1; count <= 40; count++)
      assert.equal(await client.call("INCR", `n${i}`), `:${count}\r\n`);
  });
  await Promise.all(counting);
  cluster.delays = undefined;
  await cluster.settled();
  assert.equal(new Set([...cluster.nodes.values()].map(({ engine }) => stateHash(engine))).size, 1);
  await cluster.close();
});

test("KEYS sees what was acknowledged elsewhere, on any node", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  let keys = 0;
  for (const writer of cluster.nodes.values()) {
    assert.equal(await writer.client().call("SET", `key${++keys}`, "1"), "+OK\r\n");
    for (const reader of cluster.nodes.values())
      assert.match(await reader.client().call("KEYS", "*"), new RegExp(`^\\*${keys}\r\n`));
  }
  await cluster.close();
});

test("members change where the leader is asked, one at a time, and each refusal says what to do", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeQuorum: 3 });
  const leader = await cluster.leader();
  const { durable } = cluster.nodes.get(leader)!;
  const client = cluster.nodes.get(leader)!.client();
  await client.call("SET", "a", "1");
  const other = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  const asked = cluster.nodes.get(other)!.durable.member;
  const learner = { type: "addLearner", id: "n4", about: "" } as const;
  await assert.rejects(asked.changeMembers(learner), { code: "NOT_LEADER", message: `leader=${leader}` });
  await assert.rejects(durable.member.changeMembers({ type: "remove", id: other }), /2 voters.*wants 3/);
  await assert.rejects(durable.member.changeMembers({ type: "remove", id: "n9" }), /no member n9/);
  const joining = durable.member.changeMembers(learner);
  const promotion = { type: "promote", id: "n4" } as const;
  await assert.rejects(durable.member.changeMembers(promotion), {
    code: "BUSY",
    message: /not committed yet/,
  });
  await joining;
  await assert.rejects(durable.member.changeMembers(promotion), { code: "BUSY", message: /n4 lags behind/ });
  const joined = await cluster.startNode("n4", { members: [] });
  await cluster.settled();
  await promoted(durable.member, "n4");
  assert.equal(durable.member.placed.configuration.members.filter(({ isVoter }) => isVoter).length, 4);
  await durable.member.changeMembers({ type: "remove", id: other });
  assert.equal(await joined.client().call("GET", "a"), "$1\r\n1\r\n");
  await cluster.close();
});

test("a change whose leader is cut off has an unknown outcome after the write timeout", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 600 });
  const leader = await cluster.leader();
  const { member } = cluster.nodes.get(leader)!.durable;
  await cluster.nodes.get(leader)!.client().call("SET", "a", "1");
  const other = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  cluster.loses = ({ from, to }) => from === leader || to === leader;
  await assert.rejects(member.changeMembers({ type: "remove", id: other }), { code: "UNKNOWN_OUTCOME" });
  await until(() => member.status!.role !== "leader");
  await assert.rejects(member.changeMembers({ type: "remove", id: other }), { code: "CLUSTERDOWN" });
  await cluster.close();
});

test("a change has not come about when another entry has taken its place", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"], { writeTimeoutMs: 60_000 });
  const next = await cluster.leader();
  const other = [...cluster.nodes.keys()].find((id) => id !== next)!;
  const successor = cluster.nodes.get(next)!.durable.member;
  await cluster.nodes.get(next)!.client().call("SET", "a", "2");
  await cluster.settled();
  cluster.loses = ({ from, to }) => from === next || to === next;
  const displaced = assert.rejects(successor.changeMembers({ type: "remove", id: other }), {
    code: "CLUSTERDOWN",
    message: /have not/,
  });
  await until(() =>
    [...cluster.nodes.values()].some(
      ({ durable }) => durable.member.status!.role === "leader" && durable.member !== successor,
    ),
  );
  cluster.loses = () => false;
  await displaced;
  await cluster.settled();
  assert.equal(successor.placed.configuration.members.length, 3);
  await cluster.close();
});

test("the lead is handed over to whom one names, or to the next best, and who waits sees no error", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const first = await cluster.leader();
  const client = cluster.nodes.get(first)!.client();
  await client.call("SET", "a", "1");
  const to = [...cluster.nodes.keys()].find((id) => id !== first)!;
  const handing = cluster.nodes.get(first)!.durable.member.transferLeadership(to);
  assert.equal(await client.call("SET", "a", "2"), "+OK\r\n");
  await handing;
  assert.equal(await cluster.leader(), to);
  await assert.rejects(cluster.nodes.get(first)!.durable.member.transferLeadership(), { code: "NOT_LEADER" });
  const { member } = cluster.nodes.get(to)!.durable;
  await cluster.nodes.get(to)!.client().call("SET", "a", "3");
  await assert.rejects(member.transferLeadership("n9"), { code: "ERR", message: /no voter/ });
  await member.transferLeadership();
  assert.notEqual(await cluster.leader(), to);
  await cluster.close();
});

test("whoever is to lead and lags behind gets a moment to catch up, and no more", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const { member } = cluster.nodes.get(leader)!.durable;
  const client = cluster.nodes.get(leader)!.client();
  await client.call("SET", "a", "1");
  const to = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  cluster.loses = ({ to: receiver }) => receiver === to;
  // Until the leader has not heard it for longer than one may be unheard who is to lead.
  const isUnheard = (): boolean =>
    member.status!.peers.some(({ id, ticksSinceHeard }) => id === to && ticksSinceHeard > unheardTicks);
  for (let i = 0; !isUnheard(); i++) await client.call("SET", "a", String(i));
  await assert.rejects(member.transferLeadership(to), { code: "BUSY", message: /lags behind/ });
  const handing = member.transferLeadership(to);
  cluster.loses = () => false;
  await handing;
  assert.equal(await cluster.leader(), to);
  await cluster.close();
});

test("a leader whose word does not get to the target leads on, and says so", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const { member } = cluster.nodes.get(leader)!.durable;
  await cluster.nodes.get(leader)!.client().call("SET", "a", "1");
  cluster.loses = (message) => message.type === "consensus" && message.message.type === "timeoutNow";
  await assert.rejects(member.transferLeadership(), { code: "CLUSTERDOWN", message: /leads on/ });
  assert.equal(await cluster.nodes.get(leader)!.client().call("SET", "a", "2"), "+OK\r\n");
  await cluster.close();
});

/** Resolves when the learner has caught up and votes. */
async function promoted(member: Member, id: string): Promise<void> {
  for (;;) {
    try {
      await member.changeMembers({ type: "promote", id });
      return;
    } catch (error) {
      assert.equal((error as KvorumError).code, "BUSY");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
