import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { type Outcome, TestReport } from "./test-report.ts";

/**
 * Runs the built tests: all of them, or those whose path holds one of the given words.
 *
 *     npm test                    everything
 *     npm test -- keyspace        one file, or a few
 *
 * Node.js 20 does not expand globs behind `--test`, hence a list of files made here.
 */
const root = join(import.meta.dirname, "../..");

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    /** Where the built tests are: another folder when this runner is itself tested. */
    in: { type: "string", default: join(root, "dist") },
    /** The longest a file may take: many times what the slowest needs, so only a hang reaches it. */
    "timeout-ms": { type: "string", default: "600000" },
  },
});

const folder = resolve(options.in);
const files = testFiles(folder).filter(isWanted);
const report = new TestReport(nameOf, process.env.KVORUM_TESTS_REQUIRE_ALL === "1");

if (files.length === 0) console.log(`no test file matches: ${words.join(" ") || folder}`);
else await runAll(files);
const exitCode = report.finish(files);
// At once: a program that a hanging test left behind may still hold the pipes of its file.
process.exit(exitCode);

async function runAll(list: readonly string[]): Promise<void> {
  const timeout = Number(options["timeout-ms"]);
  const stream = run({ files: [...list], concurrency: availableParallelism(), timeout });
  stream.on("test:start", (event) => report.started(event));
  stream.on("test:enqueue", (event) => report.enqueued(event));
  stream.on("test:complete", (event) => report.completed(event));
  stream.on("test:pass", (event) => report.outcome(event as Outcome));
  stream.on("test:fail", (event) => report.outcome(event as Outcome));
  stream.on("test:diagnostic", ({ message }) => report.diagnosed(message));
  stream.on("test:stdout", ({ file, message }) => report.printed(file, message));
  stream.on("test:stderr", ({ file, message }) => report.printed(file, message));
  await new Promise((done) => stream.on("end", done).resume());
}

function testFiles(dist: string): string[] {
  return ["src", "test", "bench", "sim"]
    .map((part) => join(dist, part))
    .filter((part) => existsSync(part))
    .flatMap((part) =>
      readdirSync(part, { recursive: true, encoding: "utf8" }).map((name) => join(part, name)),
    )
    .filter((path) => path.endsWith(".test.js"))
    .sort();
}

function isWanted(path: string): boolean {
  return words.length === 0 || words.some((word) => nameOf(path).includes(word));
}

/** "src/base/ring.test.ts" for a built file, and for its source where a source map led there. */
function nameOf(path: string): string {
  const built = relative(folder, path);
  return (built.startsWith("..") ? relative(root, path) : built).replace(/\.js$/, ".ts");
}
