import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHistory } from "./history.ts";
import { historyOf } from "./history-text.ts";

/** What each checker finds, as "name: text". Linearizability has tests of its own. */
function found(text: string): string[] {
  const tolerance = { drift: 0, lateMs: 100 };
  return [...checkHistory(historyOf(text), { tolerance })]
    .filter(({ name }) => name !== "linearizability")
    .flatMap(({ name, violations }) => violations.map((violation) => `${name}: ${violation.text}`));
}

function isRight(text: string): void {
  assert.deepEqual(found(text), []);
}

/** The first thing that is found is what was to be found. */
function finds(text: string, pattern: RegExp): void {
  const [first = "nothing"] = found(text);
  assert.match(first, pattern);
}

test("a history in which everything is right", () => {
  isRight(`
    a 0 9 set x 1 = OK revision=1
    a 1 10 get x = 1
    b 5 12 exec set y 1 ; incr x 1 = OK 2 revision=2
    b 13 14 exec get x ; get y = 2 1
    c 13 14 exec get x ; get y = 2 1 mode=quorum
    d 13 14 get x = 1 mode=stale node=n1
    d 15 16 get x = 2 mode=stale node=n1
    a 20 21 rename x z = OK revision=3
    a 22 23 exec get x ; get z ; del x = nil 2 0
    b 22 23 rename x y = error
    a 24 25 flush = OK revision=4
    a 26 27 exec get y ; get z = nil nil
    a 28 29 cas y nil 5 = OK revision=5
    a 30 31 append y 6 = 2 revision=6
    b 32 33 exec set y 7 = aborted
    b 34 35 get y = 56`);
});

test("replay: a reply that is not the model's", () => {
  finds(
    "a 0 1 set x 1 = OK revision=1\n a 2 3 incr x 1 = 3 revision=2",
    /^replay: a incr x 1 → 3 \[2, 3\] revision 2: .* key x held "1"\.$/,
  );
  finds("a 0 1 exec set x 1 ; get x = OK 2 revision=1", /^replay: a exec/);
  finds("a 0 1 set x 1 = OK revision=1\n a 2 3 rename y x = OK revision=2", /^replay: a rename y x/);
});

test("replay: half of a transaction", () => {
  finds(
    `
    a 0 1 exec set x 1 ; set y 1 = OK OK revision=1
    a 2 9 exec set x 2 ; set y 2 = OK OK revision=2
    b 4 5 exec get x ; get y = 1 2`,
    /^reads: b exec \(get x; get y\) → \("1", "2"\) .* from revision 1 on explains it .*x held "1" at 1, "2" from 2/,
  );
});

test("replay: RENAME takes the value along, FLUSHALL all of them", () => {
  finds(
    "a 0 1 set x 1 = OK revision=1\n a 2 3 rename x y = OK revision=2\n b 4 5 get y = nil",
    /^reads: b get y/,
  );
  finds("a 0 1 set x 1 = OK revision=1\n a 2 3 flush = OK revision=2\n b 4 5 get x = 1", /^reads: b get x/);
});

test("replay: an unknown write may stand where revisions are missing, and nowhere else", () => {
  const unknown = "u 0 1 set x 9 = unknown\n a 2 3 set x 1 = OK revision=1\n";
  isRight(`${unknown} a 4 5 set y 1 = OK revision=3\n b 6 7 get x = 9`);
  isRight(`${unknown} a 4 5 set y 1 = OK revision=3\n b 6 7 get x = 1`);
  finds(`${unknown} a 4 5 set y 1 = OK revision=3\n b 6 7 get x = 8`, /^reads: .* "1" or "9" at 3/);
  finds(`${unknown} a 4 5 incr x 1 = 10 revision=2`, /^replay: a incr x 1 → 10/);
  isRight(`${unknown} a 4 5 incr x 1 = 10 revision=3`);
  isRight(`u 0 1 set x 9 = unknown revision=2\n a 2 3 set x 1 = OK revision=1\n b 4 5 get x = 9`);
  finds(
    `u 0 1 set x 9 = unknown revision=1\n a 2 3 set x 1 = OK revision=2\n b 4 5 get x = 9`,
    /^reads: b get/,
  );
});

