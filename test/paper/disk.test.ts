import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, entry } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** The leader's disk works beside the network: thesis 10.2.1; and disks that hang. */

function slowLeader(voters: number): Cluster {
  const cluster = new Cluster({ voters });
  cluster.elect("n1");
  cluster.member("n1").isDiskSlow = true;
  return cluster;
}

test("10.2.1: the leader sends entries while it writes them", () => {
  const cluster = slowLeader(3);
  cluster.propose("n1", "x");
  assert.equal(cluster.member("n1").disk.pending.length, 1);
  assert.deepEqual(texts(cluster.network), [
    "n2: REPLICATE term=1 leader=n1 previous=1/1 entries=2/1 commit=1",
    "n3: REPLICATE term=1 leader=n1 previous=1/1 entries=2/1 commit=1",
  ]);
});

test("10.2.1: it counts itself when the entry is on its own disk, not before", () => {
  const cluster = slowLeader(3);
  cluster.propose("n1", "x");
  cluster.hand(say("n2", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 1, "one of three");
  assert.equal(cluster.node("n1").heldBy(1), 2);
  assert.equal(cluster.node("n1").heldBy(2), 1);
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").commitIndex, 2);
  assert.equal(cluster.node("n1").heldBy(2), 2);
  assert.equal(cluster.node("n1").heldBy(4), 0, "there are no four");
});

test("10.2.1: a majority of others commits without it; its engine still waits for its own disk", () => {
  const cluster = slowLeader(3);
  cluster.propose("n1", "x");
  cluster.settle();
  assert.equal(cluster.node("n1").commitIndex, 2);
  assert.deepEqual(cluster.applied.get("n2"), ["x"]);
  assert.deepEqual(cluster.applied.get("n1"), []);
  cluster.member("n1").finishWrite();
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
});

test("10.2.1: the only voter commits what its disk has", () => {
  const cluster = slowLeader(1);
  cluster.propose("n1", "x");
  cluster.propose("n1", "y");
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.member("n1").finishWrite();
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
  cluster.member("n1").finishWrite();
  assert.deepEqual(cluster.applied.get("n1"), ["x", "y"]);
});

test("10.2.1: what a leader lost before it was durable, another leader has if it was committed", () => {
  const cluster = slowLeader(3);
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.crash("n1");
  cluster.member("n1").isDiskSlow = false;
  cluster.start("n1");
  cluster.runUntil(() => cluster.applied.get("n1")!.length > 0);
  assert.notDeepEqual(cluster.leaders, ["n1"]);
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
});

test("heartbeats never wait for the disk, at either end", () => {
  const cluster = slowLeader(3);
  cluster.member("n2").isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.deliver();
  cluster.lose();
  cluster.tick("n1", 2);
  assert.deepEqual(texts(cluster.network.splice(0)), [
    "n2: HEARTBEAT term=1 leader=n1 commit=1 confirmed",
    "n3: HEARTBEAT term=1 leader=n1 commit=1 confirmed",
  ]);
  assert.deepEqual(texts(cluster.hand(say("n1", "n2", 1).heartbeat())), ["n1: HEARTBEAT_RESPONSE term=1"]);
});

test("a leader whose disk hangs for an election timeout steps down, and campaigns when it works again", () => {
  const cluster = slowLeader(3);
  cluster.propose("n1", "x");
  cluster.run(9);
  assert.deepEqual(cluster.leaders, ["n1"]);
  cluster.runUntil(() => cluster.leaders[0] !== "n1" && cluster.leaders.length === 1, 60);
  cluster.run(50);
  assert.equal(cluster.node("n1").role, "follower");
  assert.equal(cluster.node("n1").term, cluster.node(cluster.leaders[0]!).term);
});

test("a disk that is slow but works deposes nobody", () => {
  const cluster = slowLeader(3);
  for (let i = 0; i < 20; i++) {
    cluster.propose("n1", `${i}`);
    cluster.run(6);
    cluster.member("n1").finishWrite();
  }
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.equal(cluster.node("n1").term, 1);
});

test("the only voter stays leader while its disk hangs: there is no other", () => {
  const cluster = slowLeader(1);
  cluster.propose("n1", "x");
  cluster.run(100);
  assert.deepEqual(cluster.leaders, ["n1"]);
});

test("who cannot write does not ask for votes, and goes on when it can", () => {
  const cluster = new Cluster({ voters: 3 });
  const member = cluster.member("n1");
  member.isDiskSlow = true;
  cluster.hand(say("n2", "n1", 1).append("0/0", [entry(1, 1)]));
  cluster.tick("n1", 40);
  assert.deepEqual(cluster.network, []);
  cluster.act("n1", (node) => node.campaign());
  assert.deepEqual(cluster.network, []);
  while (member.finishWrite());
  cluster.lose();
  cluster.tick("n1", 10);
  assert.equal(cluster.node("n1").role, "preCandidate");
});
