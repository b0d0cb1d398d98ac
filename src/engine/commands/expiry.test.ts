import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
  c.run("SET", "k", "v");
});

const notAnInteger = "-ERR value is not an integer or out of range";

test("a deadline is set by span or by point, in seconds or milliseconds", () => {
  for (const [command, time] of [
    ["EXPIRE", 10],
    ["PEXPIRE", 10_000],
    ["EXPIREAT", c.now / 1000 + 10],
    ["PEXPIREAT", c.now + 10_000],
  ] as const) {
    c.run("PERSIST", "k");
    assert.equal(c.run(command, "k", time), "1", command);
    assert.equal(c.run("PTTL", "k"), "10000");
    assert.equal(c.run("TTL", "k"), "10");
    assert.equal(c.run("PEXPIRETIME", "k"), String(c.now + 10_000));
    assert.equal(c.run("EXPIRETIME", "k"), String(c.now / 1000 + 10));
  }
  assert.equal(c.run("GET", "k"), '"v"');
  assert.equal(c.run("EXPIRE", "absent", 10), "0");
});

test("seconds are rounded to the nearest", () => {
  c.run("PEXPIRE", "k", 1499);
  assert.equal(c.run("TTL", "k"), "1");
  assert.equal(c.run("EXPIRETIME", "k"), String(c.now / 1000 + 1));
  c.run("PEXPIRE", "k", 1500);
  assert.equal(c.run("TTL", "k"), "2");
  assert.equal(c.run("EXPIRETIME", "k"), String(c.now / 1000 + 2));
  c.run("PEXPIRE", "k", 499);
  assert.equal(c.run("TTL", "k"), "0");
});

test("without a key the times are -2, without a deadline -1", () => {
  for (const command of ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]) {
    assert.equal(c.run(command, "absent"), "-2");
    assert.equal(c.run(command, "k"), "-1");
  }
});

test("PERSIST takes the deadline away", () => {
  assert.equal(c.run("PERSIST", "k"), "0");
  assert.equal(c.run("PERSIST", "absent"), "0");
  assert.equal(c.changes("PERSIST", "k"), false);
  c.run("EXPIRE", "k", 10);
  assert.equal(c.run("PERSIST", "k"), "1");
  assert.equal(c.run("TTL", "k"), "-1");
});

test("a deadline that has passed already removes the key", () => {
  const past = ["EXPIRE k 0", "EXPIRE k -1", "PEXPIRE k 0", "EXPIREAT k 0", "PEXPIREAT k -5"];
  past.push("PEXPIRE k -9223372036854775808", "EXPIRE k -9223372036854775", `PEXPIREAT k ${c.now}`);
  for (const command of past) {
    c.run("SET", "k", "v");
    assert.equal(c.run(...command.split(" ")), "1", command);
    assert.equal(c.run("EXISTS", "k"), "0", command);
    assert.equal(c.run(...command.split(" ")), "0", command);
  }
});

test("NX, XX, GT and LT decide against the deadline that is there", () => {
  assert.equal(c.run("EXPIRE", "k", 10, "XX"), "0");
  assert.equal(c.run("EXPIRE", "k", 10, "GT"), "0");
  assert.equal(c.run("EXPIRE", "k", 10, "nx"), "1");
  assert.equal(c.run("EXPIRE", "k", 20, "NX"), "0");
  assert.equal(c.run("EXPIRE", "k", 10, "GT"), "0");
  assert.equal(c.run("EXPIRE", "k", 10, "LT"), "0");
  assert.equal(c.run("EXPIRE", "k", 20, "gt"), "1");
  assert.equal(c.run("EXPIRE", "k", 15, "Lt", "XX"), "1");
  assert.equal(c.run("TTL", "k"), "15");
  assert.equal(c.run("EXPIRE", "k", 30, "XX", "XX"), "1");
  c.run("PERSIST", "k");
  assert.equal(c.run("EXPIRE", "k", 30, "LT"), "1");
  assert.equal(c.run("EXPIRE", "k", -1, "GT"), "0");
  assert.equal(c.run("EXPIRE", "k", -1, "LT"), "1");
  assert.equal(c.run("EXISTS", "k"), "0");
  assert.equal(c.changes("EXPIRE", "k", 5, "XX"), false);
});

test("conditions that contradict each other are refused before all else", () => {
  const rivals = "-ERR NX and XX, GT or LT options at the same time are not compatible";
  for (const pair of ["NX XX", "GT NX", "NX LT", "LT NX GT"]) {
    assert.equal(c.run("EXPIRE", "k", "a", ...pair.split(" ")), rivals, pair);
  }
  const both = "-ERR GT and LT options at the same time are not compatible";
  assert.equal(c.run("PEXPIREAT", "absent", "a", "GT", "LT"), both);
  assert.equal(c.run("EXPIRE", "k", "a", "foo"), "-ERR Unsupported option foo");
});

test("a time that is no number, or too large, is refused, whether there is a key or not", () => {
  for (const key of ["k", "absent"]) {
    for (const command of ["expire", "pexpire", "expireat", "pexpireat"]) {
      const invalid = `-ERR invalid expire time in '${command}' command`;
      for (const time of ["9007199254740992", "9223372036854775807"]) {
        assert.equal(c.run(command, key, time), invalid, `${command} ${time}`);
      }
      assert.equal(c.run(command, key, "1.5"), notAnInteger);
      assert.equal(c.run(command, key, "-9223372036854775809"), notAnInteger);
    }
    assert.equal(c.run("EXPIRE", key, "-9223372036854776"), "-ERR invalid expire time in 'expire' command");
  }
  assert.equal(c.run("PEXPIREAT", "k", "9007199254740991"), "1");
  assert.equal(c.run("PEXPIRETIME", "k"), "9007199254740991");
});

test("expired keys are removed by the engine in the order of their deadlines", () => {
  for (let i = 0; i < 10; i++) c.run("SET", i, "v", "PX", 100 - i);
  c.now += 100;
  assert.equal(c.engine.advance(c.now - 5, 100), 5);
  assert.equal(c.engine.advance(c.now, 3), 3);
  assert.equal(c.engine.advance(c.now, 100), 2);
  assert.equal(c.engine.keyspaces[0]!.records, 1);
  assert.equal(c.run("GET", "k"), '"v"');
});
