import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

const notAnInteger = "-ERR value is not an integer or out of range";

/** What GETREV says of the key's last write. */
function revisionOf(key: string): number {
  const reply = c.reply("GETREV", key);
  assert.ok(Array.isArray(reply) && typeof reply[1] === "number");
  return reply[1];
}

test("GETREV answers the value with the revision of the last write to its key", () => {
  assert.equal(c.run("GETREV", "k"), "nil");
  c.run("SET", "k", "v");
  assert.equal(c.run("GETREV", "k"), '["v", 1]');
  c.run("SET", "other", "v");
  assert.equal(c.run("GETREV", "k"), '["v", 1]');
  c.run("EXPIRE", "k", 10);
  assert.equal(c.run("GETREV", "k"), '["v", 3]');
  assert.equal(c.changes("GETREV", "k"), false);
  c.now += 10_000;
  assert.equal(c.run("GETREV", "k"), "nil");
});

test("SET IFREV sets only what nobody wrote meanwhile, and answers the next revision", () => {
  c.run("SET", "k", "v");
  const seen = revisionOf("k");
  assert.equal(c.run("SET", "k", "w", "IFREV", seen + 1), "nil");
  assert.equal(c.run("SET", "k", "w", "ifrev", seen), String(seen + 1));
  assert.equal(c.run("GETREV", "k"), `["w", ${seen + 1}]`);
  assert.equal(c.run("SET", "k", "x", "IFREV", seen), "nil");
  assert.equal(c.changes("SET", "k", "x", "IFREV", seen), false);
  assert.equal(c.run("SET", "k", "x", "PX", 5, "IFREV", seen + 1), String(seen + 2));
  assert.equal(c.run("PTTL", "k"), "5");
});

test("SET IFREV 0 sets what is absent, or has expired", () => {
  assert.equal(c.run("SET", "k", "v", "IFREV", 7), "nil");
  assert.equal(c.run("EXISTS", "k"), "0");
  assert.equal(c.run("SET", "k", "v", "IFREV", 0, "PX", 10), "1");
  assert.equal(c.run("SET", "k", "w", "IFREV", 0), "nil");
  c.now += 10;
  assert.equal(c.run("SET", "k", "w", "IFREV", 0), "2");
  assert.equal(c.run("GET", "k"), '"w"');
});

test("a key that was deleted and created again, with the same value, is another one", () => {
  c.run("SET", "k", "v");
  const seen = revisionOf("k");
  c.run("DEL", "k");
  c.run("SET", "k", "v");
  assert.equal(c.run("SET", "k", "w", "IFREV", seen), "nil");
  assert.equal(c.run("DELEX", "k", "IFREV", seen), "0");
  assert.equal(c.run("GET", "k"), '"v"');
});

test("with GET, SET IFREV answers the old value, whether it sets or not", () => {
  assert.equal(c.run("SET", "k", "v", "IFREV", 0, "GET"), "nil");
  assert.equal(c.run("SET", "k", "w", "GET", "IFREV", 9), '"v"');
  assert.equal(c.run("SET", "k", "w", "GET", "IFREV", 1), '"v"');
  assert.equal(c.run("GET", "k"), '"w"');
});

test("SET IFREV with a deadline that has passed leaves no key, and answers 0", () => {
  c.run("SET", "k", "v");
  assert.equal(c.run("SET", "k", "w", "PXAT", 1, "IFREV", 2), "nil");
  assert.equal(c.run("EXISTS", "k"), "1");
  assert.equal(c.run("SET", "k", "w", "PXAT", 1, "IFREV", 1), "0");
  assert.equal(c.run("EXISTS", "k"), "0");
  assert.equal(c.changes("SET", "k", "w", "PXAT", 1, "IFREV", 0), false);
});

test("KEEPTTL keeps the deadline behind IFREV too", () => {
  c.run("SET", "k", "v", "PX", 50);
  assert.equal(c.run("SET", "k", "w", "KEEPTTL", "IFREV", 1), "2");
  assert.equal(c.run("PTTL", "k"), "50");
});

test("what is no revision is refused, after the syntax and before the time", () => {
  c.run("SET", "k", "v");
  for (const revision of ["", "x", "-1", "1.5", "01", "9223372036854775808"]) {
    assert.equal(c.run("SET", "k", "w", "IFREV", revision), notAnInteger, revision);
    assert.equal(c.run("DELEX", "k", "IFREV", revision), notAnInteger, revision);
  }
  assert.equal(c.run("SET", "k", "w", "IFREV", "x", "NX"), "-ERR syntax error");
  assert.equal(c.run("SET", "k", "w", "IFREV", "x", "PX", 0), notAnInteger);
  assert.equal(c.run("SET", "k", "w", "IFREV", "9223372036854775807"), "nil");
  assert.equal(c.run("GET", "k"), '"v"');
});

test("revisions of 48 bits are compared exactly", () => {
  c.engine.begin(2 ** 48 - 3, c.now, []);
  assert.equal(c.run("SET", "k", "v", "IFREV", 0), String(2 ** 48 - 2));
  assert.equal(c.run("SET", "k", "w", "IFREV", 2 ** 48 - 3), "nil");
  assert.equal(c.run("SET", "k", "w", "IFREV", 2 ** 48 - 2), String(2 ** 48 - 1));
});

test("the writes of a transaction have one revision, which it can tell", () => {
  const replies = c.transaction(
    ["SET", "a", 1, "IFREV", 0],
    ["SET", "b", 2],
    ["GETREV", "b"],
    ["SET", "a", 3, "IFREV", 1],
  );
  assert.deepEqual(replies, ["1", "OK", '["2", 1]', "1"]);
  assert.equal(c.run("GETREV", "a"), '["3", 1]');
});

test("DELEX deletes what is as it is expected", () => {
  for (const condition of [[], ["IFEQ", "v"], ["ifne", "w"], ["IFREV", 0]]) {
    assert.equal(c.run("DELEX", "k", ...condition), "0", "there is nothing to delete");
  }
  c.run("SET", "k", "v");
  assert.equal(c.run("DELEX", "k", "IFEQ", "vv"), "0");
  assert.equal(c.run("DELEX", "k", "IFNE", "v"), "0");
  assert.equal(c.run("DELEX", "k", "IFREV", revisionOf("k") + 1), "0");
  assert.equal(c.changes("DELEX", "k", "IFEQ", ""), false);
  for (const condition of [["IFEQ", "v"], ["IFNE", "vv"], []]) {
    c.run("SET", "k", "v");
    assert.equal(c.run("DELEX", "k", ...condition), "1", condition.join(" "));
    assert.equal(c.run("EXISTS", "k"), "0");
  }
  c.run("SET", "k", "v");
  assert.equal(c.run("DELEX", "k", "IFREV", revisionOf("k")), "1");
});

test("DELEX says what it does not understand, whether the key is there or not", () => {
  const count = "-ERR wrong number of arguments for 'delex' command";
  assert.equal(c.run("DELEX", "k", "IFEQ"), count);
  assert.equal(c.run("DELEX", "k", "IFEQ", "a", "IFEQ", "b"), count);
  assert.equal(c.run("DELEX", "k", "IFDEQ", "a"), "-ERR Invalid condition. Use IFEQ, IFNE or IFREV");
});

test("DELIFEQ deletes a key that holds this value", () => {
  c.run("SET", "k", "v");
  assert.equal(c.run("DELIFEQ", "absent", "v"), "0");
  assert.equal(c.run("DELIFEQ", "k", "w"), "0");
  assert.equal(c.run("DELIFEQ", "k", "v"), "1");
  assert.equal(c.run("EXISTS", "k"), "0");
});