test("replay: a key of which too much is possible is not judged until it is known again", () => {
  const unknown = Array.from({ length: 70 }, (_, i) => `u${i} 0 1 set x u${i} = unknown`).join("\n");
  isRight(`${unknown}\n a 2 3 set y 1 = OK revision=99\n b 4 5 get x = who-knows`);
  finds(
    `${unknown}\n a 2 3 set y 1 = OK revision=99\n a 4 5 set x 1 = OK revision=100\n b 6 7 incr x 1 = 5 revision=101`,
    /^replay: b incr x 1 → 5/,
  );
});

test("revisions: two writes with one, and a later write with a lower one", () => {
  finds(
    "a 0 9 cas x nil a = OK revision=1\n b 0 9 cas y nil b = OK revision=1",
    /^revisions: Two writes have one revision:\n {2}. cas .* revision 1\n {2}. cas .* revision 1$/,
  );
  finds(
    "a 0 1 set x 1 = OK revision=2\n b 2 3 set y 1 = OK revision=1",
    /^revisions: A later write has a lower/,
  );
  isRight("a 0 9 set x 1 = OK revision=2\n b 2 3 set y 1 = OK revision=1");
});

test("reads: an acknowledged write is not seen", () => {
  finds("a 0 1 set x 1 = OK revision=1\n b 2 3 get x = nil", /^reads: b get x → nothing .*after a set x "1"/);
  finds("a 0 1 set x 1 = OK revision=1\n b 2 3 get x = nil mode=quorum", /^reads: b get x → nothing/);
  finds("a 0 1 set x 1 = OK revision=1\n b 2 3 del x = 0", /^reads: b del x → 0/);
});

test("reads: a write is seen that has not begun", () => {
  finds(
    "b 0 1 get x = 1 mode=quorum\n a 2 3 set x 1 = OK revision=1",
    /^reads: .* of revisions 0 to 0 explains/,
  );
});

test("reads: the revision that a read was told is the one that it saw", () => {
  const writes = "a 0 1 set x 1 = OK revision=1\n a 2 9 set x 2 = OK revision=2\n";
  isRight(`${writes} b 3 4 get x = 1 revision=1`);
  finds(`${writes} b 3 4 get x = 2 revision=1`, /^reads: b get x → "2"/);
});

test("stale reads: a connection's reads of one node go back", () => {
  const writes = "a 0 1 set x 1 = OK revision=1\n a 2 3 set x 2 = OK revision=2\n";
  const read = (value: number, at: number, node: string): string =>
    `b ${at} ${at + 1} get x = ${value} mode=stale node=${node}\n`;
  isRight(writes + read(2, 4, "n1") + read(1, 6, "n2") + read(2, 8, "n1"));
  finds(
    writes + read(2, 4, "n1") + read(1, 6, "n1"),
    /^stale reads: b get x → "1" .* from revision 2 on .*its connection had seen so much/,
  );
});

test("stale reads: something that never was, is not yet, or is older than was asked for", () => {
  const write = "a 0 1 set x 1 = OK revision=1\n";
  finds(`${write} b 2 3 get x = 7 mode=stale`, /^stale reads: b get x → "7"/);
  finds(`b 0 1 get x = 1 mode=stale\n a 2 3 set x 1 = OK revision=1`, /^stale reads: b get x → "1"/);
  finds(`${write} b 50 51 get x = nil mode=stale maxLag=48`, /^stale reads: .*a lag of 48 µs was asked for/);
  isRight(`${write} b 50 51 get x = nil mode=stale maxLag=49`);
});

test("pipeline: a read sees a later write of its connection, or not an earlier one", () => {
  finds("a 0 9 get x = 1\n a 1 10 set x 1 = OK revision=1", /^pipeline: a get x → "1" .*of revisions 0 to 0/);
  finds(
    "a 0 9 set x 1 = OK revision=1\n a 1 10 get x = nil",
    /^pipeline: a get x → nothing .*from revision 1 on/,
  );
  finds(
    "a 0 9 set x 1 = OK revision=1\n a 1 10 get x = nil mode=stale node=n1",
    /^pipeline: a get x → nothing .* stale on n1/,
  );
});

