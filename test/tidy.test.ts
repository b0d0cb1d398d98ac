import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

/** The repository itself, read as a reviewer would who never tires. */
const root = join(import.meta.dirname, "../..");

/** What is installed, built or measured here, and no part of the repository. */
const notOurs: ReadonlySet<string> = new Set([
  ".git",
  "node_modules",
  "dist",
  "kvorum-data",
  "bench-results",
  "package-lock.json",
]);

const textFile = /(?:\.(?:ts|js|json|jsonc|md|yaml|yml|sh|txt|html|css)|\/\.ci\/run|LICENSE|Dockerfile)$/;

const files = filesUnder(root).filter((path) => textFile.test(path));
const code = files.filter((path) => /\.(?:ts|js)$|\/\.ci\/run$/.test(path));
const documents = files.filter((path) => path.endsWith(".md"));

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : entry.isFile() ? [path] : [];
  });
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

/** Lines that match, as "file:line: text". */
function linesThatMatch(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${relative(root, path)}:${i + 1}: ${line.trim()}`] : [])),
  );
}

test("the files were found", () => {
  assert.ok(code.length > 20 && documents.length > 0, `${code.length} and ${documents.length} files`);
});

test("no file is longer than 1,000 lines", () => {
  const long = files.filter((path) => read(path).split("\n").length > 1_001);
  assert.deepEqual(
    long.map((path) => relative(root, path)),
    [],
  );
});

test("no mark of unfinished work is left", () => {
  assert.deepEqual(linesThatMatch(files, /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/), []);
});

test("no test is singled out or left out", () => {
  // A missing program is no reason to write a skip: requireProgram in test/programs.ts is the one place.
  // The runner's own test hands it made-up tests of every kind.
  const tests = code.filter((path) => path.endsWith(".test.ts") && !path.endsWith("/runner.test.ts"));
  const called = /\b(?:test|it|describe|suite|t|context)\.(?:only|skip|todo)\b/;
  const asked = /\b(?:only|skip|todo):\s*(?:true|"|'|`)/;
  assert.deepEqual(linesThatMatch(tests, new RegExp(`${called.source}|${asked.source}`)), []);
});

test("every relative link in a document leads somewhere", () => {
  const broken = documents.flatMap((path) =>
    linksOf(read(path))
      .filter((link) => !leadsSomewhere(path, link))
      .map((link) => `${relative(root, path)}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test("the check for links sees a broken one", () => {
  const readme = join(root, "README.md");
  const text =
    "[a](LICENSE) [b](no-such.md) `[c](code.md)` [d](https://example.org/x) [e](#no-such-head)\n[f]: gone.md";
  assert.deepEqual(
    linksOf(text).filter((link) => !leadsSomewhere(readme, link)),
    ["no-such.md", "#no-such-head", "gone.md"],
  );
});

test("the README names the two commands", () => {
  const readme = read(join(root, "README.md"));
  assert.match(readme, /npm start/);
  assert.match(readme, /npm test/);
});

test("the lock file names no registry: everybody installs from their own", () => {
  assert.doesNotMatch(read(join(root, "package-lock.json")), /"resolved":/);
});

test("programs that are started by name are executable", () => {
  for (const path of ["bin/kvorum.js", ".ci/run"]) {
    assert.ok((statSync(join(root, path)).mode & 0o111) !== 0, path);
  }
});

/** Targets of links that lie in this repository; those in code are examples. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)/g)];
  const defined = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...defined]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : join(dirname(from), decodeURIComponent(path));
  if (!existsSync(target)) return false;
  return anchor === undefined || !target.endsWith(".md") || anchorsOf(read(target)).includes(anchor);
}

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(markdown: string): string[] {
  const heads = markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6}\s+(.+?)\s*$/gm);
  return [...heads].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}
