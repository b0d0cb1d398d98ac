import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIGURATION, decodeConfiguration, emptyConfiguration } from "../../src/raft/index.ts";
import { Cluster, configurationEntry, entry, membersNamed, type Scene } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";
import { testedElsewhere } from "./elsewhere.ts";

/**
 * The 25 mistakes that implementations of Raft and of write-ahead logs are known for, one test each: that the core
 * does not make it, or, where it is made elsewhere, what the core adds and where the rest is tested.
 */

function led(scene: Scene): Cluster {
  const cluster = new Cluster(scene);
  cluster.elect("n1");
  cluster.settle();
  return cluster;
}

test("checklist 1: entries of an earlier term are not committed by counting; the term begins with a no-op", () => {
  const cluster = new Cluster({
    voters: 3,
    logs: { n1: [2, 2], n2: [2], n3: [2] },
    config: { appendBytesMax: 1 },
  });
  cluster.act("n1", (node) => node.campaign());
  cluster.hand(say("n2", "n1", 2).preVoteReply(3, true));
  cluster.hand(say("n2", "n1", 3).voteReply(true));
  assert.deepEqual(cluster.log("n1"), [2, 2, 3]);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 3).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 0, "all three hold entry 2");
  cluster.hand(say("n2", "n1", 3).ack(3));
  assert.equal(cluster.node("n1").commitIndex, 3);
});

test("checklist 2: members change after a commit in the leader's own term, one at a time, and back on truncation", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1], n2: [1], n3: [1] }, strangers: 1 });
  cluster.act("n1", (node) => node.campaign());
  cluster.hand(say("n2", "n1", 1).preVoteReply(2, true));
  cluster.hand(say("n2", "n1", 2).voteReply(true));
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), "termNotCommitted");
  cluster.hand(say("n2", "n1", 2).ack(2));
  assert.equal(cluster.change("n1", { type: "addLearner", id: "n4", about: "" }), 3);
  assert.equal(cluster.node("n1").configuration.members.length, 4, "in force when it is appended");
  assert.equal(cluster.change("n1", { type: "remove", id: "n3" }), "changePending");
  cluster.hand(say("n2", "n1", 3).append("2/2", [entry(3, 3)]));
  assert.equal(cluster.node("n1").configuration.members.length, 3, "undone when it is truncated");
});

test("checklist 3: removed and returning members do not disturb with higher terms", () => {
  const cluster = led({ voters: 4 });
  cluster.run(4);
  cluster.isolate("n4");
  cluster.change("n1", { type: "remove", id: "n4" });
  cluster.run(40);
  assert.equal(cluster.node("n4").term, 1);
  cluster.heal();
  cluster.run(40);
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.equal(cluster.node("n1").term, 1);
});

test("checklist 4: a pre-vote of a low term is refused with the own term, and who campaigns is not sticky", () => {
  // etcd 8243: no answer at all; openraft 1796: the longest log has the lowest term.
  const cluster = new Cluster({
    voters: 2,
    logs: { n1: [1, 1, 1], n2: [1] },
    hardStates: { n2: { term: 7, vote: undefined } },
  });
  assert.deepEqual(texts(cluster.hand(say("n1", "n2", 1).preVote("3/1"))), [
    "n1: PRE_VOTE_RESPONSE term=7 for=2 granted=false",
  ]);
  cluster.runUntil(() => cluster.leaders.length > 0);
  assert.deepEqual(cluster.leaders, ["n1"], "the only one that may win");
  // etcd 9586: stickiness that outlived the follower.
  const sticky = new Cluster({ voters: 3 });
  sticky.hand(say("n2", "n1", 1).heartbeat({ isConfirmed: true }));
  sticky.act("n1", (node) => node.campaign());
  assert.deepEqual(texts(sticky.hand(say("n3", "n1", 1).preVote("0/0"))), [
    "n3: PRE_VOTE_RESPONSE term=1 for=2 granted=true",
  ]);
});

