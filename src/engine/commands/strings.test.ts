import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";
import { limits } from "../../base/limits.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

test("GET, STRLEN and MGET answer what is there", () => {
  assert.equal(c.run("GET", "k"), "nil");
  assert.equal(c.run("STRLEN", "k"), "0");
  c.run("SET", "k", "hello");
  assert.equal(c.run("GET", "k"), '"hello"');
  assert.equal(c.run("STRLEN", "k"), "5");
  assert.equal(c.run("MGET", "k", "absent", "k"), '["hello", nil, "hello"]');
});

test("MGET answers as many bytes as one value may have, and refuses more before it answers any", () => {
  const half = Buffer.alloc(limits.mgetBytesMax / 2, "x");
  c.run("SET", "half", half);
  c.run("SET", "one", "1");
  assert.deepEqual(c.reply("MGET", "half", "absent", "half"), [half, null, half]);
  assert.equal(
    c.run("MGET", "half", "one", "half"),
    `-TOO_LARGE MGET would answer ${limits.mgetBytesMax + 1} bytes, it may answer ${limits.mgetBytesMax}`,
  );
});

test("a value is gone from the millisecond of its deadline on", () => {
  c.run("SET", "k", "v", "PX", 10);
  c.now += 9;
  assert.equal(c.run("MGET", "k"), '["v"]');
  c.now += 1;
  assert.equal(c.run("GET", "k"), "nil");
  assert.equal(c.run("STRLEN", "k"), "0");
  assert.equal(c.run("GETRANGE", "k", 0, -1), '""');
  assert.equal(c.run("GETDEL", "k"), "nil");
});

test("reads change nothing", () => {
  c.run("SET", "k", "v");
  for (const read of ["GET k", "MGET k", "STRLEN k", "GETRANGE k 0 1", "SUBSTR k 0 1", "GETDEL absent"]) {
    assert.equal(c.changes(...read.split(" ")), false, read);
  }
});

test("GETDEL answers the value and removes the key", () => {
  c.run("SET", "k", "v", "EX", 5);
  assert.equal(c.run("GETDEL", "k"), '"v"');
  assert.equal(c.run("GETDEL", "k"), "nil");
  assert.equal(c.run("EXISTS", "k"), "0");
});

test("GETRANGE and SUBSTR cut as Redis does", () => {
  c.run("SET", "k", "This is a string");
  /** From, to, what Redis 7.0.15 answers. */
  const cuts: readonly (readonly [string, string, string])[] = [
    ["0", "3", "This"],
    ["-3", "-1", "ing"],
    ["0", "-1", "This is a string"],
    ["10", "100", "string"],
    ["15", "15", "g"],
    ["16", "20", ""],
    ["5", "3", ""],
    ["-1", "-3", ""],
    ["-100", "3", "This"],
    ["0", "-100", "T"],
    ["-100", "-90", "T"],
    ["-90", "-100", ""],
    ["5", "-100", ""],
    ["-9223372036854775808", "9223372036854775807", "This is a string"],
    ["-9223372036854775807", "-9223372036854775808", ""],
    ["9223372036854775807", "-1", ""],
  ];
  for (const [from, to, part] of cuts) {
    assert.equal(c.run("GETRANGE", "k", from, to), `"${part}"`, `${from} ${to}`);
    assert.equal(c.run("SUBSTR", "k", from, to), `"${part}"`, `${from} ${to}`);
  }
  assert.equal(c.run("GETRANGE", "absent", 0, -1), '""');
  c.run("SET", "empty", "");
  assert.equal(c.run("GETRANGE", "empty", 0, 0), '""');
});

test("GETRANGE wants whole numbers, even where there is no key", () => {
  const error = "-ERR value is not an integer or out of range";
  assert.equal(c.run("GETRANGE", "absent", "a", 1), error);
  assert.equal(c.run("GETRANGE", "absent", 1, "1.5"), error);
});
