import assert from "node:assert/strict";
import { test } from "node:test";
import { splitLine, upper } from "./words.ts";

test("a line is split as redis-cli does it", () => {
  const cases: readonly (readonly [string, readonly string[] | undefined])[] = [
    ["", []],
    ["  get   a ", ["get", "a"]],
    ['set a "hello world"', ["set", "a", "hello world"]],
    ["set a 'it''s'", undefined],
    ["set a 'it\\'s'", ["set", "a", "it's"]],
    ['set "" x', ["set", "", "x"]],
    ['set a "open', undefined],
    ['set a "x"y', undefined],
  ];
  for (const [line, words] of cases) {
    assert.deepEqual(splitLine(line)?.map(String), words, line);
  }
});

test("escapes give bytes, and text is UTF-8", () => {
  assert.deepEqual(splitLine('"\\xff\\n" é'), [Buffer.from([255, 10]), Buffer.from("é")]);
});

test("a word is compared in capitals", () => {
  assert.equal(upper(Buffer.from("gEt")), "GET");
  assert.equal(upper(undefined), "");
});