test("checklist 5: over a bridge, a leader without a majority binds nobody, and steps down before voters' stickiness ends", () => {
  const cluster = led({ voters: 5 });
  cluster.run(4);
  cluster.cut(["n1"], ["n2", "n4", "n5"]);
  cluster.run(8);
  assert.deepEqual(cluster.leaders, [], "n1 has stepped down, and no other can have been elected");
  cluster.runUntil(() => cluster.leaders.length === 1, 20);
  assert.notDeepEqual(cluster.leaders, ["n1"]);
  assert.throws(() => new Cluster({ voters: 3, config: { checkQuorumTicks: 10 } }), /steps down before/);
});

test("checklist 6: nothing is promised before it is durable, whatever the number of voters and of writes under way", () => {
  const follower = new Cluster({ voters: 3 });
  follower.member("n1").isDiskSlow = true;
  assert.deepEqual(follower.hand(say("n2", "n1", 1).append("0/0", [entry(1, 1)])), []);
  assert.deepEqual(follower.hand(say("n2", "n1", 1).append("1/1", [entry(2, 1)])), []);
  assert.deepEqual(follower.hand(say("n3", "n1", 2).requestVote("2/1")), []);
  for (const promised of [[], [], ["n3: VOTE_RESPONSE term=2 granted=true"]]) {
    follower.member("n1").finishWrite();
    assert.deepEqual(texts(follower.network.splice(0)), promised, "those of term 1 are of no use any more");
  }
  const only = led({ voters: 1 });
  only.member("n1").isDiskSlow = true;
  only.propose("n1", "x");
  assert.equal(only.node("n1").commitIndex, 1, "one voter counts its disk too (etcd 14370)");
  const { node, disk } = only.member("n1");
  assert.throws(() => node.persisted({ ...disk.pending[0]!, number: 99 }), /reported once, in order/);
  testedElsewhere("test/durable/member.test.ts", "a write is answered when the disk has it, and not before");
});

test("checklist 7: nothing is applied that the own log could lose", () => {
  const cluster = led({ voters: 3 });
  for (const id of ["n1", "n3"]) cluster.member(id).isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.run(2);
  cluster.hand(say("n1", "n3", 1).heartbeat({ commitIndex: 2 }));
  const { commitIndex, applyIndex, stableIndex } = cluster.node("n3").status();
  assert.deepEqual([commitIndex, applyIndex, stableIndex], [2, 1, 1]);
  assert.deepEqual(cluster.applied.get("n3"), []);
  cluster.member("n3").finishWrite();
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("checklist 8: a leader that writes beside the network counts itself after its own sync", () => {
  const cluster = led({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.hand(say("n2", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").commitIndex, 2);
});

test("checklist 9: repeated messages neither truncate nor append twice, also at and before the log's beginning", () => {
  const cluster = new Cluster({ voters: 3 });
  const all = [1, 2, 3, 4].map((index) => entry(index, 1));
  const first = say("n2", "n1", 1).append("0/0", all.slice(0, 2), 2);
  cluster.hand(first);
  cluster.hand(say("n2", "n1", 1).append("2/1", all.slice(2), 4));
  cluster.hand(first);
  assert.deepEqual(cluster.log("n1"), [1, 1, 1, 1]);
  cluster.member("n1").compact(4);
  cluster.hand(first);
  cluster.hand(say("n2", "n1", 1).append("0/0", all));
  assert.deepEqual(cluster.log("n1"), [1], "entry 4 alone is kept");
  assert.equal(cluster.node("n1").status().lastIndex, 4);
});

test("checklist 10: snapshots that cross each other, crash half way or are never reported leave nobody behind", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.isolate("n3");
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.member("n1").compact(3);
  cluster.heal();
  // The follower crashes with the snapshot half written (dgraph 2707), and again with a second one behind it.
  cluster.member("n3").isDiskSlow = true;
  cluster.run(4);
  cluster.crash("n3");
  cluster.start("n3");
  cluster.propose("n1", "y");
  cluster.lose(({ to }) => to === "n3");
  cluster.settle();
  cluster.member("n1").compact(4);
  cluster.run(4);
  assert.equal(cluster.member("n3").disk.pending.length > 0, true);
  cluster.member("n3").isDiskSlow = false;
  while (cluster.member("n3").finishWrite());
  cluster.propose("n1", "z");
  cluster.run(6);
  assert.deepEqual(cluster.applied.get("n3"), ["z"]);
  assert.equal(
    cluster
      .node("n1")
      .status()
      .peers.find(({ id }) => id === "n3")!.state,
    "replicate",
  );
  testedElsewhere(
    "src/log/snapshots.test.ts",
    "wherever the machine stops, the newest snapshot is whole: the last one, or the one before",
  );
});

test("checklist 11: a read waits for the no-op, for answers to its own round, and for its index to be applied", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1], n2: [1], n3: [1] } });
  cluster.act("n1", (node) => node.campaign());
  cluster.hand(say("n2", "n1", 1).preVoteReply(2, true));
  cluster.hand(say("n2", "n1", 2).voteReply(true));
  cluster.read("n1", 1);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 2).heartbeatReply(1));
  assert.deepEqual(cluster.reads, [], "no round has begun that this could answer");
  cluster.hand(say("n2", "n1", 2).ack(2));
  cluster.read("n1", 2);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 2).heartbeatReply(1));
  assert.deepEqual(
    cluster.reads.map(({ token, index }) => [token, index]),
    [[1, 2]],
    "the second came when the round had begun (etcd 20418)",
  );
});

