import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checker } from "../checker.ts";
import { Settlement } from "../settlement.ts";
import { AsyncLoss } from "./async-loss.ts";
import { Bounds } from "./bounds.ts";
import { FakeNode } from "./fake-node.ts";
import { ClusterCheckers } from "./index.ts";

function textsOf(checker: Pick<Checker, "finish">): string[] {
  return checker.finish().map(({ text }) => text);
}

function committedTo(index: number): ClusterCheckers {
  const checkers = new ClusterCheckers({ convergeWithinUs: 1 });
  const entries = Array.from({ length: index }, () => "1a").join(" ");
  checkers.observe(new FakeNode("n1").append(entries).commit(index));
  return checkers;
}

test("states at one index are the same, on every node and in every backup", () => {
  const checkers = committedTo(5);
  checkers.states.applied("n1", 4, "aa");
  checkers.states.applied("n2", 4, "aa");
  checkers.states.applied("n2", 5, "bb");
  checkers.states.backup("b1", 4, "aa");
  assert.deepEqual(textsOf(checkers), []);
  checkers.states.applied("n3", 5, "cc");
  checkers.states.backup("b2", 4, "zz");
  checkers.states.backup("b3", 6, "dd");
  assert.deepEqual(textsOf(checkers), [
    "At index 5, the state of n3 is not that of n2: cc, bb.",
    "At index 4, the state of the backup b2 is not that of n1: zz, aa.",
    "The backup b3 has index 6, and no more than 5 is committed.",
  ]);
});

test("a repeated write is carried out once, everywhere at the same index", () => {
  const checkers = committedTo(1);
  checkers.once.carriedOut({ node: "n1", index: 7, session: "3", sequence: 1 });
  checkers.once.carriedOut({ node: "n2", index: 7, session: "3", sequence: 1 });
  checkers.once.carriedOut({ node: "n2", index: 8, session: "3", sequence: 2 });
  assert.deepEqual(textsOf(checkers), []);
  checkers.once.carriedOut({ node: "n2", index: 9, session: "3", sequence: 1 });
  assert.deepEqual(textsOf(checkers), [
    "Write 1 of session 3 was carried out twice: at index 7 by n1, and at index 9 by n2.",
  ]);
});

test("a damaged node takes no part until it is repaired", () => {
  const checkers = committedTo(1);
  checkers.quarantine.acted("n1", "answered a read");
  checkers.quarantine.damaged("n1", "a bit flip in segment 3");
  checkers.quarantine.repaired("n1");
  checkers.quarantine.acted("n1", "answered a read");
  assert.deepEqual(textsOf(checkers), []);
  checkers.quarantine.damaged("n1", "a bit flip in segment 3");
  checkers.quarantine.acted("n1", "voted for n2 in term 5");
  assert.deepEqual(textsOf(checkers), [
    "n1 voted for n2 in term 5, though its disk was damaged: a bit flip in segment 3.",
  ]);
});

test("queues and memory keep to their bounds", () => {
  const bounds = new Bounds({ proposalBytes: 100 });
  bounds.measured("n1", "proposalBytes", 100);
  assert.deepEqual(textsOf(bounds), []);
  bounds.measured("n1", "proposalBytes", 101);
  bounds.measured("n1", "proposalBytes", 102);
  assert.deepEqual(textsOf(bounds), ["n1 has 101 proposalBytes, and 100 is the bound."]);
  assert.throws(() => bounds.measured("n1", "proposals", 1), /no bound is known for proposals/);
});

test("one voter that syncs at intervals loses the last interval at most, and says so", () => {
  const loss = new AsyncLoss(1_000);
  loss.acknowledged(1, 0);
  loss.acknowledged(2, 4_500);
  loss.recovered({ crashedAt: 5_000, lastIndex: 1, isReported: true });
  loss.acknowledged(2, 5_500);
  loss.recovered({ crashedAt: 9_000, lastIndex: 2, isReported: false });
  assert.deepEqual(textsOf(loss), []);
  loss.acknowledged(3, 10_000);
  loss.acknowledged(4, 11_500);
  loss.recovered({ crashedAt: 12_000, lastIndex: 2, isReported: false });
  const what = "2 acknowledged writes from index 3 on are lost";
  assert.deepEqual(textsOf(loss), [
    `${what}; the first was acknowledged 2000 µs before the crash, beyond the window.`,
    `${what}, and the node did not say that any may be.`,
  ]);
});

test("every call is settled once", () => {
  const settlement = new Settlement();
  const first = settlement.asked("c1 get x");
  const second = settlement.asked("c1 set x 1");
  settlement.asked("c2 get y");
  settlement.settled(first, "applied");
  settlement.settled(second, "unknown");
  settlement.settled(second, "applied");
  assert.deepEqual(textsOf(settlement), [
    "Call 2 was settled again: applied.",
    "Call 3 was never settled: c2 get y.",
  ]);
});
