import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../history.ts";
import { historyOf } from "../history-text.ts";
import { checkLinearizability } from "./index.ts";

function textsOf(history: readonly Operation[]): string[] {
  return checkLinearizability(history).violations.map(({ text }) => text);
}

function isRight(text: string): void {
  assert.deepEqual(textsOf(historyOf(text)), []);
}

function isWrong(text: string, pattern: RegExp): void {
  const texts = textsOf(historyOf(text));
  assert.equal(texts.length, 1, "one key is wrong");
  assert.match(texts[0]!, pattern);
}

test("one after the other", () => {
  isRight(`
    a 0 1 get x = nil
    a 2 3 set x 1 = OK
    b 4 5 get x = 1
    b 6 7 incr x 5 = 6
    a 8 9 append x 0 = 2
    a 10 11 get x = 60
    a 12 13 cas x 60 7 = OK
    a 14 15 cas x 60 8 = nil
    b 16 17 del x = 1
    b 18 19 del x = 0
    b 20 21 cas x nil 1 = OK`);
});

test("what overlaps may have happened in either order", () => {
  isRight(`
    a 0 10 set x 1 = OK
    b 5 15 set x 2 = OK
    c 16 17 get x = 1
    c 18 19 get x = 1`);
  isRight(`
    a 0 10 set x 1 = OK
    b 1 2 get x = nil
    c 3 4 get x = 1`);
});

test("ends and starts at the same µs overlap", () => {
  isRight("a 0 5 set x 1 = OK\n b 5 6 get x = nil\n b 7 8 get x = 1");
});

test("a stale read", () => {
  isWrong(
    `
    a 0 1 set x 1 = OK
    a 2 3 set x 2 = OK
    b 4 5 get x = 1`,
    /✗ b get x → "1" \[4, 5\] {4}it would have been answered "2"/,
  );
});

test("two reads that see a write come and go", () => {
  isWrong("a 0 9 set x 1 = OK\n b 1 2 get x = 1\n c 3 4 get x = nil", /✗ c get x → nothing/);
});

test("a lost update", () => {
  isWrong("a 0 9 incr x 1 = 1\n b 0 9 incr x 1 = 1", /✗ . incr x 1 → 1/);
});

test("a dirty read: what failed is seen", () => {
  isWrong("a 0 1 set x 1 = failed\n b 2 3 get x = 1", /✗ b get x → "1"/);
});

test("a deleted key comes back", () => {
  isWrong("a 0 1 set x 1 = OK\n a 2 3 del x = 1\n b 4 5 get x = 1", /✗ b get x/);
});

test("an increment that is counted twice", () => {
  isWrong("a 0 1 incr x 1 = 1\n a 2 3 get x = 2", /✗ a get x → "2"/);
});

test("a compare-and-set that changes what it should not", () => {
  isWrong("a 0 1 set x 1 = OK\n a 2 3 cas x 5 6 = OK", /✗ a cas x "5" "6" → "OK"/);
  isWrong("a 0 1 set x 1 = OK\n a 2 3 cas x 1 6 = nil", /✗ a cas x "1" "6" → nothing/);
});

test("two that take the same lock", () => {
  isWrong("a 0 9 cas x nil a = OK\n b 0 9 cas x nil b = OK", /✗/);
});

test("an unknown write may take effect long after, or never", () => {
  const unknown = "a 0 1 set x 1 = unknown\n";
  isRight(`${unknown} b 2 3 get x = nil\n b 4 5 get x = nil`);
  isRight(`${unknown} b 2 3 get x = nil\n b 4 5 get x = 1`);
});

test("an unknown write takes effect once", () => {
  isWrong(
    `
    a 0 1 set x 1 = unknown
    b 2 3 get x = 1
    b 4 5 del x = 1
    b 6 7 get x = 1`,
    /✗ b get x → "1" \[6, 7\]/,
  );
  isRight("a 0 1 incr x 1 = unknown\n b 2 3 incr x 1 = 2");
  isWrong("a 0 1 incr x 1 = unknown\n b 2 3 incr x 1 = 3", /✗ b incr/);
});

test("an unknown write does not take effect before it began", () => {
  isWrong("b 0 1 get x = 1\n a 2 3 set x 1 = unknown", /✗ b get x/);
});

test("many unknown increments count as a number", () => {
  const unknown = Array.from({ length: 60 }, (_, i) => `p${i} ${i} ${i} incr x 1 = unknown`).join("\n");
  isRight(`${unknown}\n a 100 101 get x = 37`);
  isWrong(`${unknown}\n a 100 101 get x = 61`, /may have been applied/);
});

