import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeNode } from "./fake-node.ts";
import { ClusterCheckers } from "./index.ts";

/** Three nodes and all checkers; `look` shows every node, `found` tells what they say at the end. */
class Scene {
  readonly checkers: ClusterCheckers = new ClusterCheckers({ convergeWithinUs: 1_000 });
  readonly nodes: readonly [FakeNode, FakeNode, FakeNode] = [
    new FakeNode("n1"),
    new FakeNode("n2"),
    new FakeNode("n3"),
  ];

  /** n1 leads term 1, and all have and committed what is given. */
  begin(text: string): this {
    this.nodes[0].lead(1);
    for (const node of this.nodes) node.append(text);
    this.look();
    for (const node of this.nodes) this.checkers.observe(node.commit(node.lastIndex));
    return this;
  }

  look(): void {
    for (const node of this.nodes) this.checkers.observe(node);
  }

  get found(): string[] {
    this.look();
    return this.checkers.finish().map(({ checker, text }) => `${checker}: ${text}`);
  }

  finds(...patterns: readonly RegExp[]): void {
    const { found } = this;
    assert.equal(found.length, patterns.length, found.join("\n"));
    for (const [i, pattern] of patterns.entries()) assert.match(found[i]!, pattern);
  }
}

test("a life without mistakes: elections, conflicts, snapshots, restarts, an empty directory", () => {
  const scene = new Scene().begin("1a 1b");
  const { checkers, nodes } = scene;
  const [n1, n2, n3] = nodes;
  checkers.votes.sent({ node: "n1", term: 1, candidate: "n1" });
  checkers.acknowledged.acknowledged({ index: 2, quorums: [{ voters: ["n1", "n2", "n3"], quorum: 2 }] });
  n1.append("1x 1y");
  scene.look();
  n2.lead(2).append("2c");
  n3.enter(2, "n2").append("2c");
  scene.look();
  checkers.votes.sent({ node: "n3", term: 2, candidate: "n2" });
  n2.commit(3);
  scene.look();
  n1.enter(2).append("2c", 3).commit(3);
  n3.commit(3).compact(3);
  scene.look();
  n3.restart();
  n1.restart();
  scene.look();
  n1.incarnation = "i2";
  n1.truncate(1).enter(0);
  scene.look();
  n1.enter(2).append("1a 1b 2c").commit(3);
  n3.commit(3);
  scene.finds();
});

test("two leaders in a term", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[2].lead(1);
  scene.finds(/^election-safety: Term 1 has two leaders: n1 \(boot 1\) and n3 \(boot 1\)\.$/);
});

test("a leader that forgot its term leads it again", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[0].restart().lead(1);
  scene.finds(/^election-safety: Term 1 has two leaders: n1 \(boot 1\) and n1 \(boot 2\)/);
});

test("another entry of the same name", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[0].append("1b");
  scene.nodes[1].append("1c");
  scene.finds(/^log-matching: Entry 2 of term 1 is not the same at n2 \(boot 1\) and n1: c, b\.$/);
});

test("the same entry behind different ones", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[0].append("1b 3d");
  scene.nodes[1].append("2c 3d");
  scene.finds(/^log-matching: Entry 3 of term 3 stands behind different entries .* term 2, and of term 1/);
});

test("a committed entry is replaced", () => {
  const scene = new Scene().begin("1a 1b");
  scene.nodes[2].enter(2).append("2c", 2);
  scene.finds(
    /^state-machine-safety: Entry 2 is committed twice: of term 2 \(c\) at n3 \(boot 1\), and of term 1 \(b\) at n1/,
  );
});

test("after a restart what is committed is compared again", () => {
  const scene = new Scene().begin("1a 1b");
  scene.nodes[1].restart().enter(2).append("2c", 2).commit(2);
  assert.match(scene.found.join("\n"), /state-machine-safety: Entry 2 is committed twice/);
});

test("a leader without a committed entry", () => {
  const scene = new Scene().begin("1a 1b");
  scene.checkers.acknowledged.acknowledged({
    index: 2,
    quorums: [{ voters: ["n1", "n2", "n3"], quorum: 2 }],
  });
  scene.nodes[2].incarnation = "i2";
  scene.nodes[2].truncate(2).commit(1).lead(2);
  scene.finds(
    /^leader-completeness: n3 \(boot 1\) leads term 2 without entry 2 of term 1, which n1 held .* goes to 1\.$/,
    /^acknowledged: n3 \(boot 1\) leads term 2 without the write at index 2, .* it is lost\.$/,
  );
});

