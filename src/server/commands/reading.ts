import { type Int64, parseInt64 } from "../../base/int64.ts";
import type { Arguments } from "../../protocol/arguments.ts";

export const syntaxError = "ERR syntax error";
export const notAnInteger = "ERR value is not an integer or out of range";

/** Undefined where it is none of 64 bits. */
export function integerAt(args: Arguments, index: number): Int64 | undefined {
  return parseInt64(args.bytes, args.start[index]!, args.end[index]!);
}

/** What is wrong with a timeout in milliseconds, as WAIT and its like take it; "" if nothing is. */
export function timeoutProblem(args: Arguments, index: number): string {
  const timeout = integerAt(args, index);
  if (timeout === undefined) return "ERR timeout is not an integer or out of range";
  return timeout < 0 ? "ERR timeout is negative" : "";
}
