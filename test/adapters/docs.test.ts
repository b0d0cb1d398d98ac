import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");

test("what docs/adapters.md shows is what the compiler takes", () => {
  const page = readFileSync(join(root, "docs/adapters.md"), "utf8");
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);
  assert.equal(snippets.length, 3);
  // Beside node_modules, and inside of the package, so that `kvorum` is this one.
  const folder = mkdtempSync(join(root, "dist/docs-"));
  try {
    for (const [i, snippet] of snippets.entries()) writeFileSync(join(folder, `${i}.ts`), snippet);
    const tsconfig = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: { noEmit: true },
      include: ["*.ts"],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const { stdout, status } = spawnSync("npx", ["tsc", "-p", folder], { cwd: root, encoding: "utf8" });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
