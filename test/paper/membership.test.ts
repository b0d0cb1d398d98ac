import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Change,
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  type Refusal,
} from "../../src/raft/index.ts";
import { Cluster, configurationEntry, entry, membersNamed } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Cluster membership: thesis 4, with the correction of 2015 ("bug in single-server membership changes"). */

function led(voters: number, learners = 0, strangers = 0): Cluster {
  const cluster = new Cluster({ voters, learners, strangers });
  cluster.elect("n1");
  return cluster;
}

function votersOf({ members }: Configuration): string {
  return members.flatMap(({ id, isVoter }) => (isVoter ? [id] : [])).join(" ");
}

test("4.1: a leader counts by a new configuration from the moment it appends it", () => {
  const cluster = led(3);
  cluster.isolate("n3");
  cluster.cut(["n1"], ["n2"]);
  cluster.propose("n1", "x");
  cluster.change("n1", { type: "remove", id: "n3" });
  assert.equal(votersOf(cluster.node("n1").configuration), "n1 n2");
  assert.equal(cluster.node("n1").commitIndex, 1, "two of two are needed");
  cluster.hand(say("n3", "n1", 1).ack(3));
  assert.equal(cluster.node("n1").commitIndex, 1, "whoever is removed does not count");
  cluster.hand(say("n2", "n1", 1).ack(3));
  assert.equal(cluster.node("n1").commitIndex, 3);
});

test("4.1: a follower counts by it from the moment it has it in its log, and no longer when it is truncated", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).append("0/0", [configurationEntry(1, 1, membersNamed(4))]));
  assert.equal(votersOf(cluster.node("n1").configuration), "n1 n2 n3 n4");
  cluster.hand(say("n2", "n1", 1).append("1/1", [configurationEntry(2, 1, membersNamed(5))]));
  assert.equal(votersOf(cluster.node("n1").configuration), "n1 n2 n3 n4 n5");
  cluster.hand(say("n3", "n1", 2).append("1/1", [entry(2, 2)]));
  assert.equal(votersOf(cluster.node("n1").configuration), "n1 n2 n3 n4");
  assert.equal(cluster.node("n1").status().configurationIndex, 1);
  cluster.hand(say("n3", "n1", 2).append("0/0", [entry(1, 2)]));
  assert.equal(votersOf(cluster.node("n1").configuration), "n1 n2 n3");
});

test("4.1: a restart counts by the last configuration in the log", () => {
  const cluster = led(3, 1);
  cluster.change("n1", { type: "promote", id: "n4" });
  cluster.settle();
  cluster.crash("n2");
  cluster.start("n2");
  assert.equal(votersOf(cluster.node("n2").configuration), "n1 n2 n3 n4");
});

test("4.1: one change at a time: the next waits for the commit of the one before", () => {
  const cluster = led(3, 0, 1);
  assert.equal(cluster.change("n1", { type: "addLearner", id: "n4", about: "" }), 2);
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), "changePending");
  cluster.settle();
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), 3);
});

test("4.1, as corrected: no change before an entry of the leader's own term is committed", () => {
  const cluster = new Cluster({ voters: 3, strangers: 1 });
  cluster.act("n1", (node) => node.campaign());
  for (let i = 0; i < 4; i++) cluster.deliver();
  assert.equal(cluster.node("n1").role, "leader");
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), "termNotCommitted");
  cluster.settle();
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), 2);
});

