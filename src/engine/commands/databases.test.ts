import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

const same = "-ERR source and destination objects are the same";
const outOfRange = "-ERR DB index is out of range";
const notAnInteger = "-ERR value is not an integer or out of range";
const notAnInt = "-ERR value is out of range, value must between -2147483648 and 2147483647";

function inDb(db: number, ...words: string[]): string {
  c.db = db;
  const reply = c.run(...words);
  c.db = 0;
  return reply;
}

test("a key lives in its database alone", () => {
  c.run("SET", "k", "zero");
  assert.equal(inDb(15, "GET", "k"), "nil");
  inDb(15, "SET", "k", "fifteen");
  assert.equal(c.run("GET", "k"), '"zero"');
  assert.equal(inDb(15, "DBSIZE"), "1");
});

test("COPY copies value and deadline, and replaces only where it is told to", () => {
  c.run("SET", "a", "v", "PX", 100);
  assert.equal(c.run("COPY", "a", "b"), "1");
  assert.equal(c.run("PTTL", "b"), "100");
  c.run("SET", "b", "w");
  assert.equal(c.run("COPY", "a", "b"), "0");
  assert.equal(c.changes("COPY", "a", "b"), false);
  assert.equal(c.run("COPY", "a", "b", "REPLACE"), "1");
  assert.equal(c.run("MGET", "a", "b"), '["v", "v"]');
  assert.equal(c.run("COPY", "absent", "b", "REPLACE"), "0");
  assert.equal(c.run("GET", "b"), '"v"');
  c.run("SET", "a", "changed");
  assert.equal(c.run("GET", "b"), '"v"');
});

test("COPY and MOVE reach other databases", () => {
  c.run("SET", "a", "v", "PX", 100);
  assert.equal(c.run("COPY", "a", "a", "DB", 3), "1");
  assert.equal(inDb(3, "PTTL", "a"), "100");
  assert.equal(c.run("COPY", "a", "a", "db", 3), "0");
  assert.equal(c.run("COPY", "a", "a", "DB", 3, "replace"), "1");
  assert.equal(c.run("MOVE", "a", 3), "0");
  assert.equal(c.run("MOVE", "a", 4), "1");
  assert.equal(c.run("EXISTS", "a"), "0");
  assert.equal(inDb(4, "GET", "a"), '"v"');
  assert.equal(inDb(4, "PTTL", "a"), "100");
  assert.equal(c.run("MOVE", "absent", 4), "0");
});

test("COPY refuses the key itself, unknown options and databases", () => {
  assert.equal(c.run("COPY", "k", "k"), same);
  assert.equal(c.run("COPY", "k", "k", "DB", 0), same);
  assert.equal(c.run("COPY", "k", "j", "DB", 16), outOfRange);
  assert.equal(c.run("COPY", "k", "j", "DB", -1), outOfRange);
  assert.equal(c.run("COPY", "k", "j", "DB", "a"), notAnInteger);
  assert.equal(c.run("COPY", "k", "j", "DB", "99999999999"), notAnInt);
  assert.equal(c.run("COPY", "k", "j", "DB"), "-ERR syntax error");
  assert.equal(c.run("COPY", "k", "j", "foo"), "-ERR syntax error");
});

test("MOVE refuses its own database and others that do not exist", () => {
  assert.equal(c.run("MOVE", "k", 0), same);
  assert.equal(c.run("MOVE", "k", 16), outOfRange);
  assert.equal(c.run("MOVE", "k", -1), outOfRange);
  assert.equal(c.run("MOVE", "k", "a"), notAnInteger);
  assert.equal(c.run("MOVE", "k", "-99999999999"), notAnInt);
});

test("SWAPDB exchanges two databases for everybody", () => {
  c.run("SET", "k", "zero");
  inDb(1, "SET", "k", "one");
  assert.equal(c.run("SWAPDB", 0, 1), "OK");
  assert.equal(c.run("GET", "k"), '"one"');
  assert.equal(inDb(1, "GET", "k"), '"zero"');
  assert.equal(c.run("SWAPDB", 1, 1), "OK");
  assert.equal(c.changes("SWAPDB", 1, 1), false);
  assert.equal(c.changes("SWAPDB", 2, 3), false);
  assert.equal(c.changes("SWAPDB", 1, 2), true);
});

test("SWAPDB names the index that is wrong", () => {
  assert.equal(c.run("SWAPDB", "a", "b"), "-ERR invalid first DB index");
  assert.equal(c.run("SWAPDB", 1, "b"), "-ERR invalid second DB index");
  assert.equal(c.run("SWAPDB", "99999999999", 1), "-ERR invalid first DB index");
  assert.equal(c.run("SWAPDB", 1, 16), outOfRange);
  assert.equal(c.run("SWAPDB", -1, 1), outOfRange);
});

test("DBSIZE counts what can be seen", () => {
  c.run("MSET", "a", 1, "b", 2);
  c.run("SET", "c", 3, "PX", 1);
  assert.equal(c.run("DBSIZE"), "3");
  c.now += 1;
  assert.equal(c.run("DBSIZE"), "2");
});

test("FLUSHDB empties one database, FLUSHALL all", () => {
  for (const word of ["", "ASYNC", "sync"]) {
    const mode = word === "" ? [] : [word];
    c.run("SET", "k", "v", "EX", 5);
    inDb(1, "SET", "k", "v");
    assert.equal(c.run("FLUSHDB", ...mode), "OK");
    assert.equal(c.run("DBSIZE"), "0");
    assert.equal(inDb(1, "DBSIZE"), "1");
    c.run("SET", "k", "v");
    assert.equal(c.run("FLUSHALL", ...mode), "OK");
    assert.equal(c.run("DBSIZE"), "0");
    assert.equal(inDb(1, "DBSIZE"), "0");
  }
  assert.equal(c.changes("FLUSHALL"), false);
  assert.equal(c.run("FLUSHALL", "now"), "-ERR syntax error");
  assert.equal(c.run("FLUSHDB", "ASYNC", "SYNC"), "-ERR syntax error");
});

test("what is written after a flush does not mix with what was there", () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5000; i++) c.run("SET", `k${i}`, `${round}`.repeat((i * 13) % 700), "EX", 100);
    for (let i = 0; i < 5000; i++) {
      assert.equal(c.run("GET", `k${i}`), `"${`${round}`.repeat((i * 13) % 700)}"`);
    }
    c.run("FLUSHALL");
    inDb(round, "SET", "left", "v".repeat(500));
    assert.equal(c.run("GET", "k1"), "nil");
  }
});
