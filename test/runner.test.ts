import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const runner = join(import.meta.dirname, "../scripts/test.js");

/** Lets the runner loose on made-up test files; what it says and how it ends is the result. */
function runOn(
  files: Readonly<Record<string, string>>,
  options: {
    readonly words?: readonly string[];
    readonly requireAll?: boolean;
    readonly timeoutMs?: number;
  } = {},
): { readonly status: number | null; readonly lines: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-runner-"));
  try {
    mkdirSync(join(folder, "test"));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(
        join(folder, "test", `${name}.test.js`),
        `const { test, describe } = require("node:test");\n${text}`,
      );
    }
    const { NODE_TEST_CONTEXT: _inner, KVORUM_TESTS_REQUIRE_ALL: _all, ...env } = process.env;
    const { status, stdout } = spawnSync(
      process.execPath,
      [runner, "--in", folder, "--timeout-ms", String(options.timeoutMs ?? 60_000), ...(options.words ?? [])],
      { encoding: "utf8", env: options.requireAll ? { ...env, KVORUM_TESTS_REQUIRE_ALL: "1" } : env },
    );
    return { status, lines: stdout.trimEnd().split("\n") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("tests that pass end with their number as the last line", () => {
  const { status, lines } = runOn({
    plain: "test('one', () => {}); describe('suite', () => { test('two', () => {}); });",
    nested: "test('outer', async (t) => { await t.test('inner', () => {}); });",
  });
  assert.equal(lines.at(-1), "4 passed, 0 failed");
  assert.equal(lines.filter((line) => /^\d+ passed/.test(line)).length, 1);
  assert.equal(status, 0);
});

test("a failure is told with file, name and error, and once", () => {
  const { status, lines } = runOn({
    fails:
      "describe('suite', () => { test('adds', () => { throw new Error('not five'); }); test('fine', () => {}); });",
  });
  assert.ok(lines.includes("FAILED test/fails.test.ts › suite › adds"), lines.join("\n"));
  assert.ok(lines.some((line) => line.includes("not five")));
  assert.equal(lines.at(-1), "1 passed, 1 failed");
  assert.equal(status, 1);
});

test("a skipped test is told with its reason, and fails the run where all tests are asked for", () => {
  const files = {
    some: "test('needs it', { skip: 'needs x: apt-get install x' }, () => {}); test('fine', () => {});",
  };
  const lenient = runOn(files);
  assert.ok(lenient.lines.includes("SKIPPED test/some.test.ts › needs it: needs x: apt-get install x"));
  assert.equal(lenient.lines.at(-1), "1 passed, 0 failed, 1 skipped");
  assert.equal(lenient.status, 0);
  const strict = runOn(files, { requireAll: true });
  assert.equal(strict.lines.at(-1), "1 passed, 1 failed");
  assert.equal(strict.status, 1);
});

test("a test for which a right is missing is skipped in every run, and told", () => {
  const some =
    "test('needs it', { skip: 'nobody may mount; x shows it' }, () => {}); test('fine', () => {});";
  const { lines, status } = runOn({ some }, { requireAll: true });
  assert.ok(lines.includes("SKIPPED test/some.test.ts › needs it: nobody may mount; x shows it"));
  assert.equal(lines.at(-1), "1 passed, 0 failed, 1 skipped");
  assert.equal(status, 0);
});

test("a file that crashes, leaves early, throws late or holds no test is a failure", () => {
  const { status, lines } = runOn({
    crashes: "throw new Error('at the top');",
    empty: "",
    late: "test('fine', () => { setTimeout(() => { throw new Error('too late'); }, 1); });",
    leaves: "test('leaves', () => process.exit(0)); test('never', () => {});",
  });
  const text = lines.join("\n");
  for (const name of ["crashes", "empty", "late", "leaves"]) {
    assert.ok(lines.includes(`FAILED test/${name}.test.ts`), text);
  }
  assert.ok(text.includes("at the top") && text.includes("too late"), text);
  assert.equal(lines.at(-1), "1 passed, 4 failed");
  assert.equal(status, 1);
});

test("a file that hangs is ended, and the test that hangs is named", () => {
  const files = { hangs: "test('waits for ever', () => new Promise(() => setInterval(() => {}, 1000)));" };
  const { status, lines } = runOn(files, { timeoutMs: 2_000 });
  assert.ok(lines.includes("FAILED test/hangs.test.ts"), lines.join("\n"));
  assert.ok(lines.some((line) => line.endsWith("timed out after 2000ms; not finished: waits for ever")));
  assert.equal(lines.at(-1), "0 passed, 1 failed");
  assert.equal(status, 1);
});

test("words choose files, and a choice that matches nothing fails", () => {
  const files = { ring: "test('r', () => {});", arena: "test('a', () => {});" };
  assert.deepEqual(runOn(files, { words: ["ring"] }).lines, [
    "ok test/ring.test.ts (1)",
    "",
    "1 passed, 0 failed",
  ]);
  const none = runOn(files, { words: ["keyspace"] });
  assert.equal(none.lines.at(-1), "0 passed, 0 failed");
  assert.equal(none.status, 1);
});
