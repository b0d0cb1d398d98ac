import { KvorumError } from "../base/errors.ts";
import { reached } from "../base/reached.ts";
import type { Disk } from "../platform/disk.ts";
import type { Logger } from "../platform/logger.ts";
import { syncFile, withFile, writeTo } from "./calls.ts";
import type { EntryId } from "./entry.ts";
import { refusal } from "./fault.ts";
import { type HardState, refuseStaleHardState } from "./hard-state.ts";
import { recordHeaderBytes } from "./record.ts";
import { lostRecords, type ScannedLog, scanLog, type TornTail, walDirectory } from "./scan.ts";

export interface RecoverOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly clusterId: Buffer;
  readonly base: EntryId;
  readonly hardState?: HardState | "none";
  readonly logger: Logger;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Reads the log of a data directory and cuts an unfinished write at its end. Rejects with KvorumError where it is
 * corrupt or has a gap, and then has changed nothing.
 */
export async function recoverLog(options: RecoverOptions): Promise<ScannedLog> {
  const { disk, directory, hardState, logger } = options;
  await disk.makeDirectory(walDirectory(directory));
  const log = await scanLog(options);
  if (log.fault !== undefined) {
    reached("damaged-log-refused");
    throw refusal(log.fault, directory);
  }
  refuseGap(log, options);
  if (hardState !== undefined) refuseContradiction(log, hardState, directory);
  if (log.torn !== undefined) {
    reached("torn-tail-cut");
    logger.info(`log: ${describeTail(log.torn)}: cut`);
    await cutTail(disk, log.torn);
  }
  return log;
}

function refuseContradiction(
  { segments, runs }: ScannedLog,
  hardState: HardState | "none",
  directory: string,
): void {
  if (segments.length === 0 && hardState !== "none") {
    const where = `there is no segment in ${walDirectory(directory)}`;
    throw new KvorumError("ERR", `the log is gone: ${where}; restore a backup`);
  }
  refuseStaleHardState(directory, hardState, runs.lastTerm, "the log");
}

function refuseGap(log: ScannedLog, { base, directory }: RecoverOptions): void {
  const lost = lostRecords(log);
  if (lost !== undefined) throw new KvorumError("ERR", `${lost}; restore a backup`);
  const { runs } = log;
  if (runs.nextIndex === undefined || runs.firstIndex <= base.index + 1) return;
  const missing = `entries ${base.index + 1} to ${runs.firstIndex - 1}`;
  const where = `${walDirectory(directory)} begins with entry ${runs.firstIndex}`;
  throw new KvorumError(
    "ERR",
    `${missing} are missing: no snapshot covers them and ${where}; restore a backup`,
  );
}

/** One line for logs and tools. */
export function describeTail({ file, offset, endOffset, index }: TornTail): string {
  return `${file}, offset ${offset}, index ${index}: an unfinished write of ${endOffset - offset} bytes`;
}

/**
 * Overwrites an unfinished write with zeros, which are on the disk when this resolves. First its header loses its
 * last byte, so that it stays unfinished wherever a crash breaks the rest off.
 */
export async function cutTail(disk: Disk, { file: path, offset, endOffset }: TornTail): Promise<void> {
  await withFile(disk, path, { mode: "write" }, async (file) => {
    await writeTo(file, [Buffer.alloc(1)], offset + recordHeaderBytes - 1);
    await syncFile(file);
    await writeTo(file, [Buffer.alloc(endOffset - offset)], offset);
    await syncFile(file);
  });
}