test("a leader of an older term need not have what a later one committed", () => {
  const scene = new Scene().begin("1a");
  const [n1, n2, n3] = scene.nodes;
  n2.lead(3).append("3c");
  n1.enter(3).append("3c");
  scene.look();
  n2.commit(2);
  scene.look();
  n3.lead(2);
  scene.finds();
});

test("a prior term's entry that was counted, and then lost", () => {
  // Raft paper, fig. 8: entry 2 of term 2 is on a majority, is called committed in term 4, and replaced in term 5.
  const scene = new Scene();
  const [n1, n2, n3] = scene.nodes;
  n1.append("1a 2b");
  n2.append("1a 2b");
  n3.append("1a 3c");
  n1.lead(4).commit(2);
  scene.look();
  n3.lead(5);
  n2.enter(5).append("3c", 2);
  assert.match(scene.found.join("\n"), /leader-completeness: n3 \(boot 1\) leads term 5 without entry 2/);
});

test("what counts up goes back", () => {
  const scene = new Scene().begin("1a 1b");
  scene.nodes[0].commit(1);
  scene.finds(
    /^progress: n1 \(boot 1\) went back in commitIndex from 2 to 1\.$/,
    /^progress: n1 \(boot 1\) went back in appliedIndex from 2 to 1\.$/,
  );
});

test("a node applies what is not committed", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[0].append("1b").appliedIndex = 2;
  scene.finds(/^progress: n1 \(boot 1\) applied 2, and only 1 is committed there\.$/);
});

test("a node begins with less than its snapshot has", () => {
  const scene = new Scene().begin("1a 1b");
  scene.nodes[0].compact(3).restart().commit(1);
  scene.finds(/^progress: n1 \(boot 2\) has a log from 3 on, and began with 1 applied\.$/);
});

test("durable entries are lost in a restart, or are others", () => {
  const scene = new Scene().begin("1a 1b");
  scene.nodes[0].restart().truncate(2);
  scene.nodes[1].restart().append("2z", 2);
  scene.finds(
    /^progress: n1 \(boot 2\) lost durable entries in a restart: its log ended with 1, and 2 had been durable\.$/,
    /^progress: n2 \(boot 2\) has another entry 2 than before its restart: not of term 1\.$/,
  );
});

test("entries that were not durable may be lost", () => {
  const scene = new Scene().begin("1a");
  const [n1] = scene.nodes;
  n1.append("1b").unstable = 1;
  scene.look();
  n1.restart();
  scene.finds();
});

test("an old copy of a node starts again", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[1].boot = 0;
  scene.finds(/^progress: n2 \(boot 0\) runs again after boot 1/);
});

test("a vote is forgotten", () => {
  const scene = new Scene().begin("1a");
  scene.nodes[0].role = "follower";
  scene.nodes[0].vote = undefined;
  scene.finds(/^votes: n1 \(boot 1\) forgot its vote for n1 in term 1: now none\.$/);
});

test("a durable vote, or term, is lost in a crash; one that was not durable may be", () => {
  const scene = new Scene().begin("1a");
  const [n1, n2, n3] = scene.nodes;
  n2.enter(2, "n1");
  n3.term = 2;
  n3.vote = "n1";
  scene.look();
  n1.durableTerm = 0;
  n1.restart();
  n2.durableVote = undefined;
  n2.restart();
  n3.restart();
  scene.finds(
    /^votes: n1 \(boot 2\) came back in term 0, and 1 had been durable\.$/,
    /^votes: n2 \(boot 2\) lost its durable vote for n1 in term 2: none\.$/,
  );
});

test("a node votes twice in a term, across a crash", () => {
  const scene = new Scene().begin("1a");
  const [, n2] = scene.nodes;
  n2.enter(2, "n1");
  scene.look();
  scene.checkers.votes.sent({ node: "n2", term: 2, candidate: "n1" });
  n2.enter(3).restart();
  scene.look();
  scene.checkers.votes.sent({ node: "n2", term: 2, candidate: "n3" });
  scene.finds(/^votes: n2 voted twice in term 2: for n1, and for n3\.$/);
});

test("a vote leaves before it is durable", () => {
  const scene = new Scene().begin("1a");
  const [, n2] = scene.nodes;
  n2.term = 2;
  n2.vote = "n3";
  scene.look();
  scene.checkers.votes.sent({ node: "n2", term: 2, candidate: "n3" });
  scene.finds(/^votes: n2 sent its vote for n3 in term 2 before it was durable: on its disk is term 1/);
});

