import { KvorumError } from "../base/errors.ts";
import { ConnectionError, KvClientError } from "../client/errors.ts";
import { ConfigError } from "../node/config-error.ts";
import { DiskError } from "../platform/disk.ts";

export const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const;

/** What was typed makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command ran, and the answer is an error; nothing more is to be said about it. */
export class ReportedError extends Error {
  override readonly name = "ReportedError";
}

export function exitCodeOf(error: unknown): number {
  const isUsage = error instanceof UsageError || error instanceof ConfigError;
  return isUsage ? exitCodes.wrongUsage : exitCodes.failed;
}

/** One line that says what to do; a line each for several problems. With `verbose` the stack too. */
export function describe(error: unknown, verbose: boolean): string {
  const lines = linesOf(error);
  if (verbose && error instanceof Error) lines.push(stackOf(error));
  return lines.map((line) => `${line}\n`).join("");
}

function linesOf(error: unknown): string[] {
  if (error instanceof ReportedError) return [];
  if (error instanceof ConfigError && error.problems.length > 1) {
    const title = `kvorum: the configuration has ${error.problems.length} problems`;
    return [title, ...error.problems.map((problem) => `  ${problem}`)];
  }
  if (error instanceof KvorumError || error instanceof ConnectionError || error instanceof UsageError) {
    return [`kvorum: ${oneLine(error.message)}`];
  }
  if (error instanceof KvClientError) {
    const doubt = error.applied === "maybe" ? "; it may have been carried out" : "";
    return [`kvorum: ${oneLine(error.message)}${doubt}`];
  }
  if (error instanceof DiskError) return [`kvorum: ${diskFailure(error)}`];
  const message = error instanceof Error ? error.message : String(error);
  return [`kvorum: this should not happen: ${oneLine(message)} (--verbose shows where)`];
}

function diskFailure({ code, path, message }: DiskError): string {
  const reason = diskReasons[code];
  return reason === undefined ? `the disk failed: ${message}` : `${path}: ${reason}`;
}

const diskReasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "no such file or directory",
  EISDIR: "it is a directory",
  EACCES: "no right to open it: be its owner",
  EPERM: "no right to change it: be its owner",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full: make room, then try again",
  EIO: "the disk cannot read or write it: the system's log says more; mend the disk, or restore a backup to another",
  EDQUOT: "the quota is used up: make room, then try again",
};

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, " ");
}

function stackOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.stack}\ncaused by ${stackOf(cause)}` : String(error.stack);
}
