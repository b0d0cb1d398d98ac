import type { Int64 } from "../../base/int64.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, valueLength, valueStart, viewOfPage } from "../record.ts";
import { findKey, readInteger, removeRecord, replyValue, replyValueOrNull } from "./access.ts";

/** Strings as a whole and in part, read. */
export const stringHandlers: Handlers = { get, mget, getdel, strlen, getrange, substr: getrange };

function get(x: Execution): void {
  replyValueOrNull(x, findKey(x, 1));
}

function mget(x: Execution): void {
  const { count } = x.args;
  x.out.array(count - 1);
  for (let i = 1; i < count; i++) replyValueOrNull(x, findKey(x, i));
}

function getdel(x: Execution): void {
  const handle = findKey(x, 1);
  if (handle === 0) {
    x.out.null();
    return;
  }
  replyValue(x, handle);
  removeRecord(x, handle);
}

function strlen(x: Execution): void {
  const handle = findKey(x, 1);
  x.out.integer(handle === 0 ? 0 : valueLength(x.keyspace.arena, handle));
}

function getrange(x: Execution): void {
  const first = readInteger(x, 2);
  if (first === undefined) return;
  const last = readInteger(x, 3);
  if (last === undefined) return;
  const handle = findKey(x, 1);
  const size = handle === 0 ? 0 : valueLength(x.keyspace.arena, handle);
  const from = placeOf(first, size);
  const to = Math.min(placeOf(last, size), size - 1);
  // Redis takes two ends before the value for its first byte, unless they are in the wrong order.
  if (from > to || (first < 0 && last < 0 && first > last)) {
    x.out.bulkText("");
    return;
  }
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  x.out.bulk(bytesOf(arena, handle), start + from, start + to + 1, viewOfPage(arena, handle));
}

/** A place in a value of so many bytes; negative ones count from its end. */
function placeOf(place: Int64, size: number): number {
  return Math.max(0, Number(place) + (place < 0 ? size : 0));
}
