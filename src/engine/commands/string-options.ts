import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Execution } from "../execution.ts";
import { readInteger, syntaxError } from "./access.ts";
import { readRevision } from "./compare.ts";

export const NX = 1;
export const XX = 2;
export const IFEQ = 4;
export const GET = 8;
export const KEEPTTL = 16;
export const PERSIST = 32;
const EX = 64;
const PX = 128;
const EXAT = 256;
const PXAT = 512;
export const IFREV = 1024;
const times: number = EX | PX | EXAT | PXAT;
const comparisons: number = IFEQ | IFREV;
const conditions: number = NX | XX | comparisons;
/** Those that are points in time, not spans. */
const absolute: number = EXAT | PXAT;

export const optionsOfSet: number = NX | XX | IFEQ | IFREV | GET | KEEPTTL | times;
export const optionsOfGetex: number = PERSIST | times;

/** The options of SET and GETEX. One object for all commands: read it before the next one is parsed. */
export const options = {
  flags: 0,
  /** The argument behind EX, PX, EXAT or PXAT, 0 where none of them was given. */
  time: 0,
  /** The argument behind IFEQ, or the revision that stands behind IFREV. */
  comparison: 0,
};

/** Reads the options from argument `first` on; else answers the error and returns false. */
export function parseOptions(x: Execution, first: number, allowed: number): boolean {
  const { args } = x;
  options.flags = 0;
  options.time = 0;
  options.comparison = 0;
  for (let i = first; i < args.count; i++) {
    const option = optionAt(args, i);
    const takesNext = (option & (times | comparisons)) !== 0;
    if (
      (option & allowed) === 0 ||
      (options.flags & rivalsOf(option)) !== 0 ||
      (takesNext && i + 1 === args.count)
    ) {
      x.out.error(syntaxError);
      return false;
    }
    options.flags |= option;
    if (!takesNext) continue;
    i++;
    if ((option & comparisons) !== 0) options.comparison = i;
    else options.time = i;
  }
  return (options.flags & IFREV) === 0 || takesRevision(x);
}

function takesRevision(x: Execution): boolean {
  const revision = readRevision(x, options.comparison);
  options.comparison = revision ?? 0;
  return revision !== undefined;
}

/** The deadline that the parsed options ask for; else answers the error and returns 0. */
export function deadlineFromOptions(x: Execution): number {
  const { flags, time } = options;
  const unitMs = (flags & (EX | EXAT)) !== 0 ? 1000 : 1;
  return readDeadline(x, time, unitMs, (flags & absolute) !== 0 ? 0 : x.now);
}

/**
 * The deadline of a value that is written now: `base` and the argument, which counts `unitMs` each and is
 * above zero. Else answers the error and returns 0.
 */
export function readDeadline(x: Execution, index: number, unitMs: number, base: number): number {
  const time = readInteger(x, index);
  if (time === undefined) return 0;
  if (typeof time === "number" && time > 0) {
    const deadline = time * unitMs + base;
    if (deadline <= limits.deadlineMsMax) return deadline;
  }
  refuseTime(x);
  return 0;
}

export function refuseTime(x: Execution): void {
  x.out.error(`ERR invalid expire time in '${x.command.fullName}' command`);
}

/** Options that may not stand beside this one. A span of time may be given twice: the last one counts. */
function rivalsOf(option: number): number {
  switch (option) {
    case NX:
    case XX:
      return conditions ^ option;
    case IFEQ:
    case IFREV:
      return conditions;
    case GET:
      return 0;
    case KEEPTTL:
    case PERSIST:
      return times | (option ^ KEEPTTL ^ PERSIST);
    default:
      return KEEPTTL | PERSIST | (times ^ option);
  }
}

/** 0 where the argument is no option. */
function optionAt(args: Arguments, i: number): number {
  switch (args.lengthOf(i)) {
    case 2:
      if (args.is(i, "ex")) return EX;
      if (args.is(i, "px")) return PX;
      if (args.is(i, "nx")) return NX;
      return args.is(i, "xx") ? XX : 0;
    case 3:
      return args.is(i, "get") ? GET : 0;
    case 4:
      if (args.is(i, "exat")) return EXAT;
      if (args.is(i, "pxat")) return PXAT;
      return args.is(i, "ifeq") ? IFEQ : 0;
    case 5:
      return args.is(i, "ifrev") ? IFREV : 0;
    case 7:
      if (args.is(i, "keepttl")) return KEEPTTL;
      return args.is(i, "persist") ? PERSIST : 0;
    default:
      return 0;
  }
}
