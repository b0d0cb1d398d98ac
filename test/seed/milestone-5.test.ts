import assert from "node:assert/strict";
import { test } from "node:test";
import type { Role } from "../../src/raft/index.ts";
import { Cluster } from "../raft/cluster.ts";
import { say } from "../raft/say.ts";

/**
 * The checkpoint tests of the seed's fifth milestone that need no network, under their names. Its NodeRole has three
 * values: its Candidate includes the pre-candidate, who asks for votes too, before it raises its term.
 */
type NodeRole = "Leader" | "Follower" | "Candidate";

const nodeRoles: Readonly<Record<Role, NodeRole>> = {
  leader: "Leader",
  follower: "Follower",
  preCandidate: "Candidate",
  candidate: "Candidate",
};

function roleOf(cluster: Cluster, id: string): NodeRole {
  return nodeRoles[cluster.node(id).role];
}

/** `handle_vote_request`: whether the vote was granted. */
function handleVoteRequest(cluster: Cluster, to: string, term: number, candidate: string): boolean {
  const [answer] = cluster.hand(say(candidate, to, term).requestVote("0/0"));
  assert.ok(answer?.type === "voteReply");
  return answer.isGranted;
}

test("leader sends heartbeats", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.tick("n1", 2);
  const heartbeats = cluster.network.filter(({ type }) => type === "heartbeat");
  assert.deepEqual(
    heartbeats.map(({ from, to, term }) => [from, to, term]),
    [
      ["n1", "n2", 1],
      ["n1", "n3", 1],
    ],
  );
});

test("follower starts election on timeout", () => {
  const cluster = new Cluster({ voters: 3 });
  assert.equal(roleOf(cluster, "n1"), "Follower");
  // The longest election timeout that there is.
  cluster.tick("n1", 20);
  assert.equal(roleOf(cluster, "n1"), "Candidate");
});

test("vote granting", () => {
  const cluster = new Cluster({ voters: 3 });
  assert.ok(handleVoteRequest(cluster, "n1", 2, "n2"), "the first request of term 2");
  assert.ok(!handleVoteRequest(cluster, "n1", 2, "n3"), "the second one of the same term");
  assert.ok(handleVoteRequest(cluster, "n1", 3, "n3"), "a higher term");
});

test("majority election", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.act("n1", (node) => node.campaign());
  cluster.deliver(({ type }) => type === "preVote");
  cluster.deliver(({ type }) => type === "preVoteReply");
  assert.equal(roleOf(cluster, "n1"), "Candidate");
  cluster.deliver(({ type }) => type === "requestVote");
  const granted = cluster.network.filter((message) => message.type === "voteReply" && message.isGranted);
  assert.deepEqual(
    granted.map(({ from }) => from),
    ["n2", "n3"],
  );
  cluster.settle();
  assert.equal(roleOf(cluster, "n1"), "Leader");
});

test("split vote retry", () => {
  const cluster = new Cluster({ voters: 4 });
  for (const id of ["n1", "n2"]) cluster.act(id, (node) => node.campaign());
  // They do not hear of each other, or one would give way.
  cluster.deliver(({ type, to }) => type === "preVote" && to !== "n1" && to !== "n2");
  cluster.deliver(({ type }) => type === "preVoteReply");
  // Each gets two votes, its own and another one; three are needed.
  cluster.deliver(
    ({ type, from, to }) => type === "requestVote" && (from === "n1" ? to === "n3" : to === "n4"),
  );
  cluster.settle();
  const votes = cluster.ids.map((id) => cluster.node(id).status().vote);
  assert.deepEqual(votes, ["n1", "n2", "n1", "n2"]);
  assert.ok(cluster.ids.every((id) => roleOf(cluster, id) !== "Leader"));
  cluster.runUntil(() => cluster.leaders.length === 1);
  assert.ok(cluster.node(cluster.leaders[0]!).term > 1, "in a higher term");
});
