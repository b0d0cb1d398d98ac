import assert from "node:assert/strict";
import { test } from "node:test";
import type { Term } from "../../src/raft/index.ts";
import { Cluster } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Safety: paper 5.4. */

/** A voter's log, the end of the candidate's, and whether it gets the vote. */
const comparisons: readonly (readonly [log: readonly Term[], last: string, isGranted: boolean])[] = [
  [[], "0/0", true],
  [[1], "0/0", false],
  [[1], "1/1", true],
  [[1], "2/1", true],
  [[1, 1], "1/1", false],
  [[1, 1], "1/2", true],
  [[1, 2], "2/2", true],
  [[1, 2], "9/1", false],
  [[2, 2], "1/3", true],
  [[1, 1, 1], "3/1", true],
  [[1, 3], "3/2", false],
];

for (const [log, last, isGranted] of comparisons) {
  test(`5.4.1: a voter with terms [${log}] ${isGranted ? "trusts" : "refuses"} a candidate at ${last}`, () => {
    const cluster = new Cluster({ voters: 3, logs: { n1: log } });
    assert.deepEqual(texts(cluster.hand(say("n2", "n1", 8).preVote(last))), [
      `n2: PRE_VOTE_RESPONSE term=${log.at(-1) ?? 0} for=9 granted=${isGranted}`,
    ]);
    assert.deepEqual(texts(cluster.hand(say("n2", "n1", 9).requestVote(last))), [
      `n2: VOTE_RESPONSE term=9 granted=${isGranted}`,
    ]);
  });
}

test("5.4.1: whoever lacks a committed entry is not elected", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.elect("n1");
  cluster.isolate("n3");
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.crash("n1");
  cluster.heal();
  cluster.runUntil(() => cluster.leaders.length > 0);
  assert.deepEqual(cluster.leaders, ["n2"]);
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("5.4.2, figure 8: an older entry that a majority holds is not committed, and can still be replaced", () => {
  // (a) and (b) have been: n1 led term 2, n5 term 3. In (c), n1 leads term 4 and brings entry 2 to n3.
  const cluster = figure8();
  assert.deepEqual(cluster.log("n3"), [1, 2], "a majority holds entry 2");
  assert.equal(cluster.node("n1").commitIndex, 0);
  // (d): n5 is elected by n2, n3 and n4, and its own entry 2 takes that place.
  cluster.crash("n1");
  cluster.heal();
  cluster.act("n5", (node) => node.campaign());
  cluster.settle();
  cluster.act("n5", (node) => node.campaign());
  cluster.settle();
  assert.deepEqual(cluster.leaders, ["n5"]);
  for (const id of ["n2", "n3", "n4", "n5"]) assert.deepEqual(cluster.log(id).slice(0, 2), [1, 3], id);
});

test("5.4.2, figure 8: an entry of the own term that a majority holds commits the older one, for good", () => {
  // (e): n1's entry of term 4 reaches n2 and n3.
  const cluster = figure8();
  cluster.hand(say("n2", "n1", 4).ack(3));
  assert.equal(cluster.node("n1").commitIndex, 0);
  cluster.hand(say("n3", "n1", 4).ack(3));
  assert.equal(cluster.node("n1").commitIndex, 3);
  assert.deepEqual(cluster.applied.get("n1"), ["1/1", "2/2"]);
});

/** Fig. 8 (c): n1 leads term 4; n2 and n3 acknowledged entry 2 of term 2, and not yet n1's entry 3 of term 4. */
function figure8(): Cluster {
  const cluster = new Cluster({
    voters: 5,
    logs: { n1: [1, 2], n2: [1, 2], n3: [1], n4: [1], n5: [1, 3] },
    hardStates: { n1: { term: 3, vote: undefined } },
    config: { appendBytesMax: 1 },
  });
  cluster.isolate("n5");
  cluster.act("n1", (node) => node.campaign());
  cluster.deliver(({ type }) => type === "preVote");
  cluster.deliver(({ type, from }) => type === "preVoteReply" && from !== "n4");
  cluster.deliver(({ type }) => type === "requestVote");
  cluster.deliver(({ type, from }) => type === "voteReply" && from !== "n4");
  assert.equal(cluster.node("n1").role, "leader");
  // n3 refuses entry 3, since it lacks entry 2.
  cluster.deliver(({ to, type }) => to === "n3" && type === "appendEntries");
  cluster.deliver(({ from, type }) => from === "n3" && type === "appendReply");
  cluster.deliver(({ to, type }) => to === "n3" && type === "appendEntries");
  cluster.lose(({ from }) => from !== "n3");
  cluster.deliver(({ from }) => from === "n3");
  cluster.hand(say("n2", "n1", 4).ack(2));
  cluster.lose();
  return cluster;
}

test("5.4.2: a leader begins its term with an entry of that term, which commits what is before it", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 1], n2: [1, 1], n3: [1, 1] } });
  cluster.elect("n1");
  assert.deepEqual(cluster.log("n1"), [1, 1, 2]);
  assert.equal(cluster.node("n1").commitIndex, 3);
  assert.deepEqual(cluster.applied.get("n1"), ["1/1", "2/1"], "nobody proposed anything");
});

test("5.4.3: what was acknowledged is in the log of every later leader", () => {
  const cluster = new Cluster({ voters: 5 });
  cluster.elect("n1");
  for (let round = 0; round < 4; round++) {
    const leader = cluster.leaders[0]!;
    cluster.propose(leader, `of round ${round}`);
    cluster.settle();
    cluster.crash(leader);
    cluster.runUntil(() => cluster.leaders.length > 0);
    cluster.start(leader);
    cluster.run(4);
  }
  const all = ["of round 0", "of round 1", "of round 2", "of round 3"];
  for (const id of cluster.ids) assert.deepEqual(cluster.applied.get(id), all, id);
});
