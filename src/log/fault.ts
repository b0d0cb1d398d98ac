import { KvorumError } from "../base/errors.ts";

/** Why the log cannot be read on from some place. */
export interface LogFault {
  readonly file: string;
  readonly offset: number;
  /** Of the record in that place; undefined where it cannot be told. */
  readonly sequence: number | undefined;
  readonly index: number | undefined;
  readonly reason: string;
  /** Nothing is damaged, but it is another cluster's, or a newer version's. */
  readonly isForeign: boolean;
}

/** Carries a fault to whoever reads a log. */
export class LogDamage extends Error {
  override readonly name = "LogDamage";
  readonly fault: LogFault;

  constructor(fault: LogFault) {
    super(describeFault(fault));
    this.fault = fault;
  }
}

/** How every refusal of what a later version wrote begins; `what` may be "it". */
export function newerKvorumWrote(what: string): string {
  return `a newer kvorum wrote ${what}`;
}

/** Whether that, and no damage, is the reason. */
export function isNewer(reason: string): boolean {
  return reason.includes(newerKvorumWrote(""));
}

/** One line: file, offset, record, index and reason. */
export function describeFault({ file, offset, sequence, index, reason }: LogFault): string {
  const place = [`offset ${offset}`];
  if (sequence !== undefined) place.push(`record ${sequence}`);
  if (index !== undefined) place.push(`index ${index}`);
  return `${file}, ${place.join(", ")}: ${reason}`;
}

/** Why a node with this log does not start. */
export function refusal(fault: LogFault, directory: string): KvorumError {
  if (fault.isForeign) return new KvorumError("ERR", `the log is not this node's: ${describeFault(fault)}`);
  return new KvorumError("ERR", `the log is corrupt: ${describeFault(fault)}. ${corruptionHelp(directory)}`);
}

/** What to do about a directory that is corrupt, in which a start has changed nothing. */
export function corruptionHelp(directory: string): string {
  const advice = "restore a backup, or join the cluster anew with an empty directory";
  return `Nothing was changed. "kvorum check ${directory}" shows more; ${advice}`;
}
