import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, configurationEntry, entry, membersNamed } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Log compaction and InstallSnapshot: paper 7, thesis 5. */

/** n1 leads and has compacted entries 1 to 4 and 5; n3 has nothing and is cut off. */
function compacted(): Cluster {
  const cluster = new Cluster({ voters: 3 });
  cluster.isolate("n3");
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  for (const text of ["x", "y", "z", "end"]) cluster.propose("n1", text);
  cluster.settle();
  cluster.member("n1").compact(6);
  assert.equal(cluster.member("n1").disk.snapshot.index, 5);
  return cluster;
}

test("7: a follower whose next entries are compacted gets the snapshot, and then the log behind it", () => {
  const cluster = compacted();
  cluster.propose("n1", "later");
  cluster.settle();
  cluster.heal();
  const kinds: string[] = [];
  cluster.onMessage = ({ type, to }) => {
    if (to === "n3") kinds.push(type);
  };
  cluster.run(4);
  assert.ok(kinds.includes("installSnapshot"));
  assert.equal(cluster.member("n3").disk.snapshot.index, 5);
  assert.equal(cluster.node("n3").status().firstIndex, 6);
  assert.deepEqual(cluster.log("n3"), [1]);
  assert.deepEqual(cluster.applied.get("n3"), ["later"], "the rest was in the state");
});

test("7: a snapshot brings the members along", () => {
  const cluster = new Cluster({ voters: 1, strangers: 1 });
  cluster.elect("n1");
  cluster.change("n1", { type: "addLearner", id: "n2", about: "" });
  cluster.lose();
  cluster.member("n1").compact(3);
  cluster.run(4);
  assert.deepEqual(
    cluster.node("n2").configuration.members.map(({ id, isVoter }) => [id, isVoter]),
    [
      ["n1", true],
      ["n2", false],
    ],
  );
  assert.equal(cluster.node("n2").status().configurationIndex, 2);
});

test("7: a transfer that failed is tried again, once the member shows that it is there", () => {
  const { cluster, peer } = withSnapshotUnderWay();
  cluster.act("n1", (node) => node.reportSnapshot("n3", false));
  assert.deepEqual(cluster.network, [], "not at once: it may be gone");
  assert.equal(peer().state, "probe");
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 1).heartbeatReply())), [
    "n3: SNAPSHOT term=1 leader=n1 last=5/1",
  ]);
});

test("7: a transfer that succeeded is followed by the log behind it, also if its acknowledgement is lost", () => {
  const { cluster, peer } = withSnapshotUnderWay();
  cluster.propose("n1", "later");
  cluster.lose();
  cluster.act("n1", (node) => node.reportSnapshot("n3", true));
  assert.equal(peer().next, 6);
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 1).heartbeatReply())), [
    "n3: REPLICATE term=1 leader=n1 previous=5/1 entries=6/1 commit=5",
  ]);
});

test("7: an acknowledgement of the snapshot ends the state, before or without the host's report", () => {
  const { cluster, peer } = withSnapshotUnderWay();
  cluster.hand(say("n3", "n1", 1).ack(3));
  assert.equal(peer().state, "snapshot", "an older one does not");
  cluster.hand(say("n3", "n1", 1).ack(5));
  assert.equal(peer().state, "replicate");
  cluster.act("n1", (node) => node.reportSnapshot("n3", true));
  assert.equal(peer().state, "replicate", "a late report changes nothing");
});

test("7: while a snapshot travels nothing else is sent there, whatever is heard meanwhile", () => {
  const { cluster, peer } = withSnapshotUnderWay();
  cluster.propose("n1", "later");
  cluster.lose(({ to }) => to === "n2");
  cluster.hand(say("n3", "n1", 1).nack(5, "0/0"));
  cluster.hand(say("n3", "n1", 1).heartbeatReply());
  cluster.act("n1", (node) => node.reportUnreachable("n3"));
  assert.deepEqual(texts(cluster.network), []);
  assert.equal(peer().state, "snapshot");
});

function withSnapshotUnderWay() {
  const cluster = compacted();
  cluster.heal();
  const sent = cluster.hand(say("n3", "n1", 1).heartbeatReply());
  assert.deepEqual(texts(sent), ["n3: SNAPSHOT term=1 leader=n1 last=5/1"]);
  const peer = () =>
    cluster
      .node("n1")
      .status()
      .peers.find(({ id }) => id === "n3")!;
  assert.equal(peer().state, "snapshot");
  return { cluster, peer };
}

