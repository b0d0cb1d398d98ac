import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { whyNoData } from "./data-folders.ts";
import { describeMachine } from "./measure/machine.ts";
import { type Options, readOptions, UsageError, usage } from "./options.ts";
import { leaveServerCore, whyImpossible } from "./programs.ts";
import { page } from "./report/page.ts";
import { summary, table } from "./report/terminal.ts";
import type { Results, RowResult } from "./results.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows/index.ts";
import { runRow } from "./run-row.ts";

/** `npm run bench`: measures kvorum side by side with its peers. See README.md here. */
const resultsFolder = join(import.meta.dirname, "../../bench-results");

try {
  const options = readOptions(
    process.argv.slice(2),
    rows.map((row) => row.name),
  );
  if (options.help) console.log(usage);
  else if (options.from !== undefined) remakePage(options.from);
  else await measure(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function measure(options: Options): Promise<void> {
  const wanted = wantedRows(options);
  const writesData = wanted.some((row) => row.writesData);
  const reason = whyImpossible() ?? (writesData ? whyNoData(options.isQuick) : undefined);
  if (reason !== undefined) throw new UsageError(reason);
  endOnSignals();
  leaveServerCore();
  const startedAt = new Date().toISOString();
  const folder = join(resultsFolder, startedAt.slice(0, 19).replaceAll(":", "-"));
  const head = { machine: describeMachine(), isQuick: options.isQuick, startedAt };
  const done: RowResult[] = [];
  for (const row of wanted) {
    done.push(await runRow(row, { ...options, note: (text) => console.error(text) }));
    // After each row: what was measured stays, whatever becomes of the next one.
    save({ ...head, rows: done }, folder, options.json);
  }
  show({ ...head, rows: done });
  console.log(`\n${join(folder, "report.html")}`);
}

/** Without the rows of clusters where other servers are named than this checkout and its peers. */
function wantedRows({ only, ours, against }: Options): Row[] {
  const named = rows.filter((row) => only.length === 0 || only.includes(row.name));
  return ours === undefined && against === undefined ? named : named.filter((row) => !row.isCluster);
}

/** Ending by exit() lets go of the servers: see programs.ts. */
function endOnSignals(): void {
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}

function remakePage(path: string): void {
  const results = JSON.parse(readFileSync(path, "utf8")) as Results;
  const report = join(dirname(path), "report.html");
  writeFileSync(report, page(results));
  show(results);
  console.log(`\n${report}`);
}

function save(results: Results, folder: string, alsoTo: string | undefined): void {
  const json = `${JSON.stringify(results, null, 1)}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), json);
  writeFileSync(join(folder, "report.html"), page(results));
  if (alsoTo !== undefined) writeFileSync(alsoTo, json);
}

function show(results: Results): void {
  console.log(table(results));
  console.log(summary(results));
}
