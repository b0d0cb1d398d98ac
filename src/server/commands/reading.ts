import { type Int64, parseInt64 } from "../../base/int64.ts";
import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";

export const syntaxError = "ERR syntax error";
export const notAnInteger = "ERR value is not an integer or out of range";

/** Undefined where it is none of 64 bits. */
export function integerAt(args: Arguments, index: number): Int64 | undefined {
  return parseInt64(args.bytes, args.start[index]!, args.end[index]!);
}

/** The database that SELECT names, or what is wrong with it. */
export function databaseAt(args: Arguments, index: number): number | string {
  const database = integerAt(args, index);
  if (database === undefined) return notAnInteger;
  if (database < -int32Max - 1 || database > int32Max) {
    return `ERR value is out of range, value must between ${-int32Max - 1} and ${int32Max}`;
  }
  if (database < 0 || database >= limits.databases) return "ERR DB index is out of range";
  return Number(database);
}

const int32Max = 2 ** 31 - 1;

/** What is wrong with a timeout in milliseconds, as WAIT and its like take it; "" if nothing is. */
export function timeoutProblem(args: Arguments, index: number): string {
  const timeout = integerAt(args, index);
  if (timeout === undefined) return "ERR timeout is not an integer or out of range";
  return timeout < 0 ? "ERR timeout is negative" : "";
}
