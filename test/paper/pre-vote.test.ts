import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyConfiguration } from "../../src/raft/index.ts";
import { Cluster } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Pre-votes and stickiness: thesis 9.6 and 4.2.3; and the shortcut of src/raft/README.md, "Elections". */

test("9.6: a member asks whether it would be elected before it raises its term, and writes nothing", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 1] } });
  cluster.tick("n1", 10);
  assert.equal(cluster.node("n1").role, "preCandidate");
  assert.deepEqual(cluster.member("n1").disk.hardState, { term: 1, vote: undefined });
  assert.deepEqual(texts(cluster.network), [
    "n2: PRE_VOTE_REQUEST term=1 candidate=n1 last=2/1",
    "n3: PRE_VOTE_REQUEST term=1 candidate=n1 last=2/1",
  ]);
});

test("9.6: being asked changes nothing: no term, no vote, no timer", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.tick("n1", 6);
  const before = cluster.node("n1").status();
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 7).preVote("0/0"))), [
    "n2: PRE_VOTE_RESPONSE term=0 for=8 granted=true",
  ]);
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 7).preVote("0/0"))), [
    "n3: PRE_VOTE_RESPONSE term=0 for=8 granted=true",
  ]);
  assert.deepEqual(cluster.node("n1").status(), before);
  cluster.tick("n1", 4);
  assert.equal(cluster.node("n1").role, "preCandidate");
});

test("9.6: only a majority lets it raise its term; answers about another term do not count", () => {
  const cluster = new Cluster({ voters: 5 });
  cluster.tick("n1", 10);
  cluster.hand(say("n2", "n1", 0).preVoteReply(2, true));
  cluster.hand(say("n3", "n1", 0).preVoteReply(0, true));
  cluster.hand(say("n9", "n1", 0).preVoteReply(1, true));
  cluster.hand(say("n2", "n1", 0).preVoteReply(1, true));
  assert.equal(cluster.node("n1").role, "preCandidate");
  cluster.hand(say("n3", "n1", 0).preVoteReply(1, true));
  assert.equal(cluster.node("n1").role, "candidate");
  assert.equal(cluster.node("n1").term, 1);
});

test("9.6: refused by a majority, it is a follower again, and asks after another timeout", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.tick("n1", 10);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 0).preVoteReply(1, false));
  assert.equal(cluster.node("n1").role, "follower");
  cluster.lose();
  cluster.tick("n1", 9);
  assert.deepEqual(cluster.network, []);
  cluster.tick("n1");
  assert.equal(cluster.network.length, 2);
});

test("9.6: a pre-candidate that hears the leader again follows it", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n2");
  cluster.tick("n1", 10);
  assert.equal(cluster.node("n1").role, "preCandidate");
  cluster.hand(say("n2", "n1", 1).heartbeat());
  assert.equal(cluster.node("n1").role, "follower");
  assert.equal(cluster.node("n1").leaderId, "n2");
});

test("9.6: votes of an election that timed out do not win the next one", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.tick("n1", 10);
  cluster.hand(say("n2", "n1", 0).preVoteReply(1, true));
  assert.equal(cluster.node("n1").role, "candidate");
  cluster.tick("n1", 10);
  assert.equal(cluster.node("n1").role, "preCandidate");
  cluster.hand(say("n2", "n1", 1).voteReply(true));
  assert.equal(cluster.node("n1").role, "preCandidate");
  assert.equal(cluster.node("n1").status().vote, "n1", "what it voted in term 1 stands");
});

test("9.6: a candidate is not moved by answers to its pre-vote", () => {
  const cluster = new Cluster({ voters: 5 });
  cluster.tick("n1", 10);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 0).preVoteReply(1, true));
  for (const id of ["n4", "n5", "n3"]) cluster.hand(say(id, "n1", 1).preVoteReply(2, true));
  assert.equal(cluster.node("n1").role, "candidate");
  assert.equal(cluster.node("n1").term, 1);
});

