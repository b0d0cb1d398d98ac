import type { Command } from "commander";
import { checkDirectory, type DirectoryReport, type FileReport, type FileState } from "../log/check.ts";
import { cutTail } from "../log/recover.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { withDirectory } from "./data-directory.ts";
import { ReportedError } from "./failure.ts";
import { colorsFor, write } from "./output.ts";
import { progressBar } from "./progress.ts";

export function addCheckCommand(program: Command): void {
  program
    .command("check <directory>")
    .description("Read a data directory and say what is whole, torn or corrupt; changes nothing")
    .option("--repair", "cut an unfinished write at the end of the log, as a start does, and nothing else")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  kvorum check ./kvorum-data/n1")
    .action(check);
}

interface CheckCommandOptions {
  readonly repair?: true;
  readonly json?: true;
}

/** A directory in use is refused: what is being written cannot be judged. */
async function check(directory: string, options: CheckCommandOptions): Promise<void> {
  const isRepair = options.repair === true;
  const report = await withDirectory(directory, isRepair, async () => {
    const before = await look(directory);
    const { torn } = before.log;
    if (!isRepair || torn === undefined || before.log.isDamaged) return before;
    await cutTail(systemDisk, torn);
    await write(process.stderr, `kvorum: cut ${torn.endOffset - torn.offset} bytes of ${torn.file}\n`);
    return look(directory);
  });
  const text =
    options.json === true
      ? `${JSON.stringify(asJson(directory, report), undefined, 2)}\n`
      : tableOf(directory, report);
  await write(process.stdout, text);
  if (isBad(report)) throw new ReportedError(report.state);
}

async function look(directory: string): Promise<DirectoryReport> {
  const bar = await progressBar("reading");
  try {
    return await checkDirectory({
      disk: systemDisk,
      directory,
      onProgress: (done, total) => bar.update(done, total),
    });
  } finally {
    bar.stop();
  }
}

function isBad({ state }: DirectoryReport): boolean {
  return state !== "whole" && state !== "torn";
}

function asJson(directory: string, { files, state }: DirectoryReport): unknown {
  return { directory, state, files };
}

/** A line a file, then one for all of them. */
function tableOf(directory: string, report: DirectoryReport): string {
  const { files } = report;
  const width = Math.max(...files.map(({ file }) => file.length));
  const lines = files.map((file) => lineOf(file, width));
  return [...lines, `${directory}: ${summaryOf(report)}`, ""].join("\n");
}

function lineOf({ file, state, text, offset, index }: FileReport, width: number): string {
  const colors = colorsFor(process.stdout);
  const paint: Readonly<Record<FileState, (word: string) => string>> = {
    whole: colors.green,
    torn: colors.yellow,
    corrupt: colors.red,
    newer: colors.red,
    foreign: colors.red,
    unused: colors.dim,
  };
  const place = [
    offset === undefined ? [] : `offset ${offset}`,
    index === undefined ? [] : `index ${index}`,
  ].flat();
  const words = place.length === 0 ? text : `${place.join(", ")}: ${text}`;
  return `${file.padEnd(width)}  ${paint[state](state.padEnd(7))}  ${words}`;
}

function summaryOf({ files, state }: DirectoryReport): string {
  const count = files.filter((file) => file.state === state).length;
  switch (state) {
    case "whole":
      return "whole";
    case "torn":
      return "whole up to an unfinished write, which was never acknowledged; the next start cuts it";
    case "foreign":
      return "files of another cluster are in it: take them out, or restore a backup";
    case "newer":
      return "a newer kvorum wrote it: use that one";
    case "corrupt":
      return `corrupt (${count} of ${files.length}): restore a backup, or join the cluster anew with an empty directory`;
  }
}
