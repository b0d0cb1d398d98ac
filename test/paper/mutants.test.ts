import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { mutants, withMutant } from "../raft/mutants.ts";
import { quietMutants } from "./quiet-mutants.ts";

/**
 * Each planted bug that the random runs find breaks a claim of the paper as well, so a test here names the rule; and so
 * do those that the random runs cannot see.
 */
const names = readdirSync(import.meta.dirname).filter((name) => /^(?!mutants).*\.test\.js$/.test(name));
const papers = names.map((name) => pathToFileURL(join(import.meta.dirname, name)).href);

/** All paper tests in one process, on the core at this path, or on the real one: the names of those that failed. */
function failuresWith(path: string | undefined): string[] {
  const imports = papers.map((paper) => `import ${JSON.stringify(paper)};`).join("");
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", imports], {
    encoding: "utf8",
    env: path === undefined ? environment : { ...environment, KVORUM_CORE: path },
  });
  const failures = [...stdout.matchAll(/^not ok \d+ - (.*)$/gm)].map((match) => match[1]!);
  assert.equal(status === 0, failures.length === 0, stdout.slice(0, 2_000));
  return failures;
}

test("the paper tests pass without a planted bug", () => {
  assert.deepEqual(failuresWith(undefined), []);
});

for (const mutant of [...mutants, ...quietMutants]) {
  test(`the paper tests find: ${mutant.name}`, async (context) => {
    const failures = await withMutant(mutant, failuresWith);
    assert.ok(failures.length > 0, "no claim of the paper is broken by it");
    context.diagnostic(`${failures.length}: ${failures[0]}`);
  });
}