test("9.6: of two that ask at once one gives way, whatever comes first, and asks again if nothing comes of the other", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.isolate("n3");
  for (const id of ["n1", "n2"]) cluster.act(id, (node) => node.campaign());
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n2"], "in the first term, without a split vote");
  assert.equal(cluster.node("n2").term, 1);

  const other = new Cluster({ voters: 3 });
  other.tick("n1", 10);
  assert.deepEqual(texts(other.hand(say("n2", "n1", 0).preVote("0/0"))).slice(-1), [
    "n2: PRE_VOTE_RESPONSE term=0 for=1 granted=true",
  ]);
  assert.equal(other.node("n1").role, "follower");
  other.lose();
  other.tick("n1", 10);
  assert.equal(other.node("n1").role, "preCandidate");
  other.hand(say("n0", "n1", 0).preVote("0/0"));
  assert.equal(other.node("n1").role, "preCandidate", "to a lesser name nobody gives way");
});

test("9.6: a member that was cut off and returns deposes nobody", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.run(4);
  cluster.isolate("n3");
  cluster.run(100);
  assert.equal(cluster.node("n3").term, 1, "nobody answered its pre-votes");
  cluster.heal();
  cluster.run(20);
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.equal(cluster.node("n1").term, 1);
  assert.equal(cluster.node("n3").leaderId, "n1");
});

test("9.6: a refusal brings one that fell behind to the term of the others, so that it can win the next time", () => {
  // The longest log has the lowest term; the higher terms have shorter logs.
  const cluster = new Cluster({
    voters: 3,
    logs: { n1: [1, 1], n2: [1], n3: [1] },
    hardStates: { n2: { term: 5, vote: undefined }, n3: { term: 5, vote: undefined } },
  });
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  assert.equal(cluster.node("n1").term, 5);
  cluster.runUntil(() => cluster.leaders.length > 0);
  assert.deepEqual(cluster.leaders, ["n1"]);
});

/** n1 follows n2, which said at some moment that a majority follows it. */
function sticky(): Cluster {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).heartbeat({ isConfirmed: true }));
  return cluster;
}

const preVoteOf = (cluster: Cluster) => texts(cluster.hand(say("n3", "n1", 1).preVote("9/1")));
const granted = ["n3: PRE_VOTE_RESPONSE term=1 for=2 granted=true"];
const refused = ["n3: PRE_VOTE_RESPONSE term=1 for=2 granted=false"];

test("4.2.3: who heard a leader within the shortest election timeout gives neither vote nor pre-vote", () => {
  const cluster = sticky();
  cluster.tick("n1", 9);
  assert.deepEqual(preVoteOf(cluster), refused);
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 7).requestVote("9/1"))), [
    "n3: VOTE_RESPONSE term=1 granted=false",
  ]);
  assert.equal(cluster.node("n1").term, 1, "and does not enter the candidate's term");
});

test("4.2.3: afterwards it does", () => {
  const cluster = sticky();
  cluster.hand(say("n2", "n1", 1).heartbeat());
  cluster.tick("n1", 5);
  cluster.hand(say("n2", "n1", 1).heartbeat());
  cluster.tick("n1", 5);
  assert.equal(cluster.node("n1").role, "follower", "it hears a leader, whom no majority follows");
  assert.deepEqual(preVoteOf(cluster), granted);
});

test("4.2.3: a leader gives neither, and yet learns of a term that others have entered", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  assert.deepEqual(preVoteOf(cluster), refused);
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 2).requestVote("9/1"))), [
    "n3: VOTE_RESPONSE term=1 granted=false",
  ]);
  cluster.hand(say("n3", "n1", 2).heartbeatReply());
  assert.equal(cluster.node("n1").term, 2, "or the candidate could never come back");
});

test("4.2.3: who campaigns itself is not sticky any more", () => {
  const cluster = sticky();
  cluster.act("n1", (node) => node.campaign());
  assert.deepEqual(preVoteOf(cluster), granted);
});

