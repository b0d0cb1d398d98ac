import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Reads and check quorum: paper 8, thesis 6.2 to 6.4. */

function led(voters: number, learners = 0): Cluster {
  const cluster = new Cluster({ voters, learners });
  cluster.elect("n1");
  return cluster;
}

test("6.2: a leader that hears no majority steps down, sooner than its followers would elect another", () => {
  const cluster = led(3, 1);
  cluster.run(6);
  cluster.isolate("n1");
  cluster.cuts.delete("n4 n1");
  cluster.cuts.delete("n1 n4");
  cluster.run(7);
  assert.equal(cluster.node("n1").role, "leader");
  cluster.run(1);
  assert.equal(cluster.node("n1").role, "follower", "a learner is no majority");
  assert.deepEqual(cluster.leaders, []);
});

test("6.2: one of two others is a majority of three", () => {
  const cluster = led(3);
  cluster.isolate("n3");
  cluster.run(50);
  assert.deepEqual(cluster.leaders, ["n1"]);
});

test("6.2: a leader that was paused steps down before it does anything else", () => {
  const cluster = led(3);
  cluster.act("n1", (node) => node.tick(1_000));
  assert.equal(cluster.node("n1").role, "follower");
  assert.deepEqual(cluster.network, []);
});

test("6.2: a paused follower gives its leader the time of a heartbeat before it campaigns", () => {
  const cluster = led(3);
  cluster.act("n2", (node) => node.tick(1_000));
  assert.equal(cluster.node("n2").role, "follower");
});

test("6.4: a read takes the commit index of its beginning, and goes when a majority has confirmed the leader since", () => {
  const cluster = led(5);
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.read("n1", 7);
  assert.deepEqual(texts(cluster.network.splice(0)), [
    "n2: HEARTBEAT term=1 leader=n1 commit=2 confirmed round=1",
    "n3: HEARTBEAT term=1 leader=n1 commit=2 confirmed round=1",
    "n4: HEARTBEAT term=1 leader=n1 commit=2 confirmed round=1",
    "n5: HEARTBEAT term=1 leader=n1 commit=2 confirmed round=1",
  ]);
  cluster.hand(say("n2", "n1", 1).heartbeatReply(0));
  cluster.hand(say("n3", "n1", 1).heartbeatReply(0));
  assert.deepEqual(cluster.reads, [], "answers to heartbeats before it prove nothing");
  cluster.hand(say("n2", "n1", 1).heartbeatReply(1));
  assert.deepEqual(cluster.reads, [], "two of five are no majority");
  cluster.hand(say("n3", "n1", 1).heartbeatReply(1));
  assert.deepEqual(cluster.reads, [{ id: "n1", token: 7, index: 2 }]);
});

test("6.4: neither learners nor strangers confirm a read", () => {
  const cluster = led(3, 2);
  cluster.read("n1", 7);
  for (const id of ["n4", "n5", "n9"]) cluster.hand(say(id, "n1", 1).heartbeatReply(1));
  assert.deepEqual(cluster.reads, []);
  cluster.hand(say("n3", "n1", 1).heartbeatReply(1));
  assert.equal(cluster.reads.length, 1);
});

test("6.4: reads that wait share one round; one that comes during a round waits for the next", () => {
  const cluster = led(3);
  cluster.lose();
  cluster.act("n1", (node) => {
    node.readIndex(1);
    node.readIndex(2);
  });
  assert.equal(cluster.network.length, 2, "one heartbeat each");
  cluster.read("n1", 3);
  assert.equal(cluster.network.length, 2, "nothing more");
  cluster.lose();
  const next = cluster.hand(say("n2", "n1", 1).heartbeatReply(1));
  assert.deepEqual(
    cluster.reads.map(({ token }) => token),
    [1, 2],
  );
  assert.deepEqual(texts(next), [
    "n2: HEARTBEAT term=1 leader=n1 commit=1 confirmed round=2",
    "n3: HEARTBEAT term=1 leader=n1 commit=1 confirmed round=2",
  ]);
  cluster.hand(say("n3", "n1", 1).heartbeatReply(1));
  assert.equal(cluster.reads.length, 2, "a late answer to the first round");
  cluster.hand(say("n3", "n1", 1).heartbeatReply(2));
  assert.equal(cluster.reads.length, 3);
});

test("6.4: a round whose messages are lost is asked again by each heartbeat", () => {
  const cluster = led(3);
  cluster.read("n1", 1);
  cluster.lose();
  cluster.run(2);
  assert.equal(cluster.reads.length, 1);
});

test("6.4: before an entry of its own term is committed, a leader does not know what is: reads wait", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1], n2: [1], n3: [1] } });
  cluster.act("n1", (node) => node.campaign());
  cluster.deliver();
  cluster.deliver();
  cluster.deliver();
  cluster.deliver();
  assert.equal(cluster.node("n1").role, "leader");
  cluster.lose();
  cluster.read("n1", 1);
  cluster.tick("n1", 2);
  for (const id of ["n2", "n3"]) cluster.hand(say(id, "n1", 2).heartbeatReply(0));
  assert.deepEqual(cluster.reads, []);
  cluster.lose();
  const begun = cluster.hand(say("n2", "n1", 2).ack(2));
  assert.ok(texts(begun).includes("n2: HEARTBEAT term=2 leader=n1 commit=2 confirmed round=1"));
  cluster.hand(say("n2", "n1", 2).heartbeatReply(1));
  assert.deepEqual(cluster.reads, [{ id: "n1", token: 1, index: 2 }]);
});

