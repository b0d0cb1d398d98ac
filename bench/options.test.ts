import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions, UsageError } from "./options.ts";

const names = ["memory-p1", "pause"];

test("without options, all rows are measured in full", () => {
  const options = readOptions([], names);
  assert.deepEqual(options.only, []);
  assert.equal(options.isQuick, false);
});

test("rows are picked by name", () => {
  const options = readOptions(["--only", "pause,memory-p1", "--quick", "--json", "x.json"], names);
  assert.deepEqual(options.only, ["pause", "memory-p1"]);
  assert.equal(options.isQuick, true);
  assert.equal(options.json, "x.json");
});

test("another server is named by its command", () => {
  const options = readOptions(["--ours", "redis-server  --port PORT", "--against", "other PORT"], names);
  assert.deepEqual(options.ours, ["redis-server", "--port", "PORT"]);
  assert.deepEqual(options.against, ["other", "PORT"]);
});

test("a mistake is told in one sentence", () => {
  const refuses = (args: string[], message: RegExp): void =>
    assert.throws(
      () => readOptions(args, names),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refuses(["--only", "paus"], /no row is called paus: there are memory-p1, pause/);
  refuses(["--ours", "redis-server"], /--ours: .* must say PORT/);
  refuses(["--against", "redis-server"], /--against: .* must say PORT/);
  refuses(["--fast"], /--fast/);
});
