import { addInt64, type Int64, negateInt64, parseInt64 } from "../../base/int64.ts";
import {
  addLongDouble,
  formatLongDouble,
  type LongDouble,
  parseLongDouble,
  zeroLongDouble,
} from "../../base/long-double.ts";
import { writeNumber, writeText } from "../../protocol/text-bytes.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, valueLength, valueStart } from "../record.ts";
import { findKey, notAnInteger, putBytes, readInteger } from "./access.ts";

/** Strings that are numbers. */
export const counterHandlers: Handlers = { incr, decr, incrby, decrby, incrbyfloat };

function incr(x: Execution): void {
  add(x, 1);
}

function decr(x: Execution): void {
  add(x, -1);
}

function incrby(x: Execution): void {
  const step = readInteger(x, 2);
  if (step !== undefined) add(x, step);
}

function decrby(x: Execution): void {
  const step = readInteger(x, 2);
  if (step === undefined) return;
  const negated = negateInt64(step);
  if (negated === undefined) x.out.error("ERR decrement would overflow");
  else add(x, negated);
}

function add(x: Execution, step: Int64): void {
  const handle = findKey(x, 1);
  const old = handle === 0 ? 0 : integerOf(x, handle);
  if (old === undefined) {
    x.out.error(notAnInteger);
    return;
  }
  const sum = addInt64(old, step);
  if (sum === undefined) {
    x.out.error("ERR increment or decrement would overflow");
    return;
  }
  const isShort = typeof sum === "number";
  const length = isShort ? writeNumber(scratch, 0, sum) : writeText(scratch, 0, sum.toString());
  setNumber(x, handle, scratch, length);
  if (isShort) x.out.integer(sum);
  else x.out.bigInteger(sum);
}

function integerOf(x: Execution, handle: number): Int64 | undefined {
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  return parseInt64(bytesOf(arena, handle), start, start + valueLength(arena, handle));
}

function incrbyfloat(x: Execution): void {
  const { args } = x;
  const handle = findKey(x, 1);
  const old = handle === 0 ? zeroLongDouble : longDoubleOf(x, handle);
  const step = parseLongDouble(args.bytes, args.start[2]!, args.end[2]!);
  if (old === undefined || step === undefined) {
    x.out.error("ERR value is not a valid float");
    return;
  }
  const sum = addLongDouble(old, step);
  if (sum === undefined) {
    x.out.error("ERR increment would produce NaN or Infinity");
    return;
  }
  const text = formatLongDouble(sum);
  setNumber(x, handle, Buffer.from(text, "latin1"), text.length);
  x.out.bulkText(text);
}

function longDoubleOf(x: Execution, handle: number): LongDouble | undefined {
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  return parseLongDouble(bytesOf(arena, handle), start, start + valueLength(arena, handle));
}

/** The deadline stays. */
function setNumber(x: Execution, handle: number, bytes: Buffer, length: number): void {
  if (handle === 0) putBytes(x, 1, bytes, 0, length, 0);
  else x.keyspace.replace(handle, bytes, 0, length);
  x.changed = true;
}

/** For the text of one number of 64 bits. */
const scratch: Buffer = Buffer.alloc(24);