test("4.1, as corrected: two leaders that change members on either side do not both get their way", () => {
  // The counterexample: n1 adds n5 and is cut off; n2 removes nobody before its own term is committed. Then n1 is back.
  const cluster = led(4, 1);
  cluster.settle();
  cluster.cut(["n1", "n5"], ["n2", "n3", "n4"]);
  assert.equal(cluster.change("n1", { type: "promote", id: "n5" }), 2);
  cluster.settle();
  assert.equal(cluster.node("n1").commitIndex, 1, "two of five");
  cluster.act("n2", (node) => node.campaign());
  for (let i = 0; i < 4; i++) cluster.deliver();
  assert.equal(cluster.node("n2").role, "leader");
  assert.equal(cluster.change("n2", { type: "remove", id: "n1" }), "termNotCommitted");
  cluster.settle();
  assert.equal(cluster.change("n2", { type: "remove", id: "n1" }), 3);
  cluster.settle();
  assert.equal(cluster.node("n2").commitIndex, 3);
  cluster.heal();
  cluster.act("n1", (node) => node.campaign());
  cluster.run(40);
  assert.equal(cluster.leaders.length, 1);
  assert.notEqual(cluster.leaders[0], "n1");
  assert.equal(votersOf(cluster.node(cluster.leaders[0]!).configuration), "n2 n3 n4");
});

/** Of two voters n1 and n2 and a learner n3. */
const refusals: readonly (readonly [change: Change, refusal: Refusal])[] = [
  [{ type: "addLearner", id: "n2", about: "" }, "alreadySo"],
  [{ type: "addLearner", id: "n3", about: "" }, "alreadySo"],
  [{ type: "promote", id: "n2" }, "alreadySo"],
  [{ type: "promote", id: "n9" }, "noSuchMember"],
  [{ type: "demote", id: "n3", about: "" }, "alreadySo"],
  [{ type: "demote", id: "n9", about: "" }, "noSuchMember"],
  [{ type: "remove", id: "n9" }, "noSuchMember"],
  [{ type: "describe", id: "n2", about: "" }, "alreadySo"],
  [{ type: "describe", id: "n9", about: "x" }, "noSuchMember"],
];

for (const [change, refusal] of refusals) {
  test(`4.1: ${change.type} ${change.id} of voters n1 n2 and learner n3: ${refusal}`, () => {
    const cluster = led(2, 1);
    cluster.settle();
    assert.equal(cluster.change("n1", change), refusal);
    assert.deepEqual(cluster.log("n1"), [1], "nothing has happened");
  });
}

test("4.1: the last voter can neither be removed nor demoted", () => {
  const cluster = led(1, 1);
  assert.equal(cluster.change("n1", { type: "remove", id: "n1" }), "lastVoter");
  assert.equal(cluster.change("n1", { type: "demote", id: "n1", about: "" }), "lastVoter");
});

test("4.1: what a host writes about a member changes like a member does", () => {
  const cluster = led(3);
  cluster.change("n1", { type: "describe", id: "n2", about: "at another address" });
  cluster.settle();
  const about = cluster.node("n3").configuration.members.map(({ about }) => about);
  assert.deepEqual(about, ["", "at another address", ""]);
});

test("4.1: a configuration survives its bytes, and bytes that are none are an alarm", () => {
  const configuration = {
    members: [
      { id: "a", isVoter: true, about: "ä" },
      { id: "b", isVoter: false, about: "" },
    ],
  };
  assert.deepEqual(decodeConfiguration(encodeConfiguration(configuration)), configuration);
  for (const members of [
    undefined,
    [{ id: "a", isVoter: true }],
    [{ id: "a", isVoter: 1, about: "" }],
    [
      { id: "b", isVoter: true, about: "" },
      { id: "a", isVoter: true, about: "" },
    ],
    [
      { id: "a", isVoter: true, about: "" },
      { id: "a", isVoter: true, about: "" },
    ],
  ])
    assert.throws(() => decodeConfiguration(Buffer.from(JSON.stringify({ members }))), /assert|member/i);
});

test("4.1, one voter becomes two: from then on both are needed", () => {
  const cluster = led(1, 1);
  cluster.settle();
  assert.equal(cluster.change("n1", { type: "promote", id: "n2" }), 2);
  assert.equal(cluster.node("n1").commitIndex, 1, "n1 alone decides nothing any more");
  cluster.settle();
  assert.equal(cluster.node("n1").commitIndex, 2);
  cluster.isolate("n2");
  cluster.propose("n1", "x");
  assert.equal(cluster.node("n1").commitIndex, 2);
});

