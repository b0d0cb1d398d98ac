import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Leadership transfer: thesis 3.10. */

function led(voters: number, learners = 0): Cluster {
  const cluster = new Cluster({ voters, learners });
  cluster.elect("n1");
  cluster.run(4);
  return cluster;
}

function transfer(cluster: Cluster, to: string) {
  return cluster.act("n1", (node) => node.transfer(to));
}

test("3.10: a target that has all is told to campaign, and is elected at once though all hear the old leader", () => {
  const cluster = led(5);
  assert.equal(transfer(cluster, "n3"), undefined);
  assert.deepEqual(texts(cluster.network), ["n3: TIMEOUT_NOW term=1 leader=n1"]);
  const words: string[] = [];
  cluster.onMessage = (message) => words.push(...texts([message]));
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n3"]);
  assert.equal(cluster.node("n3").term, 2);
  assert.ok(words.includes("n1: VOTE_REQUEST term=2 candidate=n3 last=1/1 transfer"));
  assert.ok(!words.some((text) => text.includes("PRE_VOTE")));
  assert.equal(cluster.node("n1").leaderId, "n3");
});

test("3.10: a target that lacks a little gets it first", () => {
  const cluster = led(3);
  cluster.propose("n1", "x");
  cluster.deliver(({ to }) => to === "n2");
  cluster.deliver(({ from }) => from === "n2");
  cluster.lose(({ to }) => to === "n2");
  const held = cluster.network.splice(0);
  assert.equal(transfer(cluster, "n3"), undefined);
  assert.deepEqual(texts(cluster.network), [], "not before n3 has acknowledged");
  cluster.network.push(...held);
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n3"]);
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("3.10: meanwhile nothing new is taken, neither entries nor members nor another target", () => {
  const cluster = led(3);
  transfer(cluster, "n3");
  assert.equal(cluster.propose("n1", "x"), "transferring");
  assert.equal(cluster.change("n1", { type: "remove", id: "n2" }), "transferring");
  assert.equal(transfer(cluster, "n2"), "transferring");
});

test("3.10: the word to the target is repeated with each heartbeat, and one that comes too late changes nothing", () => {
  const cluster = led(3);
  transfer(cluster, "n3");
  const first = cluster.network.splice(0);
  assert.deepEqual(texts(first), ["n3: TIMEOUT_NOW term=1 leader=n1"]);
  cluster.run(2);
  assert.deepEqual(cluster.leaders, ["n3"]);
  cluster.network.push(...first);
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n3"]);
  assert.equal(cluster.node("n3").term, 2);
});

test("3.10: when the target does not lead within an election timeout, the leader goes on as before", () => {
  const cluster = led(3);
  transfer(cluster, "n3");
  cluster.lose();
  cluster.cut(["n1"], ["n3"]);
  cluster.run(9);
  assert.equal(cluster.propose("n1", "x"), "transferring");
  cluster.run(1);
  cluster.heal();
  assert.equal(cluster.propose("n1", "x"), 2);
  cluster.settle();
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
  assert.equal(transfer(cluster, "n3"), undefined, "and may try again");
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n3"]);
});

test("3.10: who is no target: the leader, a learner, a stranger, and whoever lags or was not heard of late", () => {
  const cluster = led(3, 1);
  assert.equal(transfer(cluster, "n1"), "alreadySo");
  assert.equal(transfer(cluster, "n4"), "notVoter");
  assert.equal(transfer(cluster, "n9"), "notVoter");
  cluster.isolate("n3");
  cluster.run(8);
  assert.equal(transfer(cluster, "n3"), "notCaughtUp", "it was not heard of for as long as deposes a leader");
  cluster.act("n1", (node) => node.reportUnreachable("n3"));
  assert.equal(transfer(cluster, "n3"), "notCaughtUp");
});

test("3.10: only the leader of the own term may say so, and only to a voter", () => {
  const cluster = led(3, 1);
  assert.deepEqual(cluster.hand(say("n1", "n3", 0).timeoutNow()), []);
  cluster.hand(say("n1", "n4", 1).timeoutNow());
  assert.equal(cluster.node("n4").role, "follower");
  cluster.hand(say("n2", "n1", 1).timeoutNow());
  assert.equal(cluster.node("n1").role, "leader", "a leader has nobody to succeed");
});

test("3.10: a target whose disk hangs does not campaign: it could only stop the others", () => {
  const cluster = led(3);
  cluster.member("n3").isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.run(12);
  assert.deepEqual(cluster.leaders, ["n1"]);
  cluster.hand(say("n1", "n3", 1).timeoutNow());
  assert.equal(cluster.node("n3").role, "follower");
  assert.equal(cluster.node("n3").term, 1);
});

test("3.10: a candidate that is told to campaign begins anew", () => {
  const cluster = led(3);
  cluster.act("n3", (node) => node.campaign());
  assert.equal(cluster.node("n3").role, "preCandidate");
  cluster.hand(say("n1", "n3", 1).timeoutNow());
  assert.equal(cluster.node("n3").role, "candidate");
  assert.equal(cluster.node("n3").term, 2);
});
