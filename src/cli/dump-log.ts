import type { Command } from "commander";
import { KvorumError } from "../base/errors.ts";
import { entryKinds, type LogEntry } from "../log/entry.ts";
import { refusal } from "../log/fault.ts";
import { describeTail } from "../log/recover.ts";
import { type ScannedLog, scanLog, walDirectory } from "../log/scan.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { withDirectory } from "./data-directory.ts";
import { UsageError } from "./failure.ts";
import { jsonLines, type LogLines, textLines } from "./log-lines.ts";
import { write } from "./output.ts";

export function addDumpLogCommand(program: Command): void {
  program
    .command("dump-log <directory>")
    .description("Print the log of a data directory: a line for each entry, or for each command in it")
    .option("--from <INDEX>", "the first entry to print", "1")
    .option("--to <INDEX>", "the last entry to print")
    .option("--json", "print a JSON object a line, with the commands in full")
    .addHelpText("after", help)
    .action(dumpLog);
}

const help = `
A line: index, term, kind, cluster time, [database], command. Long arguments are shortened, but with --json.

Example:
  kvorum dump-log ./kvorum-data/n1 --from 1000 | head`;

interface DumpOptions {
  readonly from: string;
  readonly to?: string;
  readonly json?: true;
}

/** Lines go out in pieces of about so many characters. */
const pieceLength = 65_536;

async function dumpLog(directory: string, options: DumpOptions): Promise<void> {
  const from = indexOf("--from", options.from);
  const to = options.to === undefined ? Number.POSITIVE_INFINITY : indexOf("--to", options.to);
  const lines = options.json === true ? jsonLines : textLines;
  const log = await withDirectory(directory, false, () => dump(directory, from, to, lines));
  if (log.fault !== undefined) throw refusal(log.fault, directory);
  if (log.segments.length === 0)
    throw new KvorumError(
      "ERR",
      `${directory} holds no log: there is no segment in ${walDirectory(directory)}`,
    );
  if (log.torn !== undefined)
    await write(process.stderr, `kvorum: ${describeTail(log.torn)}; the next start cuts it\n`);
}

/** Prints record by record, at the pace of whoever reads. Ends at damage. */
async function dump(directory: string, from: number, to: number, lines: LogLines): Promise<ScannedLog> {
  const out = new Pieces();
  let last = 0;
  const log = await scanLog({
    disk: systemDisk,
    directory,
    onRecord(record, bytes, at) {
      const { index, term, kind } = record;
      const isTruncated = index <= last && kind !== entryKinds.base;
      last = index;
      if (index < from || index > to) return undefined;
      return print({ index, term, kind, payload: record.payload(bytes, at) }, isTruncated);
    },
  });
  await out.flush();
  return log;

  async function print(entry: LogEntry, isTruncated: boolean): Promise<void> {
    if (isTruncated) await out.add(lines.truncated(entry.index));
    for (const line of lines.entry(entry)) await out.add(line);
  }
}

/** Standard output, in pieces of many lines. */
class Pieces {
  #piece = "";

  async add(line: string): Promise<void> {
    this.#piece += `${line}\n`;
    if (this.#piece.length >= pieceLength) await this.flush();
  }

  async flush(): Promise<void> {
    const piece = this.#piece;
    this.#piece = "";
    if (piece !== "") await write(process.stdout, piece);
  }
}

function indexOf(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: expected the index of an entry, got ${JSON.stringify(text)}`);
}