test("4.1, two voters become one: from then on one is enough", () => {
  const cluster = led(2);
  cluster.isolate("n2");
  cluster.propose("n1", "x");
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.member("n1").isDiskSlow = true;
  cluster.change("n1", { type: "remove", id: "n2" });
  assert.equal(cluster.node("n1").commitIndex, 2, "what waited for n2 is committed at once");
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").commitIndex, 3);
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
});

test("4.1, two voters become one, and the leader is the other: it counts n2 alone, and n2 takes over", () => {
  const cluster = led(2);
  cluster.propose("n1", "x");
  cluster.change("n1", { type: "remove", id: "n1" });
  cluster.propose("n1", "y");
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.deliver(({ to }) => to === "n2");
  // The only voter does not push aside a leader that is about to hand over, with what it still sends.
  cluster.tick("n2");
  assert.equal(cluster.node("n2").role, "follower");
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n2"]);
  assert.deepEqual(cluster.applied.get("n2"), ["x", "y"]);
});

test("4.2.1: a learner receives all and counts for nothing", () => {
  const cluster = led(3, 2);
  cluster.cut(["n1"], ["n2", "n3"]);
  cluster.propose("n1", "x");
  cluster.settle();
  assert.equal(cluster.log("n4").length, 2);
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.heal();
  cluster.run(4);
  assert.deepEqual(cluster.applied.get("n4"), ["x"]);
});

test("4.2.1: a learner never campaigns, however long it hears nobody, but votes when it is asked", () => {
  const cluster = led(2, 1);
  cluster.isolate("n3");
  cluster.run(100);
  assert.equal(cluster.node("n3").role, "follower");
  assert.equal(cluster.node("n3").term, 1);
  // It may have been made a voter without knowing it.
  assert.deepEqual(texts(cluster.hand(say("n2", "n3", 9).requestVote("9/1"))), [
    "n2: VOTE_RESPONSE term=9 granted=true",
  ]);
});

test("4.2.1: a new member comes without a vote, and gets it when it has caught up", () => {
  const cluster = led(3, 0, 1);
  for (let i = 0; i < 5; i++) cluster.propose("n1", `${i}`);
  cluster.settle();
  cluster.change("n1", { type: "addLearner", id: "n4", about: "" });
  cluster.deliver(({ to }) => to !== "n4");
  cluster.deliver(({ to }) => to === "n1");
  assert.equal(cluster.change("n1", { type: "promote", id: "n4" }), "notCaughtUp");
  cluster.settle();
  assert.equal(typeof cluster.change("n1", { type: "promote", id: "n4" }), "number");
  cluster.settle();
  assert.equal(votersOf(cluster.node("n4").configuration), "n1 n2 n3 n4");
  assert.equal(cluster.applied.get("n4")!.length, 5);
});

test("4.2.1: a learner that has all but is gone is not promoted: nobody could be elected with it", () => {
  const cluster = led(1, 1);
  cluster.run(4);
  cluster.crash("n2");
  cluster.run(8);
  assert.equal(cluster.change("n1", { type: "promote", id: "n2" }), "notCaughtUp");
  cluster.start("n2");
  cluster.run(4);
  assert.equal(typeof cluster.change("n1", { type: "promote", id: "n2" }), "number");
});

test("4.2.1: a member that begins again as a learner is taken to have nothing", () => {
  const cluster = led(3);
  for (const text of ["x", "y"]) cluster.propose("n1", text);
  cluster.settle();
  cluster.change("n1", { type: "demote", id: "n3", about: "again" });
  const { match, state } = cluster
    .node("n1")
    .status()
    .peers.find(({ id }) => id === "n3")!;
  assert.deepEqual([match, state], [0, "probe"]);
  assert.equal(cluster.node("n1").heldBy(2), 3, "n2 alone beside n1, with all but the change");
  cluster.settle();
  assert.equal(
    cluster
      .node("n1")
      .status()
      .peers.find(({ id }) => id === "n3")!.match,
    4,
  );
});

