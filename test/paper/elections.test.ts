import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Leader election: paper 5.2 (pre-votes, which come first, are in pre-vote.test.ts). */

test("5.2: a member starts as a follower, and stays one while it hears a leader", () => {
  const cluster = new Cluster({ voters: 3 });
  assert.equal(cluster.node("n1").role, "follower");
  for (let i = 0; i < 50; i++) {
    cluster.hand(say("n2", "n1", 1).heartbeat());
    cluster.tick("n1", 9);
  }
  assert.equal(cluster.node("n1").role, "follower");
  assert.equal(cluster.node("n1").leaderId, "n2");
});

test("5.2: entries and snapshots of a leader are signs of life as well", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.tick("n1", 9);
  cluster.hand(say("n2", "n1", 1).append("0/0"));
  cluster.tick("n1", 9);
  cluster.hand(say("n2", "n1", 1).snapshot("0/0", { members: [] }));
  cluster.tick("n1", 9);
  assert.equal(cluster.node("n1").role, "follower");
});

test("5.2: without a leader for an election timeout, it begins an election: new term, own vote, all are asked", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 1] } });
  cluster.tick("n1", 9);
  assert.deepEqual(cluster.network, []);
  cluster.tick("n1");
  cluster.lose();
  cluster.hand(say("n2", "n1", 1).preVoteReply(2, true));
  assert.deepEqual(cluster.member("n1").disk.hardState, { term: 2, vote: "n1" });
  assert.equal(cluster.node("n1").role, "candidate");
});

test("5.2: the candidate asks all voters at once, and no learner", () => {
  const cluster = new Cluster({ voters: 3, learners: 1 });
  cluster.act("n1", (node) => node.campaign());
  cluster.lose();
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 0).preVoteReply(1, true))), [
    "n2: VOTE_REQUEST term=1 candidate=n1 last=0/0",
    "n3: VOTE_REQUEST term=1 candidate=n1 last=0/0",
  ]);
});

/** Voters, how many of the others grant and refuse, and what becomes of the candidate. */
const elections: readonly (readonly [voters: number, granted: number, refused: number, role: string])[] = [
  [2, 0, 0, "candidate"],
  [2, 1, 0, "leader"],
  [2, 0, 1, "follower"],
  [3, 0, 0, "candidate"],
  [3, 1, 0, "leader"],
  [3, 0, 1, "candidate"],
  [3, 1, 1, "leader"],
  [3, 0, 2, "follower"],
  [4, 1, 0, "candidate"],
  [4, 1, 1, "candidate"],
  [4, 1, 2, "follower"],
  [4, 2, 0, "leader"],
  [5, 1, 0, "candidate"],
  [5, 1, 2, "candidate"],
  [5, 2, 0, "leader"],
  [5, 1, 3, "follower"],
  [7, 2, 0, "candidate"],
  [7, 2, 3, "candidate"],
  [7, 3, 0, "leader"],
  [7, 2, 4, "follower"],
];

for (const [voters, granted, refused, role] of elections) {
  test(`5.2: of ${voters} voters, ${granted} others grant and ${refused} refuse: ${role}`, () => {
    const cluster = candidate(voters);
    for (let i = 0; i < granted + refused; i++)
      cluster.hand(say(`n${2 + i}`, "n1", 1).voteReply(i < granted));
    assert.equal(cluster.node("n1").role, role);
  });
}

/** n1 has won the pre-votes and asks for votes in term 1; nobody has answered. */
function candidate(voters: number): Cluster {
  const cluster = new Cluster({ voters });
  cluster.act("n1", (node) => node.campaign());
  for (let i = 2; i <= Math.floor(voters / 2) + 1; i++)
    cluster.hand(say(`n${i}`, "n1", 0).preVoteReply(1, true));
  assert.equal(cluster.node("n1").role, "candidate");
  return cluster;
}

test("5.2: the only voter elects itself at once, when its vote is durable", () => {
  const cluster = new Cluster({ voters: 1 });
  cluster.member("n1").isDiskSlow = true;
  cluster.tick("n1");
  assert.equal(cluster.node("n1").role, "candidate");
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").role, "leader");
});

test("5.2: a vote counts once, from a voter, in its own term", () => {
  const cluster = candidate(5);
  cluster.hand(say("n2", "n1", 1).voteReply(true));
  cluster.hand(say("n2", "n1", 1).voteReply(true));
  cluster.hand(say("n9", "n1", 1).voteReply(true));
  cluster.hand(say("n3", "n1", 0).voteReply(true));
  assert.equal(cluster.node("n1").role, "candidate");
  cluster.hand(say("n3", "n1", 1).voteReply(true));
  assert.equal(cluster.node("n1").role, "leader");
});

test("5.2: one vote a term, first come, first served; asked again by the same, the same answer", () => {
  const cluster = new Cluster({ voters: 3 });
  const ask = (from: string, term: number) => texts(cluster.hand(say(from, "n1", term).requestVote("0/0")));
  assert.deepEqual(ask("n2", 2), ["n2: VOTE_RESPONSE term=2 granted=true"]);
  assert.deepEqual(ask("n3", 2), ["n3: VOTE_RESPONSE term=2 granted=false"]);
  assert.deepEqual(ask("n2", 2), ["n2: VOTE_RESPONSE term=2 granted=true"]);
  assert.deepEqual(ask("n3", 3), ["n3: VOTE_RESPONSE term=3 granted=true"]);
});