test("checklist 12: there is no lease: leadership that was confirmed a moment ago does not answer a read", () => {
  const cluster = led({ voters: 3 });
  cluster.read("n1", 1);
  cluster.settle();
  assert.equal(cluster.reads.length, 1);
  cluster.read("n1", 2);
  assert.equal(cluster.reads.length, 1);
  cluster.isolate("n1");
  cluster.settle();
  cluster.run(8);
  assert.equal(cluster.reads.length, 1);
  assert.deepEqual(cluster.failedReads, [{ id: "n1", token: 2 }]);
});

test("checklist 13: a transfer overrides stickiness, takes nothing new meanwhile, and ends with its timeout", () => {
  const cluster = led({ voters: 3 });
  cluster.run(4);
  cluster.act("n1", (node) => node.transfer("n2"));
  assert.equal(cluster.propose("n1", "x"), "transferring");
  cluster.lose();
  cluster.cut(["n1"], ["n2"]);
  cluster.run(10);
  cluster.heal();
  assert.equal(cluster.propose("n1", "x"), 2);
  cluster.settle();
  cluster.act("n1", (node) => node.transfer("n2"));
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n2"]);
});

test("checklist 14: term and vote are in a write of their own right, and on the disk before they are told", () => {
  const writes: unknown[] = [];
  const cluster = new Cluster({
    voters: 3,
    onReady: (id, { write }) => id === "n1" && write !== undefined && writes.push(write.hardState),
  });
  cluster.hand(say("n2", "n1", 4).requestVote("0/0"));
  cluster.hand(say("n3", "n1", 5).requestVote("0/0"));
  cluster.hand(say("n3", "n1", 5).append("0/0", [entry(1, 5)]));
  assert.deepEqual(writes, [{ term: 4, vote: "n2" }, { term: 5, vote: "n3" }, undefined]);
  testedElsewhere("src/log/hard-state.test.ts", "term, vote and commit are durable when they are saved");
  testedElsewhere(
    "src/log/small-file.test.ts",
    "after a crash at any call the old file is there or the new one, and what was read stays",
  );
});