test("4.2.3: a leader that only one member hears does not keep the others from electing another", () => {
  // n1 leads five. Its links break but that to n3, which hears everybody: a bridge.
  const cluster = new Cluster({ voters: 5 });
  cluster.elect("n1");
  cluster.run(4);
  cluster.cut(["n1"], ["n2", "n4", "n5"]);
  cluster.runUntil(() => cluster.leaders.length === 1 && cluster.leaders[0] !== "n1", 60);
  cluster.propose(cluster.leaders[0]!, "x");
  cluster.settle();
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("a refused connection to the leader shortens the wait, and asks in a pre-vote like any other", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.run(4);
  cluster.crash("n1");
  for (const id of ["n2", "n3"]) cluster.act(id, (node) => node.reportRefused("n1"));
  assert.equal(cluster.node("n2").leaderId, undefined);
  cluster.runUntil(() => cluster.leaders.length === 1, 3);
  assert.equal(cluster.node("n2").term, 2);
});

test("a refused connection alone deposes nobody: those that hear the leader refuse", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.run(4);
  cluster.act("n2", (node) => node.reportRefused("n1"));
  cluster.run(3);
  assert.equal(cluster.node("n2").leaderId, "n1", "it hears it again");
  cluster.cut(["n1"], ["n2"]);
  cluster.act("n2", (node) => node.reportRefused("n1"));
  cluster.run(100);
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.equal(cluster.node("n1").term, 1);
});

test("after a refused connection the attempts soon become as rare as usual", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.run(4);
  cluster.cut(["n1"], ["n2"]);
  cluster.act("n2", (node) => node.reportRefused("n1"));
  let asked = 0;
  cluster.onMessage = ({ type, from }) => {
    if (type === "preVote" && from === "n2") asked++;
  };
  cluster.run(100);
  const attempts = asked / 2;
  assert.ok(attempts >= 9 && attempts <= 12, `${attempts} attempts in 100 ticks`);
});

test("and until then each wait may be twice as long as the one before, so that two do not collide for ever", () => {
  const cluster = new Cluster({
    voters: 3,
    config: { electionTicksMin: 40, electionTicksMax: 80, random: (below) => below - 1 },
  });
  cluster.hand(say("n2", "n1", 1).heartbeat());
  cluster.act("n1", (node) => node.reportRefused("n2"));
  const waits: number[] = [];
  for (let wait = 1; waits.length < 6; wait++) {
    cluster.tick("n1");
    if (cluster.network.splice(0).length === 0) continue;
    waits.push(wait);
    wait = 0;
  }
  assert.deepEqual(waits, [3, 9, 15, 27, 79, 79]);
});

test("a refused connection to another member than the leader means nothing, nor to anybody but a follower", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.act("n2", (node) => node.reportRefused("n3"));
  assert.equal(cluster.node("n2").leaderId, "n1");
  cluster.act("n1", (node) => node.reportRefused("n1"));
  assert.deepEqual(cluster.leaders, ["n1"]);
});

test("who knows no members has lost its disk, or is new: it neither votes nor campaigns", () => {
  const cluster = new Cluster({ voters: 2, strangers: 1 });
  assert.deepEqual(cluster.node("n3").configuration, emptyConfiguration);
  assert.deepEqual(texts(cluster.hand(say("n1", "n3", 1).preVote("9/9"))), [
    "n1: PRE_VOTE_RESPONSE term=0 for=2 granted=false",
  ]);
  assert.deepEqual(texts(cluster.hand(say("n1", "n3", 2).requestVote("9/9"))), [
    "n1: VOTE_RESPONSE term=2 granted=false",
  ]);
  cluster.tick("n3", 100);
  cluster.act("n3", (node) => node.campaign());
  cluster.hand(say("n1", "n3", 2).timeoutNow());
  assert.equal(cluster.node("n3").role, "follower");
});
