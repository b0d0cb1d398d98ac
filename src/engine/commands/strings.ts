import type { Int64 } from "../../base/int64.ts";
import { limits } from "../../base/limits.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, valueLength, valueStart, viewOfPage } from "../record.ts";
import { readInteger, readKey, removeRecord, replyValue, replyValueOrNull } from "./access.ts";

/** Strings as a whole and in part, read. */
export const stringHandlers: Handlers = { get, mget, getdel, strlen, getrange, substr: getrange };

function get(x: Execution): void {
  replyValueOrNull(x, readKey(x, 1));
}

function mget(x: Execution): void {
  const { count } = x.args;
  if (count > found.length) found = new Int32Array(count);
  let bytes = 0;
  for (let i = 1; i < count; i++) {
    const handle = readKey(x, i);
    found[i] = handle;
    if (handle !== 0) bytes += valueLength(x.keyspace.arena, handle);
  }
  if (bytes > limits.mgetBytesMax) {
    x.out.error(`TOO_LARGE MGET would answer ${bytes} bytes, it may answer ${limits.mgetBytesMax}`);
    return;
  }
  x.out.expects(bytes + bulkHeaderBytes * count);
  x.out.array(count - 1);
  for (let i = 1; i < count; i++) replyValueOrNull(x, found[i]!);
}

/** What stands around a value in a reply, and a little more. */
const bulkHeaderBytes = 32;

/** The records that one MGET has found, before it answers any of them. */
let found = new Int32Array(64);

function getdel(x: Execution): void {
  const handle = readKey(x, 1);
  if (handle === 0) {
    x.out.null();
    return;
  }
  replyValue(x, handle);
  removeRecord(x, handle);
}

function strlen(x: Execution): void {
  const handle = readKey(x, 1);
  x.out.integer(handle === 0 ? 0 : valueLength(x.keyspace.arena, handle));
}

function getrange(x: Execution): void {
  const first = readInteger(x, 2);
  if (first === undefined) return;
  const last = readInteger(x, 3);
  if (last === undefined) return;
  const handle = readKey(x, 1);
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