test("5.2: a vote is durable before it is told, and is not given again after a crash", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  assert.deepEqual(cluster.hand(say("n2", "n1", 2).requestVote("0/0")), []);
  assert.equal(cluster.member("n1").disk.hardState.vote, undefined);
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network), ["n2: VOTE_RESPONSE term=2 granted=true"]);
  cluster.crash("n1");
  cluster.start("n1");
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 2).requestVote("0/0"))), [
    "n3: VOTE_RESPONSE term=2 granted=false",
  ]);
});

test("5.2: a candidate's question waits for its own vote to be durable, and so does that vote", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  cluster.act("n1", (node) => node.campaign());
  cluster.lose();
  assert.deepEqual(cluster.hand(say("n2", "n1", 0).preVoteReply(1, true)), []);
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network), [
    "n2: VOTE_REQUEST term=1 candidate=n1 last=0/0",
    "n3: VOTE_REQUEST term=1 candidate=n1 last=0/0",
  ]);
});

test("5.2: a candidate that loses its election keeps its vote", () => {
  const cluster = candidate(3);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 1).voteReply(false));
  assert.equal(cluster.node("n1").role, "follower");
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 1).requestVote("9/1"))), [
    "n2: VOTE_RESPONSE term=1 granted=false",
  ]);
});

test("5.2: a candidate follows a leader of its term, and not one of a lower term", () => {
  for (const word of ["append", "heartbeat"] as const) {
    const cluster = candidate(3);
    const of = (term: number) =>
      word === "append" ? say("n2", "n1", term).append("0/0") : say("n2", "n1", term).heartbeat();
    cluster.hand(of(0));
    assert.equal(cluster.node("n1").role, "candidate");
    cluster.hand(of(1));
    assert.equal(cluster.node("n1").role, "follower");
    assert.equal(cluster.node("n1").leaderId, "n2");
  }
});

test("5.2: whoever follows a leader of this term gives no other its vote", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).append("0/0"));
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 1).requestVote("9/1"))), [
    "n3: VOTE_RESPONSE term=1 granted=false",
  ]);
});

test("5.2: an elected leader tells all others at once, and then at each heartbeat", () => {
  const cluster = candidate(3);
  cluster.lose();
  const told = cluster.hand(say("n2", "n1", 1).voteReply(true));
  assert.deepEqual(texts(told), [
    "n2: REPLICATE term=1 leader=n1 previous=0/0 entries=1/1 commit=0",
    "n3: REPLICATE term=1 leader=n1 previous=0/0 entries=1/1 commit=0",
  ]);
  for (let i = 0; i < 2; i++) {
    cluster.tick("n1", 2);
    assert.deepEqual(texts(cluster.network.splice(0)), [
      "n2: HEARTBEAT term=1 leader=n1 commit=0 confirmed",
      "n3: HEARTBEAT term=1 leader=n1 commit=0 confirmed",
    ]);
  }
});

test("5.2: votes split among four elect nobody; the timeouts are drawn anew, and the next term has a leader", () => {
  const cluster = new Cluster({ voters: 4 });
  for (const id of ["n1", "n2"]) cluster.act(id, (node) => node.campaign());
  // They do not hear of each other, or one would give way.
  cluster.deliver(({ type, to }) => type === "preVote" && to !== "n1" && to !== "n2");
  cluster.deliver(({ type }) => type === "preVoteReply");
  // Each reaches one of the other two first.
  cluster.deliver(({ type, from, to }) => type === "requestVote" && (from === "n1") === (to === "n3"));
  cluster.settle();
  assert.deepEqual(cluster.leaders, []);
  assert.equal(cluster.node("n3").status().vote, "n1");
  assert.equal(cluster.node("n4").status().vote, "n2");
  cluster.runUntil(() => cluster.leaders.length === 1);
  assert.ok(cluster.node(cluster.leaders[0]!).term > 1);
});

test("5.2: each attempt draws an election timeout, of at least the least and less than the most", () => {
  const draws = [0, 9, 4, 7, 2, 5];
  let drawn = 0;
  const random = (below: number) => {
    assert.equal(below, 10);
    return draws[drawn++ % draws.length]!;
  };
  const cluster = new Cluster({ voters: 3, config: { random } });
  // Each of the three drew once when it started; n1 drew the first.
  for (const timeout of [10, 10 + draws[3]!, 10 + draws[4]!, 10 + draws[5]!, 10, 19]) {
    cluster.tick("n1", timeout - 1);
    assert.deepEqual(cluster.network, [], `not before ${timeout} ticks`);
    cluster.tick("n1");
    assert.equal(cluster.network.splice(0).length, 2, `after ${timeout} ticks`);
  }
});

test("5.2: the timer begins again for the leader's word and a vote given away, not for a vote refused", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1] } });
  const ticksLeft = () => {
    let ticks = 0;
    while (cluster.node("n1").role === "follower") {
      cluster.tick("n1");
      ticks++;
    }
    return ticks;
  };
  cluster.tick("n1", 6);
  cluster.hand(say("n2", "n1", 2).requestVote("0/0"));
  cluster.hand(say("n2", "n1", 2).preVote("0/0"));
  cluster.hand(say("n2", "n1", 3).heartbeatReply());
  assert.equal(ticksLeft(), 4, "refused");
  cluster.hand(say("n2", "n1", 3).heartbeat());
  cluster.tick("n1", 6);
  cluster.hand(say("n2", "n1", 4).requestVote("1/1"));
  assert.equal(ticksLeft(), 10, "granted");
});
