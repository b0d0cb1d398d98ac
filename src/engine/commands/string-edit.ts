import { limits } from "../../base/limits.ts";
import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, markRaw, valueLength, valueStart } from "../record.ts";
import { findKey, putArgument, readInteger } from "./access.ts";

/** Strings that are changed in part. */
export const stringEditHandlers: Handlers = { append, setrange };

function append(x: Execution): void {
  const handle = findKey(x, 1);
  const added = x.args.lengthOf(2);
  if (handle === 0) {
    putArgument(x, 1, 2, 0);
    x.out.integer(added);
    return;
  }
  const size = valueLength(x.keyspace.arena, handle);
  if (!isShortEnough(x, size + added)) return;
  overwrite(x, handle, size, 2);
  x.out.integer(size + added);
}

function setrange(x: Execution): void {
  const given = readInteger(x, 2);
  if (given === undefined) return;
  if (given < 0) {
    x.out.error("ERR offset is out of range");
    return;
  }
  const handle = findKey(x, 1);
  const before = handle === 0 ? 0 : valueLength(x.keyspace.arena, handle);
  const added = x.args.lengthOf(3);
  if (added === 0) {
    x.out.integer(before);
    return;
  }
  const offset = Number(given);
  if (!isShortEnough(x, offset + added)) return;
  if (handle === 0) putPadded(x, offset);
  else overwrite(x, handle, offset, 3);
  x.out.integer(Math.max(before, offset + added));
}

function isShortEnough(x: Execution, size: number): boolean {
  if (size <= limits.valueBytesMax) return true;
  x.out.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return false;
}

/** Writes an argument over a record's value from `offset` on, which grows as far as needed. */
function overwrite(x: Execution, handle: number, offset: number, index: number): void {
  const { args, keyspace } = x;
  const { arena } = keyspace;
  const size = Math.max(valueLength(arena, handle), offset + args.lengthOf(index));
  const moved = keyspace.resize(handle, size);
  const at = valueStart(arena, moved) + offset;
  args.bytes.copy(bytesOf(arena, moved), at, args.start[index]!, args.end[index]!);
  x.changed = true;
}

/** Sets the key to `offset` zeros and the third argument. */
function putPadded(x: Execution, offset: number): void {
  const { args, keyspace } = x;
  const { arena } = keyspace;
  const handle = keyspace.putZeros(args.bytes, args.start[1]!, args.end[1]!, offset + args.lengthOf(3));
  args.bytes.copy(bytesOf(arena, handle), valueStart(arena, handle) + offset, args.start[3]!, args.end[3]!);
  markRaw(arena, handle);
  x.changed = true;
}
