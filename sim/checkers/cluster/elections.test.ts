import assert from "node:assert/strict";
import { test } from "node:test";
import { LeadersTime } from "./leaders-time.ts";
import { Leadership } from "./leadership.ts";
import { MemberChanges } from "./member-changes.ts";
import { PreVotes, type Standing } from "./pre-votes.ts";
import { ReadPoints } from "./read-points.ts";
import { type HandingOver, Succession } from "./succession.ts";

const stickyMs = 500;
const tickMs = 10;
const last = { term: 3, index: 7 };
const n1: Standing = { node: "n1", role: "follower", term: 3, leaderId: "n3", last, knowsMembers: true };

/** n2 asks n1 in n1's term, and is answered: what the checker says. */
function answered(
  isGranted: boolean,
  {
    standing = n1,
    asksWith = last,
    heardMs,
  }: { standing?: Standing; asksWith?: typeof last; heardMs?: number } = {},
): string[] {
  const checker = new PreVotes(stickyMs, tickMs);
  const process = {};
  if (heardMs !== undefined) checker.confirmed(process, { leader: "n3", term: 3, atMs: 10_000 - heardMs });
  checker.asked(process, "n2", 3, asksWith);
  checker.answered(process, standing, "n2", isGranted, 10_000);
  return checker.finish().map(({ text }) => text);
}

test("a pre-vote goes by term and log where no leader with a majority was just heard", () => {
  assert.deepEqual(answered(true), []);
  assert.match(answered(false)[0]!, /^n1, follower in term 3, would not vote for n2 in term 4, and has no/);
  const behind = { term: 2, index: 9 };
  assert.deepEqual(answered(false, { asksWith: behind }), []);
  assert.match(answered(true, { asksWith: behind })[0]!, /which is behind/);
  assert.match(answered(true, { standing: { ...n1, term: 4 } })[0]!, /which is behind/);
  assert.match(answered(true, { standing: { ...n1, knowsMembers: false } })[0]!, /which is behind/);
});

test("who leads, or has just heard a leader with a majority, grants none", () => {
  assert.deepEqual(answered(false, { heardMs: 100 }), []);
  assert.match(answered(true, { heardMs: 100 })[0]!, /has just heard its leader/);
  assert.match(answered(true, { standing: { ...n1, role: "leader", leaderId: "n1" } })[0]!, /just heard/);
  // Long ago, or too near to the limit to be judged.
  assert.deepEqual(answered(true, { heardMs: 600 }), []);
  assert.match(answered(false, { heardMs: 600 })[0]!, /has no leader/);
  for (const isGranted of [true, false]) assert.deepEqual(answered(isGranted, { heardMs: 505 }), []);
});

test("a leader that was given up, or is another one, binds nobody", () => {
  assert.match(answered(false, { heardMs: 100, standing: { ...n1, leaderId: "n4" } })[0]!, /has no leader/);
  const checker = new PreVotes(stickyMs, tickMs);
  const process = {};
  checker.confirmed(process, { leader: "n3", term: 3, atMs: 100 });
  checker.leaderGone(process);
  checker.asked(process, "n2", 3, last);
  checker.answered(process, { ...n1, role: "preCandidate", leaderId: undefined }, "n2", true, 150);
  assert.deepEqual(checker.finish(), []);
});

test("nobody asks for votes without the pre-votes of others", () => {
  const checker = new PreVotes(stickyMs, tickMs);
  checker.campaigned("n2", 4, ["n2"]);
  const process = {};
  checker.asked(process, "n2", 3, last);
  checker.answered(process, n1, "n2", true, 0);
  checker.campaigned("n2", 4, ["n1", "n2", "n3"]);
  assert.deepEqual(checker.finish(), []);
  checker.campaigned("n2", 5, ["n1", "n2", "n3"]);
  assert.match(checker.finish()[0]!.text, /^n2 asks for votes in term 5 with pre-votes of 0 others/);
});

test("whoever asks is answered, unless the process says nothing any more", () => {
  const checker = new PreVotes(stickyMs, tickMs);
  const [answering, silent] = [{}, {}];
  checker.asked(answering, "n2", 3, last);
  checker.answered(answering, n1, "n2", true, 0);
  checker.taken(answering);
  checker.spoke(answering, "n1");
  checker.asked(silent, "n2", 3, last);
  checker.taken(silent);
  assert.deepEqual(checker.finish(), []);
  checker.spoke(silent, "n1");
  assert.match(checker.finish()[0]!.text, /^n1 did not answer the pre-vote of n2, and goes on/);
});

