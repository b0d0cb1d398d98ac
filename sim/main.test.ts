import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TemporaryFolder } from "../test/temporary-folder.ts";

const main = join(import.meta.dirname, "main.js");

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

function checkLines(...lines: string[]): { status: number | null; stdout: string; stderr: string } {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "history.jsonl");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return run("check", path);
}

function get(value: string | null, start: number): string {
  return JSON.stringify({ process: "b", type: "get", key: "x", result: value, start, end: start + 1 });
}

const set =
  '{"process":"a","type":"set","key":"x","argument":"1","result":"OK","start":0,"end":1,"revision":1}';

test("without a subcommand there is help", () => {
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.match(stdout, /check <file>/);
});

test("seeds run on threads, and end with what they add up to", () => {
  const { status, stdout } = run("--seed", "5", "--seeds", "3", "--seconds", "1");
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^3 seeds, 0 failed: /m);
  assert.match(stdout, /^operations: \d+ acknowledged \(median \d+ a seed\)/m);
  assert.match(stdout, /^faults: /m);
});

test("what no seed can do is refused", () => {
  for (const { status, stderr } of [run("--faults", "fire"), run("--seeds", "-1"), run("--seed", "x")]) {
    assert.equal(status, 2);
    assert.match(stderr, /fire is no kind of fault|whole number/);
  }
});

test("a right history ends with 0 and says what was judged", () => {
  const { status, stdout } = checkLines(set, get("1", 2));
  assert.equal(status, 0, stdout);
  assert.match(stdout, /2 operations \(0 unknown, 0 failed\) of 2 processes on 1 key in 0\.0 s/);
  assert.match(stdout, /✓ linearizability/);
  assert.match(stdout, /Nothing is wrong\.\n$/);
});

test("a wrong history ends with 1 and shows the operation that does not fit", () => {
  const { status, stdout } = checkLines(set, get(null, 2));
  assert.equal(status, 1);
  assert.match(stdout, /✗ linearizability/);
  assert.match(stdout, /✗ b get x → nothing \[2, 3\] {4}it would have been answered "1"/);
  assert.match(stdout, /violations?\. sim\/README\.md/);
});

test("what is no history ends with 2 and one line", () => {
  for (const { status, stderr } of [checkLines(set, "{}"), run("check", "/no/such/file"), run("chekc")]) {
    assert.equal(status, 2);
    assert.match(stderr, /^.+\n(?:\(Did you mean check\?\)\n)?$/);
  }
  assert.match(checkLines(set, "{}").stderr, /^sim: line 2: type: /);
});
