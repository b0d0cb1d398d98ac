import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

test("OBJECT ENCODING tells what Redis would", () => {
  const encodings: readonly (readonly [string, string])[] = [
    ["", "embstr"],
    ["0", "int"],
    ["-9223372036854775808", "int"],
    ["9223372036854775808", "embstr"],
    ["01", "embstr"],
    ["a".repeat(44), "embstr"],
    ["a".repeat(45), "raw"],
  ];
  for (const [value, encoding] of encodings) {
    c.run("SET", "k", value);
    assert.equal(c.run("OBJECT", "ENCODING", "k"), `"${encoding}"`, value);
  }
  assert.equal(c.run("OBJECT", "ENCODING", "absent"), "nil");
});

test("a value that was edited is raw until it is set anew, under every name", () => {
  const encoding = (key: string): string => c.run("OBJECT", "ENCODING", key);
  c.run("APPEND", "k", "5");
  assert.equal(encoding("k"), '"int"');
  c.run("APPEND", "k", "");
  assert.equal(encoding("k"), '"raw"');
  c.run("EXPIRE", "k", 10);
  c.run("RENAME", "k", "renamed");
  c.run("COPY", "renamed", "copy");
  c.run("GETEX", "copy", "PERSIST");
  assert.equal(encoding("renamed"), '"raw"');
  assert.equal(encoding("copy"), '"raw"');
  c.run("INCR", "copy");
  assert.equal(encoding("copy"), '"int"');
  c.run("SET", "renamed", 5);
  assert.equal(encoding("renamed"), '"int"');
  c.run("SETRANGE", "made", 0, 5);
  assert.equal(encoding("made"), '"raw"');
});

test("OBJECT REFCOUNT takes small whole numbers for shared", () => {
  c.run("MSET", "a", 9999, "b", 10_000, "c", -1, "d", "x");
  assert.equal(c.run("OBJECT", "REFCOUNT", "a"), "2147483647");
  for (const key of ["b", "c", "d"]) assert.equal(c.run("OBJECT", "REFCOUNT", key), "1");
  c.run("APPEND", "a", "");
  assert.equal(c.run("OBJECT", "REFCOUNT", "a"), "1");
  assert.equal(c.run("OBJECT", "REFCOUNT", "absent"), "nil");
});

test("OBJECT FREQ and IDLETIME answer without knowing of any access", () => {
  assert.equal(c.run("OBJECT", "FREQ", "absent"), "nil");
  assert.equal(c.run("OBJECT", "IDLETIME", "absent"), "nil");
  c.run("SET", "k", "v");
  c.now += 100_000;
  assert.equal(c.run("OBJECT", "IDLETIME", "k"), "0");
  assert.match(
    c.run("OBJECT", "FREQ", "k"),
    /^-ERR An LFU maxmemory policy is not selected, access frequency/,
  );
});

test("MEMORY USAGE counts the record, its share of the index, and its deadline", () => {
  c.run("SET", "k", "v");
  const small = Number(c.run("MEMORY", "USAGE", "k"));
  assert.ok(small >= 16 + 8 && small <= 40, String(small));
  c.run("EXPIRE", "k", 10);
  assert.ok(Number(c.run("MEMORY", "USAGE", "k", "SAMPLES", 0)) >= small + 12 + 4);
  c.run("SET", "large", "x".repeat(100_000));
  const large = Number(c.run("MEMORY", "USAGE", "large"));
  assert.ok(large >= 100_000 && large < 115_000, String(large));
  assert.equal(c.run("MEMORY", "USAGE", "absent"), "nil");
});

test("MEMORY USAGE looks at its options before the key", () => {
  assert.equal(c.run("MEMORY", "USAGE", "absent", "foo"), "-ERR syntax error");
  assert.equal(c.run("MEMORY", "USAGE", "absent", "SAMPLES"), "-ERR syntax error");
  assert.equal(c.run("MEMORY", "USAGE", "absent", "SAMPLES", -1), "-ERR syntax error");
  assert.equal(
    c.run("MEMORY", "USAGE", "absent", "SAMPLES", "a"),
    "-ERR value is not an integer or out of range",
  );
});

test("the memory that MEMORY USAGE tells of all keys is about what the engine holds", () => {
  for (let i = 0; i < 50_000; i++) c.run("SET", `key:${i}`, "x".repeat(i % 100));
  let told = 0;
  for (let i = 0; i < 50_000; i++) told += Number(c.run("MEMORY", "USAGE", `key:${i}`));
  const held = c.engine.keyspaces[0]!.residentBytes;
  assert.ok(Math.abs(told / held - 1) < 0.1, `${told} told, ${held} held`);
});