test("pipeline: writes, or replies, out of order", () => {
  finds(
    "a 0 8 set x 1 = OK revision=2\n a 1 9 set y 1 = OK revision=1",
    /^pipeline: Writes out of order on one connection:\n {2}a set x .*\n {2}a set y/,
  );
  finds("a 0 9 set x 1 = OK revision=1\n a 1 8 get y = nil", /^pipeline: Replies out of order/);
});

test("sessions: attempts of one write are answered alike", () => {
  isRight(`
    a 0 9 incr x 1 = unknown session=s sequence=1
    b 10 19 incr x 1 = 1 session=s sequence=1 revision=1
    c 20 29 incr x 1 = 1 session=s sequence=1 revision=1`);
  finds(
    `
    b 10 19 incr x 1 = 1 session=s sequence=1 revision=1
    c 20 29 incr x 1 = 2 session=s sequence=1 revision=2`,
    /^sessions: Two attempts of one write differ:/,
  );
});

test("sessions: an attempt that was sent again may be older than what its new connection wrote", () => {
  isRight(`
    a 0 1 set x 1 = unknown session=s sequence=1
    b 2 3 set y 1 = OK session=s sequence=2 revision=2
    b 4 5 set x 1 = OK session=s sequence=1 revision=1`);
});

test("sessions: nothing that was given up is applied later", () => {
  finds(
    `
    a 0 1 set x 1 = unknown session=s sequence=1 revision=2
    b 2 3 set y 1 = OK session=s sequence=2 low=2 revision=1`,
    /^sessions: Write 1 was applied after its session had said that it repeats nothing below 2/,
  );
});

test("expiry: a key is seen after its deadline, or gone before it", () => {
  const set = "a 0 9 set x 1 1000 = OK revision=1 clock=50-60\n";
  isRight(`${set} b 10 11 get x = 1 clock=1159-1160\n c 12 13 get x = nil clock=1160-1160`);
  finds(
    `${set} b 10 11 get x = 1 clock=1160-1160`,
    /^expiry: b get x → "1" .*: seen after its deadline; .* "1" until 1050 ms to 1160 ms .* showed 1160 to 1160 ms/,
  );
  finds(`${set} b 10 11 get x = nil clock=1000-1049`, /^expiry: b get x → nothing .*: gone too early/);
  finds(`${set} b 10 11 append x 1 = 1 clock=1000-1049 revision=3`, /^expiry: b append .*: gone too early/);
  finds(
    `${set} b 10 11 incr x 1 = 2 clock=2000-2001 revision=2`,
    /^expiry: b incr .*: seen after its deadline/,
  );
});

test("expiry: what goes by applied time may be late and never early", () => {
  const set = "a 0 9 set x 1 1000 = OK revision=1 clock=50-60\n";
  isRight(`${set} b 10 11 get x = 1 clock=5000-5000 mode=stale`);
  finds(`${set} b 10 11 get x = nil clock=1000-1049 mode=stale revision=1`, /gone too early/);
});

test("expiry: a deadline that was taken away or moved does not count", () => {
  const set = "a 0 9 set x 1 1000 = OK revision=1 clock=50-60\n";
  isRight(`${set} a 10 11 persist x = 1 revision=2 clock=70-80\n b 12 13 get x = 1 clock=9000-9000`);
  isRight(`${set} a 10 11 expire x 9000 = 1 revision=2 clock=70-80\n b 12 13 get x = 1 clock=9000-9000`);
  finds(
    `${set} a 10 11 expire x 100 = 1 revision=2 clock=70-80\n b 12 13 get x = 1 clock=900-900`,
    /^expiry:/,
  );
});

test("without revisions it is said that nothing can be replayed", () => {
  const judgements = [...checkHistory(historyOf("a 0 1 set x 1 = OK"))];
  assert.deepEqual(
    judgements.map(({ name, left }) => [name, left]),
    [
      ["linearizability", ""],
      ["sessions", ""],
      ["replay", "nothing to judge: no write tells its revision"],
    ],
  );
});