test("checklist 15: a write that never comes back promises nothing, is never given again, and deposes its leader", () => {
  const cluster = led({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  cluster.propose("n1", "x");
  const [write] = cluster.member("n1").disk.pending.splice(0);
  assert.equal(write!.entries.length, 1);
  cluster.run(10);
  assert.equal(cluster.node("n1").role, "follower");
  assert.deepEqual(cluster.member("n1").disk.pending, [], "what failed is not tried again");
  assert.equal(cluster.node("n1").status().stableIndex, 1);
  testedElsewhere("src/log/wal.test.ts", "a failed sync is told once, and nothing is written any more");
  testedElsewhere(
    "test/durable/member.test.ts",
    "after a failed write nothing is written any more, also where the disk works again",
  );
});

test("checklist 16: who was promised more than a log holds finds out: an acknowledged end that is gone is an alarm", () => {
  // The log's room tells a torn tail from damage; a node that comes back with less than it acknowledged must not go on.
  const cluster = led({ voters: 3 });
  cluster.propose("n1", "x");
  cluster.settle();
  const { disk } = cluster.member("n3");
  cluster.crash("n3");
  disk.plant([entry(1, 1)], 1);
  cluster.start("n3");
  assert.throws(
    () => cluster.hand(say("n1", "n3", 1).heartbeat({ commitIndex: 2 })),
    /only what is in the log is committed/,
  );
  testedElsewhere(
    "src/log/recover.test.ts",
    "a damaged record is refused, wherever it stands, by file, offset, record and index",
  );
  testedElsewhere(
    "src/log/recover.test.ts",
    "an unfinished write is cut with a line that says where, and the rest is as before",
  );
});

test("checklist 17: an empty disk knows no members: it does not vote, does not campaign, and comes back as a learner", () => {
  const cluster = new Cluster({ voters: 2, strangers: 1 });
  assert.deepEqual(texts(cluster.hand(say("n1", "n3", 5).requestVote("9/4"))), [
    "n1: VOTE_RESPONSE term=5 granted=false",
  ]);
  cluster.tick("n3", 100);
  assert.equal(cluster.node("n3").role, "follower");
  cluster.elect("n1");
  cluster.change("n1", { type: "demote", id: "n2", about: "a new incarnation" });
  const peer = cluster
    .node("n1")
    .status()
    .peers.find(({ id }) => id === "n2")!;
  assert.equal(peer.match, 0, "what the old one acknowledged is forgotten");
  testedElsewhere(
    "src/log/identity.test.ts",
    "whatever a crash leaves, no boot number comes twice and the identity stays the same",
  );
});

test("checklist 18: the same input makes the same cluster: nothing in the core depends on clock, chance or order", () => {
  const play = () => {
    const lines: string[] = [];
    const cluster = new Cluster({ voters: 5, learners: 1 });
    cluster.onMessage = (message, fate) => lines.push(fate, ...texts([message]));
    cluster.run(30);
    for (let i = 0; i < 5; i++) cluster.propose(cluster.leaders[0]!, `${i}`);
    cluster.read("n6", 1);
    cluster.crash(cluster.leaders[0]!);
    cluster.run(30);
    return { lines, applied: [...cluster.applied] };
  };
  assert.deepEqual(play(), play());
  testedElsewhere("src/engine/state-hash.test.ts", "the same commands give the same hash");
  testedElsewhere(
    "src/engine/keyspace.test.ts",
    "keys leave in the order of their deadlines, equal ones in the order of their bytes",
  );
});

test("checklist 19: an entry is given to the engine once in a life, also behind a snapshot", () => {
  const cluster = led({ voters: 3 });
  for (const text of ["x", "y"]) cluster.propose("n1", text);
  cluster.settle();
  cluster.run(4);
  const snapshot = say("n1", "n2", 1).snapshot("3/1", membersNamed(3));
  cluster.hand(snapshot);
  cluster.hand(say("n1", "n2", 1).append("1/1", [entry(2, 1, "x"), entry(3, 1, "y")], 3));
  assert.deepEqual(cluster.applied.get("n2"), ["x", "y"]);
  testedElsewhere(
    "src/engine/chunk.test.ts",
    "sessions stand in a chunk byte by byte as its description says, and come back",
  );
  testedElsewhere(
    "test/durable/sessions.test.ts",
    "a node that is killed keeps its sessions: a write that is sent again is not applied again",
  );
});

test("checklist 20: heartbeats carry no entries and wait for nothing; messages and what is under way are bounded", () => {
  const cluster = new Cluster({ voters: 3, config: { appendBytesMax: 300, inflightMessagesMax: 4 } });
  cluster.elect("n1");
  cluster.member("n3").isDiskSlow = true;
  for (let i = 0; i < 40; i++) cluster.propose("n1", "x".repeat(100));
  cluster.tick("n1", 2);
  const toSlow = cluster.network.filter(({ to }) => to === "n3");
  assert.ok(
    toSlow.some(({ type }) => type === "heartbeat"),
    "behind a window that is full",
  );
  let most = 0;
  cluster.onMessage = (message) => {
    if (message.type === "appendEntries") most = Math.max(most, message.entries.length);
  };
  cluster.run(40);
  assert.deepEqual(cluster.leaders, ["n1"]);
  assert.ok(most <= 2, "two entries of 164 bytes are more than 300");
  assert.equal(
    cluster
      .node("n1")
      .status()
      .peers.find(({ id }) => id === "n3")!.inflight,
    4,
  );
  testedElsewhere("src/peers/codec.test.ts", "a heartbeat is small");
});

test("checklist 21: one voter becomes two and two become one by the new quorum, and learners are in none", () => {
  const cluster = led({ voters: 1, learners: 2 });
  cluster.change("n1", { type: "promote", id: "n2" });
  cluster.hand(say("n3", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 1, "two of two, and n3 is neither");
  cluster.hand(say("n2", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 2);
  cluster.change("n1", { type: "remove", id: "n2" });
  assert.equal(cluster.node("n1").commitIndex, 3, "one of one");
});

test("checklist 22: votes are counted by the configuration in the candidate's own log, committed or not", () => {
  // n1's log ends with a configuration of five, which is not committed; it was elected as one of three before.
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).append("0/0", [configurationEntry(1, 1, membersNamed(4))]));
  cluster.act("n1", (node) => node.campaign());
  cluster.hand(say("n2", "n1", 1).preVoteReply(2, true));
  assert.equal(cluster.node("n1").role, "preCandidate", "two of four");
  cluster.hand(say("n4", "n1", 0).preVoteReply(2, true));
  assert.equal(cluster.node("n1").role, "candidate");
  // And the voter does not judge by its own: who is asked answers (thesis 4.1).
  assert.deepEqual(texts(cluster.hand(say("n9", "n2", 3).requestVote("2/1"))), [
    "n9: VOTE_RESPONSE term=3 granted=true",
  ]);
});

test("checklist 23: a refused vote does not restart the timer, each attempt draws it anew, and a pause is noticed", () => {
  let draws = 0;
  const random = (below: number) => draws++ % below;
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 1] }, config: { random } });
  for (let i = 0; i < 20 && cluster.node("n1").role === "follower"; i++) {
    cluster.hand(say("n3", "n1", 2 + i).requestVote("1/1"));
    cluster.tick("n1");
  }
  assert.equal(cluster.node("n1").role, "preCandidate", "refused votes never keep it silent");
  const before = draws;
  cluster.tick("n1", 60);
  assert.ok(draws - before >= 3);
  const leader = led({ voters: 3 });
  leader.act("n1", (node) => {
    node.tick(500);
    assert.equal(node.propose(1, Buffer.from("x")), "notLeader", "a paused leader looks at the time first");
  });
});