test("4.2.2: a leader that removed itself leads on without counting itself, then hands over", () => {
  const cluster = led(3);
  cluster.run(4);
  cluster.change("n1", { type: "remove", id: "n1" });
  cluster.hand(say("n2", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 1, "n2 alone is no majority of n2 and n3");
  assert.equal(cluster.node("n1").role, "leader");
  cluster.lose();
  const sent = cluster.hand(say("n3", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").role, "follower");
  assert.deepEqual(texts(sent), [
    "n2: REPLICATE term=1 leader=n1 previous=2/1 commit=2",
    "n3: REPLICATE term=1 leader=n1 previous=2/1 commit=2",
    "n2: TIMEOUT_NOW term=1 leader=n1",
  ]);
  cluster.tick("n1", 100);
  assert.equal(cluster.node("n1").role, "follower", "it is no member, so it does not campaign");
});

test("4.2.2: the successor of a leader that demoted itself is the most advanced voter", () => {
  const cluster = led(5);
  cluster.change("n1", { type: "demote", id: "n1", about: "" });
  cluster.lose();
  for (const id of ["n3", "n4"]) cluster.hand(say(id, "n1", 1).ack(2));
  const sent = cluster.hand(say("n5", "n1", 1).ack(2));
  assert.ok(texts(sent).includes("n3: TIMEOUT_NOW term=1 leader=n1"));
});

test("4.2.2: a voter whose removal is only in its own log may be the one that has to lead", () => {
  const cluster = new Cluster({ voters: 2 });
  cluster.hand(say("n1", "n2", 1).append("0/0", [configurationEntry(1, 1, membersNamed(1))]));
  cluster.act("n2", (node) => node.campaign());
  assert.deepEqual(texts(cluster.network), ["n1: PRE_VOTE_REQUEST term=1 candidate=n2 last=1/1"]);
  cluster.lose();
  cluster.hand(say("n1", "n2", 1).preVoteReply(2, true));
  cluster.hand(say("n1", "n2", 2).voteReply(true));
  assert.equal(cluster.node("n2").role, "leader", "by the votes of the others");
});

test("4.2.3: a removed member that does not know it deposes nobody", () => {
  const cluster = led(4);
  cluster.run(4);
  cluster.isolate("n4");
  cluster.change("n1", { type: "remove", id: "n4" });
  cluster.run(30);
  cluster.heal();
  cluster.run(60);
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.equal(cluster.node("n1").term, 1);
});

test("4: what a member says that the leader does not count is not looked at", () => {
  const cluster = led(3);
  cluster.change("n1", { type: "remove", id: "n3" });
  cluster.settle();
  const before = cluster.node("n1").status();
  cluster.hand(say("n3", "n1", 1).ack(1));
  cluster.hand(say("n3", "n1", 1).heartbeatReply(5));
  cluster.act("n1", (node) => {
    node.reportSnapshot("n3", true);
    node.reportUnreachable("n3");
    node.loaded("n3");
  });
  assert.deepEqual(cluster.node("n1").status(), before);
});

test("4.1: what was to be told to a member is not told to who has its name after the change", () => {
  for (const change of [
    { type: "remove", id: "n3" },
    { type: "demote", id: "n3", about: "another" },
  ] as const) {
    const cluster = led(3);
    cluster.propose("n1", "x");
    cluster.settle();
    // A heartbeat, which says what n3 has acknowledged, and the change are in one bundle.
    const told = cluster.act("n1", (node) => {
      node.tick(2);
      return node.proposeChange(change);
    });
    assert.equal(told, 3);
    const heartbeats = cluster.network.filter(({ type }) => type === "heartbeat");
    assert.deepEqual(
      heartbeats.map(({ to }) => to),
      ["n2"],
    );
  }
});
