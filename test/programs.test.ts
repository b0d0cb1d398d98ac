import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { requireProgram } from "./programs.ts";

/** Runs `task` where programs are looked for in `folder` (behind one that does not exist) alone. */
function withSearchPath(folder: string, requireAll: string, task: () => void): void {
  const before = { ...process.env };
  process.env.PATH = ["/no-such-folder", folder].join(delimiter);
  process.env.KVORUM_TESTS_REQUIRE_ALL = requireAll;
  try {
    task();
  } finally {
    process.env = before;
  }
}

test("a program is found on the search path, skipped where it is missing, and missed where all are required", () => {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-programs-"));
  const path = join(folder, "redis-cli");
  const skip = "needs redis-cli: apt-get install redis-tools";
  const missing = { path: "redis-cli", skip };
  try {
    withSearchPath(folder, "", () => assert.deepEqual(requireProgram("redis-cli"), missing));
    withSearchPath(folder, "1", () => assert.throws(() => requireProgram("redis-cli"), new Error(skip)));
    writeFileSync(path, "");
    withSearchPath(folder, "", () => assert.deepEqual(requireProgram("redis-cli"), missing));
    chmodSync(path, 0o755);
    withSearchPath(folder, "1", () => assert.deepEqual(requireProgram("redis-cli"), { path, skip: false }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
