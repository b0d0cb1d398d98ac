import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

const syntax = "-ERR syntax error";
const notAnInteger = "-ERR value is not an integer or out of range";

function invalidTime(command: string): string {
  return `-ERR invalid expire time in '${command}' command`;
}

test("SET replaces the value and the deadline", () => {
  assert.equal(c.run("SET", "k", "one", "EX", 100), "OK");
  assert.equal(c.run("TTL", "k"), "100");
  assert.equal(c.run("set", "k", "two"), "OK");
  assert.equal(c.run("GET", "k"), '"two"');
  assert.equal(c.run("TTL", "k"), "-1");
});

test("keys and values may be empty, or hold any byte", () => {
  const odd = Buffer.from([0, 13, 10, 255, 36]);
  assert.equal(c.run("SET", "", ""), "OK");
  assert.equal(c.run("SET", odd, odd), "OK");
  assert.equal(c.run("GET", ""), '""');
  assert.equal(c.run("GET", odd), `"${odd.toString("latin1")}"`);
});

test("EX, PX, EXAT and PXAT set the deadline, in any case", () => {
  for (const [option, time] of [
    ["EX", 7],
    ["px", 7000],
    ["ExAt", c.now / 1000 + 7],
    ["pXaT", c.now + 7000],
  ] as const) {
    assert.equal(c.run("SET", "k", "v", option, time), "OK");
    assert.equal(c.run("PTTL", "k"), "7000", option);
  }
  c.now += 6999;
  assert.equal(c.run("GET", "k"), '"v"');
  c.now += 1;
  assert.equal(c.run("GET", "k"), "nil");
});

test("a time that is given twice counts as it was given last", () => {
  assert.equal(c.run("SET", "k", "v", "EX", 1, "EX", 2), "OK");
  assert.equal(c.run("TTL", "k"), "2");
});

test("a deadline that has passed already leaves no key", () => {
  assert.equal(c.run("SET", "new", "v", "PXAT", 1), "OK");
  assert.equal(c.run("EXISTS", "new"), "0");
  c.run("SET", "old", "v");
  assert.equal(c.run("SET", "old", "w", "GET", "EXAT", 1), '"v"');
  assert.equal(c.run("EXISTS", "old"), "0");
  assert.equal(c.run("DBSIZE"), "0");
  assert.equal(c.changes("SET", "absent", "v", "PXAT", 1), false);
});

test("KEEPTTL keeps the deadline, and none where there was none", () => {
  c.run("SET", "k", "v", "PX", 500);
  assert.equal(c.run("SET", "k", "w", "KEEPTTL"), "OK");
  assert.equal(c.run("PTTL", "k"), "500");
  assert.equal(c.run("SET", "n", "w", "KEEPTTL"), "OK");
  assert.equal(c.run("PTTL", "n"), "-1");
});

test("NX sets only an absent key, XX only one that is there", () => {
  assert.equal(c.run("SET", "k", "v", "XX"), "nil");
  assert.equal(c.run("SET", "k", "v", "NX"), "OK");
  assert.equal(c.run("SET", "k", "w", "NX"), "nil");
  assert.equal(c.run("GET", "k"), '"v"');
  assert.equal(c.run("SET", "k", "w", "XX"), "OK");
  assert.equal(c.run("GET", "k"), '"w"');
  assert.equal(c.changes("SET", "k", "x", "NX"), false);
});

test("an expired key is absent to NX and XX", () => {
  c.run("SET", "k", "v", "PX", 10);
  c.now += 10;
  assert.equal(c.run("SET", "k", "w", "XX"), "nil");
  assert.equal(c.run("SET", "k", "w", "NX"), "OK");
  assert.equal(c.run("TTL", "k"), "-1");
});

test("GET answers the old value, whether the new one was set or not", () => {
  assert.equal(c.run("SET", "k", "v", "GET"), "nil");
  assert.equal(c.run("SET", "k", "w", "GET"), '"v"');
  assert.equal(c.run("SET", "k", "x", "GET", "NX"), '"w"');
  assert.equal(c.run("GET", "k"), '"w"');
  assert.equal(c.run("SET", "n", "x", "GET", "XX"), "nil");
  assert.equal(c.run("EXISTS", "n"), "0");
  const large = "x".repeat(300_000);
  assert.equal(c.run("SET", "k", large, "GET", "EX", 9), '"w"');
  assert.equal(c.run("SET", "k", "", "GET"), `"${large}"`);
});

test("IFEQ sets only where the value is the given one", () => {
  assert.equal(c.run("SET", "k", "w", "IFEQ", "v"), "nil");
  assert.equal(c.run("EXISTS", "k"), "0");
  c.run("SET", "k", "v");
  assert.equal(c.run("SET", "k", "w", "IFEQ", "vv"), "nil");
  assert.equal(c.run("SET", "k", "w", "ifeq", "v", "GET"), '"v"');
  assert.equal(c.run("SET", "k", "x", "IFEQ", "v", "GET"), '"w"');
  assert.equal(c.run("GET", "k"), '"w"');
  assert.equal(c.run("SET", "k", "", "IFEQ", "w", "PX", 5), "OK");
  assert.equal(c.run("PTTL", "k"), "5");
  assert.equal(c.run("SET", "k", "v", "IFEQ", ""), "OK");
});