test("a write is acknowledged that nobody holds for committed", () => {
  const scene = new Scene().begin("1a");
  scene.checkers.acknowledged.acknowledged({ index: 2, quorums: [{ voters: ["n1"], quorum: 1 }] });
  scene.finds(/^acknowledged: A write was acknowledged at index 2, and no node/);
});

test("a write is acknowledged before enough voters have it on their disks", () => {
  const scene = new Scene().begin("1a");
  const [n1, n2, n3] = scene.nodes;
  n1.append("1b").commit(2);
  n2.append("1b").unstable = 1;
  scene.look();
  const voters = ["n1", "n2", "n3"];
  scene.checkers.acknowledged.acknowledged({ index: 2, quorums: [{ voters, quorum: 2 }] });
  n3.append("1b");
  scene.finds(
    /^acknowledged: The write at index 2 .* durable on 1 of the voters n1, n2, n3 only \(n1\); 2 were/,
  );
});

test("one look costs what has changed", () => {
  const scene = new Scene();
  const [n1] = scene.nodes;
  n1.append(Array.from({ length: 5_000 }, () => "1a").join(" ")).commit(5_000);
  scene.look();
  let asked = 0;
  const { termOf } = n1;
  n1.termOf = (index) => {
    asked++;
    return termOf.call(n1, index);
  };
  for (let i = 0; i < 100; i++) {
    n1.append("1b").commit(n1.lastIndex);
    scene.look();
  }
  assert.ok(asked < 1_500, `${asked} entries were looked at`);
  scene.finds();
});

test("after healing all follow one leader within the time, or it is said who does not", () => {
  const scene = new Scene().begin("1a");
  const { checkers, nodes } = scene;
  const all = ["n1", "n2", "n3"];
  const [n1, n2] = nodes;
  n2.lead(2).append("2b");
  scene.look();
  checkers.convergence.healed(() => all, 5_000);
  assert.equal(checkers.convergence.isReached(6_000), false, "in two terms");
  n1.enter(2);
  nodes[2].enter(2);
  scene.look();
  assert.equal(checkers.convergence.isReached(6_000), true);
  checkers.convergence.healed(() => all, 10_000);
  nodes[2].enter(3);
  scene.look();
  assert.equal(checkers.convergence.isReached(11_001), true, "nobody waits for ever");
  scene.finds(
    /^convergence: n1, n2, n3 were healed and have not converged within 1000 µs: .* n3 \(boot 1\) is follower in term 3/,
  );
});

test("a run that ends before it has converged has not", () => {
  const scene = new Scene().begin("1a");
  scene.checkers.convergence.healed(() => ["n1", "n4"], 0);
  scene.finds(/^convergence: .* n4 was never seen\.$/);
});

test("where nobody leads, all are told of", () => {
  const scene = new Scene().begin("1a");
  scene.checkers.convergence.healed(() => [], 0);
  scene.finds(
    /^convergence: Members that nobody .* n1 \(boot 1\) is .* n2 \(boot 1\) is .* n3 \(boot 1\) is /,
  );
});

test("faults that begin anew end the wait", () => {
  const scene = new Scene().begin("1a");
  scene.checkers.convergence.healed(() => ["n4"], 0);
  scene.checkers.convergence.disturbed();
  scene.finds();
});

test("what a leader counts on is on that disk, unless a later leader has it replaced", () => {
  const checkers = new ClusterCheckers({ convergeWithinUs: 1 });
  const n2 = new FakeNode("n2").append("1a 1b 2c");
  n2.unstable = 1;
  checkers.observe(n2);
  const counted = { node: "n1", term: 2, peer: "n2", incarnation: "i1", matchTerm: 1, peerTerm: 2 };
  checkers.held.counted({ ...counted, match: 2 });
  checkers.held.counted({ ...counted, match: 0, matchTerm: 0 });
  // Of another disk, compacted by the leader, or cut by a later one.
  assert.equal(checkers.held.counted({ ...counted, match: 9, incarnation: "i2" }), false);
  checkers.held.counted({ ...counted, match: 9, matchTerm: undefined });
  checkers.held.counted({ ...counted, match: 9, peerTerm: 3 });
  assert.deepEqual(checkers.held.finish(), []);
  checkers.held.counted({ ...counted, match: 3, matchTerm: 2 });
  checkers.held.counted({ ...counted, match: 2, matchTerm: 2 });
  checkers.observe(n2.compact(4));
  checkers.held.counted({ ...counted, match: 3, matchTerm: 2 });
  assert.equal(checkers.held.finish().length, 2);
});
