import { basename, relative } from "node:path";
import type { Disk } from "../platform/disk.ts";
import type { FileReport } from "./check.ts";
import { isNewer, type LogFault } from "./fault.ts";
import { lostRecords, type ScannedLog, scanLog, type TornTail } from "./scan.ts";
import type { Segment } from "./segment.ts";

/** What there is of a log, and what it is worth. */
export interface LogReport {
  readonly files: readonly FileReport[];
  /** The first and the last entry; 0 where there is none. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The unfinished write at the end. */
  readonly torn: TornTail | undefined;
  readonly isDamaged: boolean;
  /** See lostRecords. */
  readonly lost: string | undefined;
}

export interface CheckLogOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** Undefined where it is not known. */
  readonly clusterId: Buffer | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/** Reads every segment. Where one is damaged, those behind it are looked at by themselves. */
export async function checkLog(options: CheckLogOptions): Promise<LogReport> {
  const files: FileReport[] = [];
  let log = await look(options, "", files);
  const isDamaged = log.fault !== undefined;
  const lost = isDamaged ? undefined : lostRecords(log);
  const { firstIndex, isEmpty } = log.runs;
  while (log.fault !== undefined) log = await look(options, basename(log.fault.file), files);
  const { lastIndex, lastTerm } = log.runs;
  return {
    files,
    firstIndex: isEmpty ? 0 : firstIndex,
    lastIndex,
    lastTerm,
    torn: log.torn,
    isDamaged,
    lost,
  };
}

/** The lowest and the highest index of a segment's entries. */
interface Range {
  from: number;
  to: number;
}

/** Scans what is behind a segment, and reports what it meets up to the first damage. */
async function look(options: CheckLogOptions, behind: string, files: FileReport[]): Promise<ScannedLog> {
  const ranges = new Map<string, Range>();
  const log = await scanLog({
    ...options,
    behind,
    onRecord({ index }, _bytes, _at, { file }) {
      const range = ranges.get(file);
      if (range === undefined) ranges.set(file, { from: index, to: index });
      else extend(range, index);
      return undefined;
    },
  });
  for (const segment of log.segments) {
    if (log.fault !== undefined && segment.path >= log.fault.file) break;
    files.push(reportOf(options.directory, segment, ranges.get(segment.path), log.torn));
  }
  if (log.fault !== undefined) files.push(damageOf(options.directory, log.fault));
  return log;
}

function extend(range: Range, index: number): void {
  range.from = Math.min(range.from, index);
  range.to = Math.max(range.to, index);
}

function reportOf(
  directory: string,
  { path, recordBytes }: Segment,
  range: Range | undefined,
  torn: TornTail | undefined,
): FileReport {
  const file = relative(directory, path);
  const text =
    range === undefined ? "no entries yet" : `entries ${range.from} to ${range.to}, ${recordBytes} bytes`;
  if (torn?.file !== path) return { file, state: "whole", text };
  const { offset, endOffset, index } = torn;
  const tail = `then an unfinished write of ${endOffset - offset} bytes`;
  return { file, state: "torn", text: `${text}, ${tail}`, offset, index };
}

function damageOf(directory: string, fault: LogFault): FileReport {
  const { file, offset, index, reason, isForeign } = fault;
  return {
    file: relative(directory, file),
    state: isNewer(reason) ? "newer" : isForeign ? "foreign" : "corrupt",
    text: reason,
    offset,
    ...(index !== undefined && { index }),
  };
}
