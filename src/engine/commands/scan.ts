import type { Glob } from "../../base/glob.ts";
import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Execution, Handlers } from "../execution.ts";
import { readInteger, syntaxError } from "./access.ts";
import { KeyWalk, patternTooCostly, readPattern } from "./key-walk.ts";

export const scanHandlers: Handlers = { scan };

interface ScanOptions {
  glob: Glob | undefined;
  count: number;
  /** Whether strings are wanted, which is all there is. */
  strings: boolean;
}

function scan(x: Execution): void {
  const cursor = readCursor(x.args);
  if (cursor === undefined) {
    x.out.error("ERR invalid cursor");
    return;
  }
  const wanted = parse(x);
  if (wanted === undefined) return;
  const walk = new KeyWalk(x.keyspace, cursor, wanted.glob, x.scratch);
  if (wanted.strings) walk.go(wanted.count);
  else walk.cursor = 0;
  if (wanted.glob?.gaveUp) {
    x.out.error(patternTooCostly);
    return;
  }
  x.out.array(2);
  x.out.bulkText(String(walk.cursor));
  x.out.array(walk.count);
  walk.writeTo(x.out, Number.POSITIVE_INFINITY);
}

/** As `strtoul` of C reads it: with a sign or without, and no text at all is 0. */
function readCursor(args: Arguments): number | undefined {
  const match = /^([+-]?)(\d*)$/.exec(args.text(1));
  if (match === null) return undefined;
  const [, sign, digits = ""] = match;
  const significant = digits.replace(/^0+/, "");
  if (significant.length > 20 || (sign !== "" && digits === "")) return undefined;
  const size = BigInt(significant);
  if (size >= 2n ** 64n) return undefined;
  return Number(BigInt.asUintN(64, sign === "-" ? -size : size));
}

function parse(x: Execution): ScanOptions | undefined {
  const { args } = x;
  const found: ScanOptions = { glob: undefined, count: 10, strings: true };
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 < args.count && args.is(i, "count")) {
      const count = readInteger(x, i + 1);
      if (count === undefined) return undefined;
      if (count < 1) return refuse(x);
      found.count = Math.min(Number(count), limits.scanCountMax);
    } else if (i + 1 < args.count && args.is(i, "match")) {
      found.glob = readPattern(x, i + 1);
      if (found.glob === undefined) return undefined;
    } else if (i + 1 < args.count && args.is(i, "type")) {
      found.strings = args.is(i + 1, "string");
    } else {
      return refuse(x);
    }
  }
  return found;
}

function refuse(x: Execution): undefined {
  x.out.error(syntaxError);
  return undefined;
}
