import { type Int64, parseInt64 } from "../../base/int64.ts";
import type { Execution } from "../execution.ts";
import type { Keyspace } from "../keyspace.ts";
import { bytesOf, deadlineOf, isRaw, markRaw, valueLength, valueStart, viewOfPage } from "../record.ts";

export const syntaxError = "ERR syntax error";
export const notAnInteger = "ERR value is not an integer or out of range";
export const sameObjects = "ERR source and destination objects are the same";
export const databaseOutOfRange = "ERR DB index is out of range";

/** The record that the argument names in the selected database, or 0. */
export function findKey(x: Execution, index: number): number {
  const { args } = x;
  return x.keyspace.find(args.bytes, args.start[index]!, args.end[index]!);
}

/** The same for a command that reads the value: INFO shows how many were there. */
export function readKey(x: Execution, index: number): number {
  const handle = findKey(x, index);
  if (handle === 0) x.out.misses++;
  else x.out.hits++;
  return handle;
}

/** Sets the key that one argument names to the value that another one holds. */
export function putArgument(x: Execution, key: number, value: number, deadline: number): number {
  const { args } = x;
  return putBytes(x, key, args.bytes, args.start[value]!, args.end[value]!, deadline);
}

/** Sets the key that an argument names to bytes [from, to). */
export function putBytes(
  x: Execution,
  key: number,
  value: Buffer,
  from: number,
  to: number,
  deadline: number,
): number {
  const { args } = x;
  x.changed = true;
  return x.keyspace.put(args.bytes, args.start[key]!, args.end[key]!, value, from, to, deadline);
}

export function removeRecord(x: Execution, handle: number): void {
  x.keyspace.remove(handle);
  x.changed = true;
}

/** A deadline that has passed already removes the record. */
export function setDeadline(x: Execution, handle: number, deadline: number): void {
  if (deadline <= x.now) x.keyspace.remove(handle);
  else x.keyspace.expire(handle, deadline);
  x.changed = true;
}

/** False where the record had no deadline. */
export function clearDeadline(x: Execution, handle: number): boolean {
  if (deadlineOf(x.keyspace.arena, handle) === 0) return false;
  x.keyspace.expire(handle, 0);
  x.changed = true;
  return true;
}

/** Writes a record's value as a bulk. */
export function replyValue(x: Execution, handle: number): void {
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  x.out.bulk(bytesOf(arena, handle), start, start + valueLength(arena, handle), viewOfPage(arena, handle));
}

/** Writes the value of a record as a bulk, or null where there is none. */
export function replyValueOrNull(x: Execution, handle: number): void {
  if (handle === 0) x.out.null();
  else replyValue(x, handle);
}

/** The argument as a whole number; else answers the error and returns undefined. */
export function readInteger(x: Execution, index: number): Int64 | undefined {
  const { args } = x;
  const value = parseInt64(args.bytes, args.start[index]!, args.end[index]!);
  if (value === undefined) x.out.error(notAnInteger);
  return value;
}

/** The keyspace that the argument names; else answers the error and returns undefined. */
export function readDatabase(x: Execution, index: number): Keyspace | undefined {
  const number = readInteger(x, index);
  if (number === undefined) return undefined;
  if (number < -(2 ** 31) || number >= 2 ** 31) {
    x.out.error("ERR value is out of range, value must between -2147483648 and 2147483647");
    return undefined;
  }
  const keyspace = x.engine.keyspaces[Number(number)];
  if (keyspace === undefined) x.out.error(databaseOutOfRange);
  return keyspace;
}

/** Copies a record with its deadline to the key that an argument names, in this or another database. */
export function copyRecord(x: Execution, handle: number, target: Keyspace, key: number): void {
  const { args } = x;
  const { arena } = x.keyspace;
  const raw = isRaw(arena, handle);
  const start = valueStart(arena, handle);
  const copy = target.put(
    args.bytes,
    args.start[key]!,
    args.end[key]!,
    bytesOf(arena, handle),
    start,
    start + valueLength(arena, handle),
    deadlineOf(arena, handle),
  );
  if (raw) markRaw(target.arena, copy);
  x.changed = true;
}

/** Whether two arguments are the same bytes. */
export function sameArguments(x: Execution, a: number, b: number): boolean {
  const { bytes, start, end } = x.args;
  return (
    x.args.lengthOf(a) === x.args.lengthOf(b) &&
    bytes.compare(bytes, start[a]!, end[a]!, start[b]!, end[b]!) === 0
  );
}