test("6.4: the only voter asks nobody", () => {
  const cluster = led(1, 1);
  cluster.settle();
  cluster.read("n1", 1);
  assert.deepEqual(cluster.reads, [{ id: "n1", token: 1, index: 1 }]);
  assert.deepEqual(cluster.network, []);
});

test("6.4: a read whose last other voter is removed while it waits needs nobody any more", () => {
  const cluster = led(2);
  cluster.read("n1", 1);
  cluster.lose();
  assert.deepEqual(cluster.reads, []);
  cluster.change("n1", { type: "remove", id: "n2" });
  cluster.run(4);
  cluster.read("n1", 2);
  assert.deepEqual(
    cluster.reads.map(({ token }) => token),
    [1, 2],
  );
});

test("6.4: a leader that was replaced never answers, and its reads fail when it learns of it", () => {
  const cluster = led(3);
  cluster.isolate("n1");
  cluster.act("n2", (node) => node.campaign());
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n2", "n1"], "n1 does not know yet");
  cluster.propose("n2", "x");
  cluster.settle();
  cluster.read("n1", 1);
  cluster.read("n1", 2);
  cluster.settle();
  assert.deepEqual(cluster.reads, []);
  cluster.heal();
  cluster.run(2);
  assert.deepEqual(cluster.reads, []);
  assert.deepEqual(cluster.failedReads, [
    { id: "n1", token: 1 },
    { id: "n1", token: 2 },
  ]);
});

test("6.4: any member may read: it asks the leader for the index", () => {
  const cluster = led(3, 1);
  cluster.propose("n1", "x");
  cluster.settle();
  for (const id of ["n2", "n4"]) {
    cluster.read(id, 5);
    assert.deepEqual(texts(cluster.network), ["n1: READ_INDEX term=1 request=1.1"]);
    cluster.settle();
    assert.deepEqual(cluster.reads.pop(), { id, token: 5, index: 2 });
  }
});

test("6.4: its reads share requests too, one at a time", () => {
  const cluster = led(3);
  cluster.read("n2", 1);
  cluster.read("n2", 2);
  cluster.read("n2", 3);
  assert.deepEqual(texts(cluster.network), ["n1: READ_INDEX term=1 request=1.1"]);
  cluster.settle();
  assert.deepEqual(
    cluster.reads.map(({ token }) => token),
    [1, 2, 3],
  );
  assert.equal(cluster.network.length, 0);
});

test("6.4: a request that is lost is made again with the next heartbeat, and answered once", () => {
  const cluster = led(3);
  cluster.read("n2", 1);
  cluster.lose();
  const asked = cluster.hand(say("n1", "n2", 1).heartbeat());
  assert.deepEqual(texts(asked), ["n1: HEARTBEAT_RESPONSE term=1", "n1: READ_INDEX term=1 request=1.1"]);
  cluster.hand(say("n1", "n2", 1).readIndexReply(1, 1, 1));
  cluster.hand(say("n1", "n2", 1).readIndexReply(1, 1, 1));
  assert.equal(cluster.reads.length, 1);
});

test("6.4: a leader that is asked the same again and again keeps and answers it once", () => {
  const cluster = led(3);
  cluster.act("n1", (node) => {
    for (let i = 0; i < 100; i++) node.step(say("n2", "n1", 1).readIndex(1, 1));
  });
  cluster.lose();
  assert.deepEqual(cluster.hand(say("n2", "n1", 1).readIndex(1, 1)), [], "also while its round is open");
  const answered = cluster.hand(say("n3", "n1", 1).heartbeatReply(1));
  assert.deepEqual(texts(answered), ["n2: READ_INDEX_RESPONSE term=1 request=1.1 index=1"]);
});

test("6.4: a late answer is not taken for that of another request, nor one meant for an earlier life", () => {
  const cluster = led(3);
  cluster.read("n2", 1);
  cluster.act("n2", (node) => node.reportRefused("n1"));
  assert.deepEqual(cluster.failedReads, [{ id: "n2", token: 1 }]);
  cluster.hand(say("n1", "n2", 1).heartbeat());
  cluster.read("n2", 2);
  cluster.hand(say("n1", "n2", 1).readIndexReply(1, 1, 1));
  cluster.hand(say("n1", "n2", 1).readIndexReply(0, 2, 1));
  assert.deepEqual(cluster.reads, []);
  cluster.hand(say("n1", "n2", 1).readIndexReply(1, 2, 1));
  assert.deepEqual(cluster.reads, [{ id: "n2", token: 2, index: 1 }]);
});

test("6.4: without a leader a read fails at once, and when the leader changes, those that were asked of it", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.read("n2", 1);
  assert.deepEqual(cluster.failedReads.pop(), { id: "n2", token: 1 });
  cluster.hand(say("n1", "n2", 1).heartbeat());
  cluster.read("n2", 2);
  cluster.read("n2", 3);
  cluster.hand(say("n3", "n2", 2).heartbeat());
  assert.deepEqual(cluster.failedReads, [
    { id: "n2", token: 2 },
    { id: "n2", token: 3 },
  ]);
});

test("6.4: the reads that wait are failed once, with the leader's fall", () => {
  const cluster = led(3);
  cluster.lose();
  cluster.read("n1", 1);
  cluster.read("n1", 2);
  cluster.hand(say("n2", "n1", 2).heartbeatReply());
  assert.deepEqual(
    cluster.failedReads.map(({ token }) => token),
    [1, 2],
  );
  cluster.tick("n1", 3);
  assert.equal(cluster.failedReads.length, 2);
});
