import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

test("DEL and UNLINK remove keys and count each once", () => {
  c.run("MSET", "a", 1, "b", 2, "c", 3);
  assert.equal(c.run("DEL", "a", "a", "absent"), "1");
  assert.equal(c.run("UNLINK", "b", "c"), "2");
  assert.equal(c.run("DBSIZE"), "0");
  assert.equal(c.changes("DEL", "a"), false);
});

test("EXISTS and TOUCH count a key as often as it is named", () => {
  c.run("MSET", "a", 1, "b", 2);
  assert.equal(c.run("EXISTS", "a", "b", "a", "absent"), "3");
  assert.equal(c.run("TOUCH", "a", "b", "a", "absent"), "3");
});

test("TYPE knows strings and nothing", () => {
  c.run("SET", "a", 1);
  assert.equal(c.run("TYPE", "a"), "string");
  assert.equal(c.run("TYPE", "absent"), "none");
});

test("an expired key is not counted, not removed by name, and has no type", () => {
  c.run("SET", "a", 1, "PX", 1);
  c.now += 1;
  assert.equal(c.run("EXISTS", "a"), "0");
  assert.equal(c.run("TYPE", "a"), "none");
  assert.equal(c.run("RENAME", "a", "b"), "-ERR no such key");
  assert.equal(c.run("DEL", "a"), "0");
});

test("RENAME moves value and deadline over whatever was there", () => {
  const large = "x".repeat(300_000);
  c.run("SET", "a", large, "PX", 100);
  c.run("SET", "b", "old");
  assert.equal(c.run("RENAME", "a", "b"), "OK");
  assert.equal(c.run("EXISTS", "a"), "0");
  assert.equal(c.run("GET", "b"), `"${large}"`);
  assert.equal(c.run("PTTL", "b"), "100");
  assert.equal(c.run("SET", "n", "v"), "OK");
  assert.equal(c.run("RENAME", "n", "b"), "OK");
  assert.equal(c.run("TTL", "b"), "-1");
});

test("RENAME takes an expired key's name", () => {
  c.run("SET", "gone", "v", "PX", 1);
  c.run("SET", "a", "w");
  c.now += 1;
  assert.equal(c.run("RENAMENX", "a", "gone"), "1");
  assert.equal(c.run("GET", "gone"), '"w"');
  assert.equal(c.run("TTL", "gone"), "-1");
});

test("RENAME to its own name does nothing, but wants the key", () => {
  assert.equal(c.run("RENAME", "a", "a"), "-ERR no such key");
  c.run("SET", "a", 1);
  assert.equal(c.changes("RENAME", "a", "a"), false);
  assert.equal(c.run("RENAME", "a", "a"), "OK");
  assert.equal(c.run("RENAMENX", "a", "a"), "0");
});

test("RENAMENX moves only to a free name", () => {
  assert.equal(c.run("RENAMENX", "a", "b"), "-ERR no such key");
  c.run("MSET", "a", 1, "b", 2);
  assert.equal(c.run("RENAMENX", "a", "b"), "0");
  assert.equal(c.changes("RENAMENX", "a", "b"), false);
  assert.equal(c.run("RENAMENX", "a", "c"), "1");
  assert.equal(c.run("MGET", "a", "b", "c"), '[nil, "2", "1"]');
});
