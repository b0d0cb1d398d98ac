import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../src/raft/index.ts";
import { Cluster, membersNamed } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Terms: paper 5.1, figure 2 "rules for servers". */

/** Three voters in term 1: n1 in the role that is asked for, n2 and n3 silent. */
function inRole(role: "follower" | "preCandidate" | "candidate" | "leader"): Cluster {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1], n2: [1], n3: [1] } });
  if (role !== "follower") cluster.act("n1", (node) => node.campaign());
  if (role === "candidate" || role === "leader") cluster.hand(say("n2", "n1", 1).preVoteReply(2, true));
  if (role === "leader") cluster.hand(say("n2", "n1", 2).voteReply(true));
  assert.equal(cluster.node("n1").role, role);
  cluster.lose();
  return cluster;
}

const roles = ["follower", "preCandidate", "candidate", "leader"] as const;

/** Everything that moves a member to the sender's term. */
const fromTerm9: readonly Message[] = [
  say("n2", "n1", 9).append("1/1"),
  say("n2", "n1", 9).heartbeat(),
  say("n2", "n1", 9).snapshot("1/1", membersNamed(3)),
  say("n2", "n1", 9).voteReply(false),
  say("n2", "n1", 9).preVoteReply(2, false),
  say("n2", "n1", 9).ack(0),
  say("n2", "n1", 9).heartbeatReply(),
  say("n2", "n1", 9).readIndex(1, 1),
];

for (const role of roles) {
  test(`5.1: a ${role} that sees a higher term enters it as a follower`, () => {
    for (const message of fromTerm9) {
      const cluster = inRole(role);
      cluster.hand(message);
      assert.equal(cluster.node("n1").term, 9, message.type);
      assert.equal(cluster.node("n1").role, "follower", message.type);
      assert.equal(cluster.node("n1").status().vote, undefined, "nobody has its vote in a new term");
    }
  });

  test(`5.1: a ${role} refuses what is asked in an old term, and names its own`, () => {
    const { node, hand } = bound(inRole(role));
    const own = node("n1").term;
    const refused = `index=0 conflict=0/0`;
    assert.deepEqual(texts(hand(say("n2", "n1", 0).append("0/0"))), [`n2: NACK term=${own} ${refused}`]);
    assert.deepEqual(texts(hand(say("n2", "n1", 0).snapshot("9/1", membersNamed(3)))), [
      `n2: NACK term=${own} ${refused}`,
    ]);
    assert.deepEqual(texts(hand(say("n2", "n1", 0).heartbeat())), [`n2: HEARTBEAT_RESPONSE term=${own}`]);
    assert.deepEqual(texts(hand(say("n2", "n1", 0).requestVote("9/0"))), [
      `n2: VOTE_RESPONSE term=${own} granted=false`,
    ]);
    assert.equal(node("n1").role, role);
    assert.equal(node("n1").term, own);
  });

  test(`5.1: a ${role} does not look at answers of an old term`, () => {
    const { node, hand } = bound(inRole(role));
    const before = node("n1").status();
    for (const message of [
      say("n2", "n1", 0).voteReply(true),
      say("n3", "n1", 0).voteReply(true),
      say("n2", "n1", 0).ack(1),
      say("n2", "n1", 0).heartbeatReply(9),
      say("n2", "n1", 0).readIndexReply(1, 1, 1),
      say("n2", "n1", 0).timeoutNow(),
    ])
      assert.deepEqual(hand(message), [], message.type);
    assert.deepEqual(node("n1").status(), before);
  });
}

function bound(cluster: Cluster): { node: Cluster["node"]; hand: Cluster["hand"] } {
  return { node: (id) => cluster.node(id), hand: (message) => cluster.hand(message) };
}

test("5.1: the term is on the disk before a promise of it is told, and after a crash it is still there", () => {
  const cluster = new Cluster({ voters: 3 });
  const { disk } = cluster.member("n1");
  cluster.member("n1").isDiskSlow = true;
  assert.deepEqual(
    cluster.hand(say("n2", "n1", 4).append("0/0")),
    [],
    "no acknowledgement in a term not durable",
  );
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network), ["n2: ACK term=4 index=0"]);
  assert.deepEqual(disk.hardState, { term: 4, vote: undefined });
  cluster.crash("n1");
  cluster.start("n1");
  assert.equal(cluster.node("n1").term, 4);
});

test("5.1: a crash that leaves the entries of a write without its term loses nothing: their term counts, unvoted", () => {
  const cluster = new Cluster({
    voters: 3,
    logs: { n1: [1, 4] },
    hardStates: { n1: { term: 3, vote: "n2" } },
  });
  const { term, vote } = cluster.node("n1").status();
  assert.equal(term, 4);
  assert.equal(vote, undefined, "the vote of term 3 says nothing about term 4");
  cluster.tick("n1");
  assert.deepEqual(cluster.member("n1").disk.hardState, { term: 4, vote: undefined });
  assert.deepEqual(texts(cluster.hand(say("n3", "n1", 4).requestVote("2/4"))), [
    "n3: VOTE_RESPONSE term=4 granted=true",
  ]);
  assert.deepEqual(cluster.member("n1").disk.hardState, { term: 4, vote: "n3" });
});