test("checklist 24: the core forwards no proposal and keeps none: what is refused has not happened", () => {
  const cluster = led({ voters: 3 });
  assert.equal(cluster.propose("n2", "x"), "notLeader");
  cluster.crash("n1");
  cluster.runUntil(() => cluster.leaders.length > 0);
  cluster.run(4);
  assert.deepEqual(cluster.applied.get("n2"), []);
  testedElsewhere(
    "src/engine/session.test.ts",
    "batches of a node are applied strictly in their order, each once, and its session lives by them",
  );
});

test("checklist 25: members are what the log and the snapshot say, and nothing else survives a restart", () => {
  const cluster = led({ voters: 3, strangers: 1 });
  cluster.change("n1", { type: "addLearner", id: "n4", about: "" });
  cluster.settle();
  cluster.member("n1").compact(3);
  cluster.change("n1", { type: "promote", id: "n4" });
  cluster.settle();
  cluster.change("n1", { type: "remove", id: "n2" });
  cluster.settle();
  for (const id of ["n1", "n3", "n4"]) {
    const { configuration } = cluster.node(id);
    const { disk } = cluster.member(id);
    const last = disk.all.findLast(({ kind }) => kind === CONFIGURATION);
    assert.deepEqual(decodeConfiguration(last!.payload), configuration);
    cluster.crash(id);
    cluster.start(id);
    assert.deepEqual(cluster.node(id).configuration, configuration, id);
  }
  const fresh = new Cluster({ voters: 0, strangers: 1 });
  assert.deepEqual(fresh.node("n1").configuration, emptyConfiguration);
});