test("a leader that hears no majority leads no more", () => {
  const checker = new Leadership(300);
  const process = {};
  const voters = ["n1", "n2", "n3"];
  const leadUntil = (fromMs: number, toMs: number): void => {
    for (let ms = fromMs; ms <= toMs; ms += 50) checker.leads(process, "n1", 2, voters, ms);
  };
  leadUntil(0, 300);
  checker.heard(process, "n2", 2, 300);
  leadUntil(300, 600);
  assert.deepEqual(checker.finish(), []);
  // An answer of another term is none.
  checker.heard(process, "n3", 1, 600);
  // The clock was not looked at yet, after a pause.
  leadUntil(2_000, 2_050);
  checker.heard(process, "n2", 2, 2_050);
  leadUntil(2_060, 2_300);
  assert.deepEqual(checker.finish(), []);
  leadUntil(2_350, 2_500);
  assert.match(checker.finish()[0]!.text, /^n1 leads term 2, and has not heard 2 of 3 voters for 300 ms/);
});

test("a leader commits by entries of its own term", () => {
  const checker = new Leadership(300);
  const process = {};
  // Known before, and committed by its first entry.
  checker.commits(process, "n1", 3, 5, 2);
  checker.commits(process, "n1", 3, 8, 3);
  checker.commits(process, "n1", 3, 8, 3);
  checker.commits({}, "n2", 4, 7, 2);
  assert.deepEqual(checker.finish(), []);
  checker.commits(process, "n1", 5, 8, 3);
  checker.commits(process, "n1", 5, 9, 4);
  assert.match(checker.finish()[0]!.text, /^n1 leads term 5, and has committed entry 9 of term 4/);
});

test("a leader's time goes with its monotonic clock, and never back", () => {
  const checker = new LeadersTime();
  const process = {};
  const told = (monotonicMs: number, timeMs: number, term = 3) =>
    checker.told(process, "n1", { term, timeMs, monotonicMs });
  told(0, 1_000);
  told(100, 1_110);
  told(200, 1_200);
  // What happened while another one led is not known here.
  told(300, 90_000, 5);
  assert.deepEqual(checker.finish(), []);
  told(400, 90_150, 5);
  assert.match(checker.finish()[0]!.text, /^n1, which leads term 5, lets 150 ms pass in 100.0 ms/);
  told(400, 90_149, 5);
  assert.match(checker.finish()[1]!.text, /lets -1 ms pass in 0.0 ms/);
});

test("a leader changes members one change at a time, and none before it has committed in its term", () => {
  const checker = new MemberChanges();
  const change = { node: "n1", term: 3, index: 9, before: 4, commitIndex: 8, commitTerm: 3 };
  checker.appended(change);
  checker.appended({ ...change, commitTerm: undefined });
  assert.deepEqual(checker.finish(), []);
  checker.appended({ ...change, index: 11, before: 9 });
  assert.match(checker.finish()[0]!.text, /by entry 11, and those of entry 9 are not committed: 8 is/);
  checker.appended({ ...change, commitTerm: 2 });
  assert.match(checker.finish()[1]!.text, /has committed nothing of its term/);
});

test("who hands over takes nothing new, and gives up in time", () => {
  const checker = new Succession(3_000);
  const process = {};
  const handsOver = (atMs: number, given: Partial<HandingOver> = {}): void =>
    checker.handsOver(process, { ...{ node: "n1", term: 4, to: "n2", lastIndex: 9, atMs }, ...given });
  for (const atMs of [0, 1_000, 3_000]) handsOver(atMs);
  checker.leadsOn(process);
  handsOver(3_100, { lastIndex: 12 });
  handsOver(6_200, { lastIndex: 12, to: "n3" });
  // After a pause, and then it is noticed.
  handsOver(9_999, { lastIndex: 12, to: "n3" });
  handsOver(10_000, { lastIndex: 12, to: "n3" });
  checker.leadsOn(process);
  assert.deepEqual(checker.finish(), []);
  handsOver(20_000);
  handsOver(20_001, { lastIndex: 10 });
  for (const atMs of [23_001, 23_002, 23_101, 23_201]) handsOver(atMs);
  assert.deepEqual(
    checker.finish().map(({ text }) => text),
    [
      "n1, which leads term 4 and hands over to n2, has appended entry 10.",
      "n1, which leads term 4 and hands over to n2, has not given up after 3000 ms.",
    ],
  );
});

test("who is told to campaign has everything", () => {
  const checker = new Succession(3_000);
  checker.told({ node: "n1", to: "n2", lastIndex: 9 }, 9);
  assert.deepEqual(checker.finish(), []);
  checker.told({ node: "n1", to: "n2", lastIndex: 9 }, 8);
  assert.match(checker.finish()[0]!.text, /^n1 told n2 to campaign, of which it knows entries up to 8, and/);
});

test("a read sees what was committed before it was asked for", () => {
  const checker = new ReadPoints();
  checker.read({ node: "n1", what: "GET a", appliedIndex: 7, committedBefore: 7 });
  assert.deepEqual(checker.finish(), []);
  checker.read({ node: "n1", what: "GET a", appliedIndex: 6, committedBefore: 7 });
  assert.match(checker.finish()[0]!.text, /^n1 answered GET a with entries up to 6, and 7 was committed/);
});
