import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checker } from "../checker.ts";
import { Elected } from "./elected.ts";
import { FakeNode } from "./fake-node.ts";
import { MembersInForce } from "./members-in-force.ts";
import { ReadRounds } from "./read-rounds.ts";
import { SnapshotWaits } from "./snapshot-waits.ts";

function textsOf(checker: Checker): string[] {
  return checker.finish().map(({ text }) => text);
}

test("who leads has the votes of a majority of the voters by whom it goes", () => {
  const checker = new Elected();
  const process = {};
  checker.leads(process, "n1", 1, ["n1"]);
  checker.given(process, "n2", 2);
  checker.leads(process, "n1", 2, ["n1", "n2", "n3"]);
  assert.deepEqual(textsOf(checker), []);
  checker.leads(process, "n1", 2, ["n1", "n2", "n3", "n4"]);
  // What was given in another term, or by one that has no vote, is none.
  checker.given(process, "n2", 3);
  checker.given(process, "n3", 2);
  checker.given(process, "n5", 3);
  checker.leads(process, "n3", 3, ["n1", "n3", "n4"]);
  assert.deepEqual(textsOf(checker), [
    "n1 leads term 2 with the votes of n1, n2, and the voters are n1, n2, n3, n4.",
    "n3 leads term 3 with the votes of n3, and the voters are n1, n3, n4.",
  ]);
});

test("a leader tells where to read by a round that began after the question, and when its term has a commit", () => {
  const checker = new ReadRounds();
  const process = {};
  const question = { from: "n2", boot: 1, request: 1 };
  const answer = { ...question, node: "n1", term: 3, index: 7, commitTerm: 3 };
  checker.asked(process, 3, question, 7);
  // Repeated, also in a message of an earlier term.
  checker.asked(process, 2, question, 8);
  checker.asked(process, 3, question, 9);
  checker.answers(process, answer);
  checker.answers(process, { ...answer, commitTerm: undefined });
  assert.deepEqual(textsOf(checker), []);
  checker.answers(process, { ...answer, index: 6 });
  checker.answers(process, { ...answer, commitTerm: 2 });
  assert.deepEqual(textsOf(checker), [
    "n1, which leads term 3, told n2 to read at 6, and 7 was committed before it was asked.",
    "n1, which leads term 3, told n2 to read at 7, and has committed nothing of its term.",
  ]);
});

test("a member asks its next question when it has the answer to the one before", () => {
  const checker = new ReadRounds();
  const process = {};
  const asks = (request: number, term = 3): void =>
    checker.asks(process, { from: "n2", boot: 1, request }, term);
  asks(1);
  asks(1);
  checker.isTold(process, 1);
  asks(1);
  asks(2);
  asks(3, 4);
  checker.leaderGone(process);
  asks(4, 4);
  assert.deepEqual(textsOf(checker), []);
  checker.isTold(process, 3);
  asks(5, 4);
  assert.deepEqual(textsOf(checker), [
    "n2 has asked the leader of term 4 where to read, 4, and asks 5 without an answer.",
  ]);
});

test("a leader that waits until a member has a snapshot sends it", () => {
  const checker = new SnapshotWaits(5_000);
  const process = {};
  const led = (atMs: number, isWaiting = true): void =>
    checker.led(process, { node: "n1", term: 3, to: "n2", isWaiting, atMs });
  led(0);
  checker.sent(process, "n2", 4_000);
  for (const atMs of [5_000, 9_000]) led(atMs);
  // After a pause it is given up.
  for (const atMs of [20_000, 20_001, 20_100]) led(atMs);
  led(20_200, false);
  led(30_000);
  assert.deepEqual(textsOf(checker), []);
  for (const atMs of [35_001, 35_002, 35_101, 35_201]) led(atMs);
  assert.deepEqual(textsOf(checker), [
    "n1, which leads term 3, waits until n2 has a snapshot, and has sent nothing of it for 5000 ms.",
  ]);
});

test("a node goes by the members of the last configuration in its log, or of its snapshot", () => {
  const checker = new MembersInForce("a");
  checker.stored(3, 1, "ab");
  checker.stored(5, 1, "abc");
  checker.stored(5, 2, "b");
  const n1 = new FakeNode("n1").append("1w 1w");
  checker.goesBy(n1, "a");
  checker.goesBy(n1.append("1c 1w 1d"), "abc");
  checker.goesBy(n1.append("2d", 5).commit(4), "b");
  // Where another one has compacted all of it, what is committed counts.
  checker.goesBy(new FakeNode("n2").append("1w 1w 1c 1w 2d 2w").compact(6).commit(6), "ab");
  checker.goesBy(n1.commit(5), "b");
  checker.goesBy(n1.append("2w").compact(6), "b");
  checker.goesBy(new FakeNode("n3"), "");
  // So does what has been applied and compacted since it was seen last.
  checker.stored(7, 2, "xy");
  checker.applied(7, "xy");
  checker.goesBy(new FakeNode("n4").append("1w 1w 1c 1w 2d 2w 2y 2w").compact(8).commit(8), "xy");
  assert.deepEqual(textsOf(checker), []);
  checker.goesBy(n1, "a");
  checker.goesBy(n1, "");
  assert.deepEqual(textsOf(checker), [
    "n1 (boot 1) goes by the members a; its log to 6 says b.",
    "n1 (boot 1) goes by the members (none); its log to 6 says b.",
  ]);
});