test("options that contradict each other, or are none, are a syntax error", () => {
  const wrong = ["NX XX", "XX NX", "NX IFEQ v", "IFEQ v XX", "IFEQ v IFEQ v", "EX 1 PX 1", "EXAT 1 EX 1"];
  wrong.push("NX IFREV 1", "IFREV 1 XX", "IFREV 1 IFEQ v", "IFREV 1 IFREV 1", "IFREV");
  wrong.push("PXAT 1 EXAT 1", "KEEPTTL EX 1", "PX 1 KEEPTTL", "PERSIST", "EX", "IFEQ", "NX EX", "nxx", "5");
  for (const options of wrong) {
    assert.equal(c.run("SET", "k", "v", ...options.split(" ")), syntax, options);
  }
  assert.equal(c.run("EXISTS", "k"), "0");
});

test("a time of 0, a negative one, one that is none, and one past 2^53 - 1 ms are refused", () => {
  for (const option of ["EX", "PX", "EXAT", "PXAT"]) {
    for (const time of ["0", "-1", "9223372036854775807", "9007199254740992"]) {
      assert.equal(c.run("SET", "k", "v", option, time), invalidTime("set"), `${option} ${time}`);
    }
    for (const time of ["", "a", "1.5", "9223372036854775808", " 1"]) {
      assert.equal(c.run("SET", "k", "v", option, time), notAnInteger, `${option} ${time}`);
    }
  }
  assert.equal(c.run("SET", "k", "v", "PXAT", "9007199254740991"), "OK");
  assert.equal(c.run("PEXPIRETIME", "k"), "9007199254740991");
  assert.equal(c.run("SET", "k", "v", "PX", 9_007_199_254_740_991 - c.now), "OK");
  assert.equal(c.run("SET", "k", "v", "PX", 9_007_199_254_740_992 - c.now), invalidTime("set"));
  assert.equal(c.run("SET", "k", "v", "EXAT", "9007199254741"), invalidTime("set"));
});

test("the time is looked at before the condition", () => {
  c.run("SET", "k", "v");
  assert.equal(c.run("SET", "k", "w", "NX", "EX", 0), invalidTime("set"));
});

test("SETNX, SETEX, PSETEX and GETSET are forms of SET", () => {
  assert.equal(c.run("SETNX", "k", "v"), "1");
  assert.equal(c.run("SETNX", "k", "w"), "0");
  assert.equal(c.run("SETEX", "k", 10, "x"), "OK");
  assert.equal(c.run("TTL", "k"), "10");
  assert.equal(c.run("PSETEX", "k", 10, "y"), "OK");
  assert.equal(c.run("PTTL", "k"), "10");
  assert.equal(c.run("GETSET", "k", "z"), '"y"');
  assert.equal(c.run("TTL", "k"), "-1");
  assert.equal(c.run("GETSET", "n", "z"), "nil");
  assert.equal(c.run("GET", "n"), '"z"');
});

test("SETEX and PSETEX name themselves in their errors", () => {
  assert.equal(c.run("SETEX", "k", 0, "v"), invalidTime("setex"));
  assert.equal(c.run("PSETEX", "k", -1, "v"), invalidTime("psetex"));
  assert.equal(c.run("SETEX", "k", "a", "v"), notAnInteger);
  assert.equal(c.run("SETEX", "k", "9223372036854775807", "v"), invalidTime("setex"));
});

test("GETEX answers the value and changes the deadline alone", () => {
  c.run("SET", "k", "v");
  assert.equal(c.changes("GETEX", "k"), false);
  assert.equal(c.run("GETEX", "k", "EX", 10), '"v"');
  assert.equal(c.run("TTL", "k"), "10");
  assert.equal(c.run("GETEX", "k", "PXAT", c.now + 5), '"v"');
  assert.equal(c.run("PTTL", "k"), "5");
  assert.equal(c.run("GETEX", "k", "PERSIST"), '"v"');
  assert.equal(c.run("TTL", "k"), "-1");
  assert.equal(c.changes("GETEX", "k", "PERSIST"), false);
  assert.equal(c.run("GETEX", "k", "EXAT", 1), '"v"');
  assert.equal(c.run("EXISTS", "k"), "0");
});

test("GETEX looks at the syntax, then for the key, then at the time", () => {
  assert.equal(c.run("GETEX", "absent", "EX", "0"), "nil");
  assert.equal(c.run("GETEX", "absent", "EX", "a"), "nil");
  assert.equal(c.run("GETEX", "absent", "EX"), syntax);
  for (const options of [
    "NX",
    "GET",
    "KEEPTTL",
    "IFEQ v",
    "IFREV 1",
    "PERSIST EX 1",
    "EX 1 PERSIST",
    "EX 1 PX 1",
  ]) {
    assert.equal(c.run("GETEX", "absent", ...options.split(" ")), syntax, options);
  }
  c.run("SET", "k", "v");
  assert.equal(c.run("GETEX", "k", "EX", 0), invalidTime("getex"));
  assert.equal(c.run("GETEX", "k", "PX", "a"), notAnInteger);
});

test("MSET sets all keys, the last one where a key stands twice; MSETNX all or none", () => {
  assert.equal(c.run("MSET", "a", 1, "b", 2, "a", 3), "OK");
  assert.equal(c.run("MGET", "a", "b", "c"), '["3", "2", nil]');
  assert.equal(c.run("MSETNX", "c", 1, "b", 1), "0");
  assert.equal(c.run("EXISTS", "c"), "0");
  assert.equal(c.run("MSETNX", "c", 1, "c", 2), "1");
  assert.equal(c.run("GET", "c"), '"2"');
  assert.equal(c.run("MSET", "a", 1, "b"), "-ERR wrong number of arguments for 'mset' command");
  assert.equal(c.run("MSETNX", "a", 1, "b"), "-ERR wrong number of arguments for 'msetnx' command");
});

test("MSET drops deadlines", () => {
  c.run("SET", "a", 1, "EX", 5);
  c.run("MSET", "a", 2);
  assert.equal(c.run("TTL", "a"), "-1");
});