test("a transaction is one step", () => {
  isRight("a 0 9 exec get x ; set x 1 ; incr x 1 = nil OK 2\n b 0 9 get x = nil\n b 10 11 get x = 2");
  isWrong("a 0 9 exec set x 1 ; incr x 1 = OK 2\n b 0 9 get x = 1", /✗ b get x/);
  isRight("a 0 1 exec set x 1 = aborted\n b 2 3 get x = nil");
});

test("FLUSHALL empties every key", () => {
  isWrong("a 0 1 set x 1 = OK\n a 2 3 flush = OK\n a 4 5 get x = 1", /✗ a get x/);
});

test("reads that promise less are not judged here", () => {
  isRight("a 0 1 set x 1 = OK\n b 2 3 get x = nil mode=stale\n c 2 3 get x = nil mode=quorum");
});

test("attempts of one write of a session are one write", () => {
  isRight(`
    a 0 10 incr x 1 = unknown session=s sequence=1
    b 20 30 incr x 1 = 1 session=s sequence=1
    c 40 50 get x = 1`);
  isWrong(
    `
    a 0 10 incr x 1 = unknown session=s sequence=1
    b 20 30 incr x 1 = 2 session=s sequence=1`,
    /✗ b incr x 1 → 2 \[0, 30\]/,
  );
});

test("RENAME leaves both of its keys to the replay", () => {
  const { keys, keysLeft } = checkLinearizability(historyOf("a 0 1 rename x y = OK\n a 2 3 get z = nil"));
  assert.deepEqual({ keys, keysLeft }, { keys: 1, keysLeft: 2 });
});

test("a key may be seen until its deadline, and may be gone from then on", () => {
  // 1,000 ms; clocks may be ten percent wrong, and elections may take two seconds.
  const set = "a 0 1000 set x 1 1000 = OK\n";
  isRight(`${set} b 500000 500001 get x = 1\n b 4000000 4000001 get x = nil`);
  isWrong(`${set} b 500000 500001 get x = nil`, /✗ b get x → nothing/);
  isWrong(`${set} b 4000000 4000001 get x = 1`, /its deadline has passed/);
  isWrong(`${set} b 950000 950001 get x = nil\n b 960000 960001 get x = 1`, /✗ b get x → "1"/);
  isRight(`${set} a 2000 3000 persist x = 1\n b 4000000 4000001 get x = 1`);
  isRight(`${set} a 2000 3000 expire x 9000 = 1\n b 4000000 4000001 get x = 1`);
});

test("with the leader's clock, deadlines are exact", () => {
  const set = "a 0 9 set x 1 1000 = OK clock=50-50\n";
  isRight(`${set} b 10 11 get x = 1 clock=1049-1049`);
  isWrong(`${set} b 10 11 get x = nil clock=1049-1049`, /✗ b get x → nothing/);
  isRight(`${set} b 10 11 get x = nil clock=1050-1050`);
});

test("what cannot be decided is not called right", () => {
  // Sums of even numbers, and nobody sees that an odd one is none of them.
  const sums = Array.from({ length: 20 }, (_, i) => `p${i} 0 100 incr x ${2 ** (i + 1)} = unknown`);
  const history = historyOf(`${sums.join("\n")}\n r 200 201 get x = 77777`);
  const { violations } = checkLinearizability(history, { configurationsMax: 1_000 });
  assert.match(violations[0]!.text, /gave up after 100\d configurations/);
});

test("a search is bounded by its steps too: few configurations may take for ever", () => {
  const sums = Array.from({ length: 20 }, (_, i) => `p${i} 0 100 incr x ${2 ** (i + 1)} = unknown`);
  const history = historyOf(`${sums.join("\n")}\n r 200 201 get x = 77777`);
  const { violations } = checkLinearizability(history, { stepsMax: 10_000 });
  assert.match(violations[0]!.text, /gave up after \d{1,4} configurations/);
});

test("a wrong history is told up to where it went wrong", () => {
  const lines = Array.from({ length: 50 }, (_, i) => `a ${i * 10} ${i * 10 + 5} set x ${i} = OK`);
  lines.splice(20, 0, "b 197 198 get x = 3");
  isWrong(
    lines.join("\n"),
    /^key x: no order of the first 21 operations explains every reply\.\n.* 20 replies/,
  );
});
