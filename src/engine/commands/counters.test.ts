import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

const notAnInteger = "-ERR value is not an integer or out of range";
const overflow = "-ERR increment or decrement would overflow";
const largest = "9223372036854775807";
const smallest = "-9223372036854775808";

test("INCR, DECR, INCRBY and DECRBY count from 0", () => {
  assert.equal(c.run("INCR", "k"), "1");
  assert.equal(c.run("INCR", "k"), "2");
  assert.equal(c.run("DECR", "k"), "1");
  assert.equal(c.run("INCRBY", "k", 41), "42");
  assert.equal(c.run("DECRBY", "k", 50), "-8");
  assert.equal(c.run("DECRBY", "k", -8), "0");
  assert.equal(c.run("GET", "k"), '"0"');
  assert.equal(c.run("DECR", "down"), "-1");
  assert.equal(c.run("DECRBY", "zero", 0), "0");
  assert.equal(c.run("GET", "zero"), '"0"');
});

test("counting keeps the deadline and takes one revision", () => {
  c.run("SET", "k", 9, "PX", 100);
  assert.equal(c.changes("INCR", "k"), true);
  assert.equal(c.run("PTTL", "k"), "100");
  c.now += 100;
  assert.equal(c.run("INCR", "k"), "1");
  assert.equal(c.run("PTTL", "k"), "-1");
});

test("counts are exact to 64 bits", () => {
  c.run("SET", "k", "9007199254740991");
  assert.equal(c.run("INCR", "k"), "9007199254740992");
  assert.equal(c.run("INCR", "k"), "9007199254740993");
  assert.equal(c.run("GET", "k"), '"9007199254740993"');
  assert.equal(c.run("DECRBY", "k", 3), "9007199254740990");
  c.run("SET", "k", "9223372036854775806");
  assert.equal(c.run("INCR", "k"), largest);
  assert.equal(c.run("GET", "k"), `"${largest}"`);
  c.run("SET", "k", "-9223372036854775807");
  assert.equal(c.run("DECR", "k"), smallest);
});

test("past 64 bits nothing changes", () => {
  c.run("SET", "k", largest);
  assert.equal(c.run("INCR", "k"), overflow);
  assert.equal(c.run("INCRBY", "k", largest), overflow);
  assert.equal(c.run("DECRBY", "k", "-1"), overflow);
  assert.equal(c.changes("INCR", "k"), false);
  assert.equal(c.run("GET", "k"), `"${largest}"`);
  assert.equal(c.run("INCRBY", "k", smallest), "-1");
  c.run("SET", "k", smallest);
  assert.equal(c.run("DECR", "k"), overflow);
  assert.equal(c.run("DECRBY", "k", smallest), "-ERR decrement would overflow");
  assert.equal(c.run("DECRBY", "absent", smallest), "-ERR decrement would overflow");
});

test("what is no whole number is not counted", () => {
  for (const value of ["", "a", " 1", "1 ", "1.0", "01", "-0", "+1", "9223372036854775808", "1e3"]) {
    c.run("SET", "k", value);
    assert.equal(c.run("INCR", "k"), notAnInteger, value);
    assert.equal(c.run("INCRBY", "absent", value), notAnInteger, value);
    assert.equal(c.run("DECRBY", "absent", value), notAnInteger, value);
    assert.equal(c.run("GET", "k"), `"${value}"`);
  }
  assert.equal(c.run("EXISTS", "absent"), "0");
});

test("INCRBYFLOAT adds as Redis on x86 does", () => {
  assert.equal(c.run("INCRBYFLOAT", "k", "10.50"), '"10.5"');
  assert.equal(c.run("INCRBYFLOAT", "k", "0.1"), '"10.6"');
  assert.equal(c.run("INCRBYFLOAT", "k", "-5"), '"5.6"');
  c.run("SET", "k", "5.0e3", "PX", 50);
  assert.equal(c.run("INCRBYFLOAT", "k", "2.0e2"), '"5200"');
  assert.equal(c.run("GET", "k"), '"5200"');
  assert.equal(c.run("PTTL", "k"), "50");
  assert.equal(c.run("INCR", "k"), "5201");
});

test("INCRBYFLOAT refuses what is no number and what becomes none", () => {
  const noFloat = "-ERR value is not a valid float";
  c.run("SET", "text", "abc");
  assert.equal(c.run("INCRBYFLOAT", "text", 1), noFloat);
  assert.equal(c.run("INCRBYFLOAT", "k", "abc"), noFloat);
  assert.equal(c.run("INCRBYFLOAT", "k", " 1"), noFloat);
  assert.equal(c.run("INCRBYFLOAT", "k", "nan"), noFloat);
  assert.equal(c.run("INCRBYFLOAT", "k", "inf"), "-ERR increment would produce NaN or Infinity");
  assert.equal(c.run("EXISTS", "k"), "0");
});
