import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";
import { limits } from "../../base/limits.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
  c.run("MSET", "a", "ohmytext", "b", "mynewtext");
});

test("LCS answers the common bytes, or how many they are", () => {
  assert.equal(c.run("LCS", "a", "b"), '"mytext"');
  assert.equal(c.run("LCS", "a", "b", "LEN"), "6");
  assert.equal(c.run("LCS", "a", "a"), '"ohmytext"');
});

test("an absent key is an empty value", () => {
  assert.equal(c.run("LCS", "a", "absent"), '""');
  assert.equal(c.run("LCS", "absent", "absent", "LEN"), "0");
  assert.equal(c.run("LCS", "absent", "b", "IDX"), '["matches", [], "len", 0]');
});

test("IDX answers the places, the last one first", () => {
  const all = '["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6]';
  assert.equal(c.run("LCS", "a", "b", "IDX"), all);
  assert.equal(c.run("LCS", "a", "b", "idx", "minmatchlen", -5), all);
  assert.equal(c.run("LCS", "a", "b", "IDX", "MINMATCHLEN", 4), '["matches", [[[4, 7], [5, 8]]], "len", 6]');
  assert.equal(
    c.run("LCS", "a", "b", "IDX", "MINMATCHLEN", 4, "WITHMATCHLEN"),
    '["matches", [[[4, 7], [5, 8], 4]], "len", 6]',
  );
  assert.equal(
    c.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "9223372036854775807"),
    '["matches", [], "len", 6]',
  );
});

test("over RESP3 IDX answers a map", () => {
  c.protocol = 3;
  assert.equal(c.run("LCS", "a", "b", "IDX", "MINMATCHLEN", 4), '{"matches": [[[4, 7], [5, 8]]], "len": 6}');
});

test("of equally long answers it gives the one that Redis gives", () => {
  c.run("MSET", "p", "abcbdab", "q", "bdcaba");
  assert.equal(c.run("LCS", "p", "q"), '"bdab"');
  assert.equal(c.run("LCS", "q", "p"), '"bcba"');
  assert.equal(c.run("LCS", "p", "q", "IDX"), '["matches", [[[5, 6], [3, 4]], [[3, 4], [0, 1]]], "len", 4]');
});

test("options that are none, or ask for two answers, are refused", () => {
  const both = "-ERR If you want both the length and indexes, please just use IDX.";
  assert.equal(c.run("LCS", "a", "b", "LEN", "IDX"), both);
  assert.equal(c.run("LCS", "a", "b", "foo"), "-ERR syntax error");
  assert.equal(c.run("LCS", "a", "b", "MINMATCHLEN"), "-ERR syntax error");
  assert.equal(c.run("LCS", "a", "b", "MINMATCHLEN", "x"), "-ERR value is not an integer or out of range");
});

test("values that would take too long are refused", () => {
  c.run("SET", "a", "x".repeat(2047));
  c.run("SET", "b", "x".repeat(2047));
  assert.equal(c.run("LCS", "a", "b", "LEN"), "2047");
  c.run("APPEND", "b", "x");
  assert.equal(
    c.run("LCS", "a", "b", "LEN"),
    `-TOO_LARGE LCS compares values whose lengths multiply to ${limits.lcsCellsMax} at most`,
  );
});