test("7: a snapshot takes the place of a log that does not have its last entry", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 2, 2, 2, 2] } });
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 3).snapshot("4/3", membersNamed(3)))), [
    "n2: ACK term=3 index=4",
  ]);
  assert.deepEqual(cluster.log("n1"), []);
  assert.equal(cluster.node("n1").commitIndex, 4);
  assert.equal(cluster.node("n1").status().lastIndex, 4);
});

test("7: a log that has its last entry keeps what follows", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 2, 2, 2, 2] } });
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)))), [
    "n2: ACK term=3 index=4",
  ]);
  assert.deepEqual(cluster.log("n1"), [1, 2, 2, 2, 2]);
  assert.equal(cluster.node("n1").commitIndex, 4);
});

test("7: an old snapshot takes nothing back", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)));
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 3).snapshot("2/1", membersNamed(2)))), [
    "n2: ACK term=3 index=2",
  ]);
  const { commitIndex, lastIndex, configuration } = cluster.node("n1").status();
  assert.equal(commitIndex, 4);
  assert.equal(lastIndex, 4);
  assert.equal(configuration.members.length, 3);
});

test("7: an entry in front of a message may be compacted here: it was committed, so all have it", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)));
  const entries = [entry(3, 2), entry(4, 2), entry(5, 3)];
  assert.deepEqual(texts(cluster.hand(say("n2", "n1", 3).append("2/1", entries))), [
    "n2: ACK term=3 index=5",
  ]);
  assert.deepEqual(cluster.log("n1"), [3], "nothing is there twice");
});

test("5 (thesis): a snapshot is acknowledged when it is durable, and entries behind it too", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  assert.deepEqual(cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3))), []);
  assert.deepEqual(cluster.hand(say("n2", "n1", 3).append("4/2", [entry(5, 3)], 5)), []);
  assert.equal(cluster.node("n1").status().applyIndex, 0, "the engine is not touched before");
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network.splice(0)), ["n2: ACK term=3 index=4"]);
  assert.equal(cluster.node("n1").status().applyIndex, 4);
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network), ["n2: ACK term=3 index=5"]);
  assert.equal(cluster.node("n1").status().applyIndex, 5);
});

test("5 (thesis): while a snapshot is being written, what it covers is committed, and what follows is taken", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)));
  cluster.hand(say("n2", "n1", 3).append("2/1", [entry(3, 2), entry(4, 2), entry(5, 3)]));
  assert.equal(cluster.node("n1").status().lastIndex, 5);
  while (cluster.member("n1").finishWrite());
  assert.deepEqual(cluster.log("n1"), [3]);
});

test("5 (thesis): a second snapshot may come while the first is being written", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1] } });
  cluster.member("n1").isDiskSlow = true;
  cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)));
  cluster.hand(say("n2", "n1", 3).snapshot("8/3", membersNamed(3)));
  assert.equal(cluster.node("n1").commitIndex, 8);
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").status().applyIndex, 4);
  assert.equal(cluster.node("n1").status().firstIndex, 9);
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").status().applyIndex, 8);
  assert.deepEqual(texts(cluster.network), ["n2: ACK term=3 index=4", "n2: ACK term=3 index=8"]);
});

test("5 (thesis): a crash while a snapshot is being written leaves the log as it was, and it comes again", () => {
  const cluster = compacted();
  cluster.heal();
  cluster.member("n3").isDiskSlow = true;
  cluster.run(4);
  assert.equal(cluster.node("n3").commitIndex, 5);
  cluster.crash("n3");
  cluster.member("n3").isDiskSlow = false;
  cluster.start("n3");
  assert.equal(cluster.node("n3").commitIndex, 0);
  cluster.run(6);
  assert.equal(cluster.member("n3").disk.snapshot.index, 5);
});

test("5 (thesis): configurations behind the snapshot are truncated back to the snapshot's", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 3).snapshot("4/2", membersNamed(3)));
  cluster.hand(say("n2", "n1", 3).append("4/2", [configurationEntry(5, 3, membersNamed(2))]));
  assert.equal(cluster.node("n1").configuration.members.length, 2);
  cluster.hand(say("n3", "n1", 4).append("4/2", [entry(5, 4)]));
  assert.equal(cluster.node("n1").configuration.members.length, 3);
  assert.equal(cluster.node("n1").status().configurationIndex, 4);
});
