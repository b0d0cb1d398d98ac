import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../base/limits.ts";
import { LagHistory } from "./lag.ts";

/** A log that grows by an entry of 100 bytes every 10 ms, looked at as often. */
function grown(entries: number): LagHistory {
  const history = new LagHistory();
  for (let i = 0; i <= entries; i++) history.look(i * 10, i, i * 100);
  return history;
}

test("who has everything does not lag", () => {
  assert.deepEqual(grown(50).behind(50, 50, 500), { entries: 0, bytes: 0, ms: 0 });
  assert.deepEqual(new LagHistory().behind(7, 7, 0), { entries: 0, bytes: 0, ms: 0 });
});

test("lag is counted in entries, bytes and ms, from the first entry that is missing", () => {
  // Entry 41 came between 400 and 410 ms.
  assert.deepEqual(grown(50).behind(40, 50, 500), { entries: 10, bytes: 1000, ms: 100 });
});

test("a log that nobody writes to does not make a lag older than its entries are", () => {
  const history = grown(50);
  for (let ms = 510; ms < 90_000; ms += 10) history.look(ms, 50, 5000);
  history.look(90_000, 51, 5100);
  assert.deepEqual(history.behind(50, 51, 90_020), { entries: 1, bytes: 100, ms: 30 });
});

test("what came since the last look has no bytes yet, and is no older than that", () => {
  assert.deepEqual(grown(50).behind(50, 53, 504), { entries: 3, bytes: 0, ms: 4 });
});

test("of several entries between two looks each counts alike", () => {
  const history = new LagHistory();
  history.look(0, 0, 0);
  history.look(10, 10, 2000);
  assert.deepEqual(history.behind(5, 10, 15), { entries: 5, bytes: 1000, ms: 15 });
});

test("a long history is kept in a bounded number of marks, less exactly the older it is, and never too low", () => {
  const count = limits.lagMarks * 40;
  const history = grown(count);
  const nowMs = count * 10;
  for (let index = 0; index < count; index += 7) {
    const { ms, bytes } = history.behind(index, count, nowMs);
    const exactMs = nowMs - index * 10;
    assert.ok(ms >= exactMs && ms <= exactMs * 1.07 + 10, `${ms} for ${exactMs}`);
    assert.equal(bytes, (count - index) * 100);
  }
});

test("what was truncated is forgotten", () => {
  const history = grown(50);
  history.look(510, 45, 5000);
  history.look(520, 46, 5100);
  assert.deepEqual(history.behind(45, 46, 530), { entries: 1, bytes: 600, ms: 20 });
  const anew = grown(50);
  anew.look(510, 0, 5000);
  assert.deepEqual(anew.behind(0, 0, 520), { entries: 0, bytes: 0, ms: 0 });
});
