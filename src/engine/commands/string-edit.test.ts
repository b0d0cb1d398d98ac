import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";
import { limits } from "../../base/limits.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";

test("APPEND makes the key, then adds to it, and answers the length", () => {
  assert.equal(c.run("APPEND", "k", "Hello"), "5");
  assert.equal(c.run("APPEND", "k", " World"), "11");
  assert.equal(c.run("APPEND", "k", ""), "11");
  assert.equal(c.run("GET", "k"), '"Hello World"');
  assert.equal(c.run("APPEND", "empty", ""), "0");
  assert.equal(c.run("EXISTS", "empty"), "1");
});

test("APPEND and SETRANGE keep the deadline", () => {
  c.run("SET", "k", "v", "PX", 100);
  c.run("APPEND", "k", "w".repeat(200));
  c.run("SETRANGE", "k", 1000, "x");
  assert.equal(c.run("PTTL", "k"), "100");
});

test("a value grows byte by byte to any size, and keeps its bytes", () => {
  let value = "";
  for (let i = 0; i < 300; i++) {
    const piece = String.fromCharCode(97 + (i % 26)).repeat(i * 7);
    value += piece;
    assert.equal(c.run("APPEND", "k", piece), String(value.length));
  }
  assert.ok(value.length > 300_000);
  assert.equal(c.run("GET", "k"), `"${value}"`);
});

test("SETRANGE overwrites, and pads with zeros", () => {
  c.run("SET", "k", "Hello World");
  assert.equal(c.run("SETRANGE", "k", 6, "Redis"), "11");
  assert.equal(c.run("GET", "k"), '"Hello Redis"');
  assert.equal(c.run("SETRANGE", "k", 9, "xyz"), "12");
  assert.equal(c.run("GET", "k"), '"Hello Redxyz"');
  assert.equal(c.run("SETRANGE", "k", 14, "!"), "15");
  assert.equal(c.run("GET", "k"), '"Hello Redxyz\0\0!"');
  assert.equal(c.run("SETRANGE", "new", 3, "v"), "4");
  assert.equal(c.run("GET", "new"), '"\0\0\0v"');
});

test("bytes that a value once had do not come back as padding", () => {
  c.run("SET", "k", "x".repeat(60));
  c.run("SET", "k", "y");
  c.run("SETRANGE", "k", 50, "z");
  assert.equal(c.run("GET", "k"), `"y${"\0".repeat(49)}z"`);
});

test("SETRANGE with nothing to write answers the length and makes no key", () => {
  assert.equal(c.run("SETRANGE", "absent", 5, ""), "0");
  assert.equal(c.run("EXISTS", "absent"), "0");
  c.run("SET", "k", "abc");
  assert.equal(c.run("SETRANGE", "k", "9223372036854775807", ""), "3");
  assert.equal(c.changes("SETRANGE", "k", 100, ""), false);
});

test("SETRANGE refuses an offset that is negative or no number", () => {
  assert.equal(c.run("SETRANGE", "k", -1, "v"), "-ERR offset is out of range");
  assert.equal(c.run("SETRANGE", "k", -1, ""), "-ERR offset is out of range");
  assert.equal(c.run("SETRANGE", "k", "a", "v"), "-ERR value is not an integer or out of range");
  assert.equal(
    c.run("SETRANGE", "k", "9223372036854775808", ""),
    "-ERR value is not an integer or out of range",
  );
});

test("a value does not grow beyond the limit, and is as it was when it would", () => {
  const largest = limits.valueBytesMax;
  for (const offset of [largest, "9007199254740993", "9223372036854775807"]) {
    assert.equal(c.run("SETRANGE", "k", offset, "v"), tooLong);
  }
  assert.equal(c.run("EXISTS", "k"), "0");
  assert.equal(c.run("SETRANGE", "k", largest - 1, "v"), String(largest));
  assert.equal(c.run("APPEND", "k", "v"), tooLong);
  assert.equal(c.run("SETRANGE", "k", 1, Buffer.alloc(largest)), tooLong);
  assert.equal(c.run("STRLEN", "k"), String(largest));
  assert.equal(c.run("APPEND", "k", ""), String(largest));
});
