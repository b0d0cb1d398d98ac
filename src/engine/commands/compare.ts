import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, modifiedOf, valueLength, valueStart } from "../record.ts";
import { findKey, notAnInteger, readInteger, readKey, removeRecord, replyValue } from "./access.ts";

/**
 * What depends on what a key holds: its value, or its modified revision. A revision says more than a value does: it
 * belongs to one write for ever, so that a key which was changed and changed back, or deleted and created again, has
 * another one.
 */
export const compareHandlers: Handlers = { getrev, delex, delifeq };

/** The value with the revision that SET … IFREV and DELEX … IFREV compare. */
function getrev(x: Execution): void {
  const handle = readKey(x, 1);
  if (handle === 0) {
    x.out.nullArray();
    return;
  }
  x.out.array(2);
  replyValue(x, handle);
  x.out.integer(modifiedOf(x.keyspace.arena, handle));
}

/** As in Redis 8.4, and with a revision. Absent is absent: no condition holds then. */
function delex(x: Execution): void {
  const { args } = x;
  if (args.count === 2) removeIf(x, anything);
  else if (args.count !== 4) x.out.error("ERR wrong number of arguments for 'delex' command");
  else if (args.is(2, "ifeq")) removeIf(x, valueIs, 3);
  else if (args.is(2, "ifne")) removeIf(x, valueIsNot, 3);
  else if (args.is(2, "ifrev")) removeIfRevision(x);
  else x.out.error("ERR Invalid condition. Use IFEQ, IFNE or IFREV");
}

/** As in Valkey 9.0. */
function delifeq(x: Execution): void {
  removeIf(x, valueIs, 2);
}

function removeIfRevision(x: Execution): void {
  const revision = readRevision(x, 3);
  if (revision !== undefined) removeIf(x, revisionIs, revision);
}

type Condition = (x: Execution, handle: number, compared: number) => boolean;

function removeIf(x: Execution, holds: Condition, compared = 0): void {
  const handle = findKey(x, 1);
  const removes = handle !== 0 && holds(x, handle, compared);
  if (removes) removeRecord(x, handle);
  x.out.integer(removes ? 1 : 0);
}

function anything(): boolean {
  return true;
}

function valueIsNot(x: Execution, handle: number, index: number): boolean {
  return !valueIs(x, handle, index);
}

/** Whether the record's value is the argument. */
export function valueIs(x: Execution, handle: number, index: number): boolean {
  const { args } = x;
  const { arena } = x.keyspace;
  const start = valueStart(arena, handle);
  const end = start + valueLength(arena, handle);
  return bytesOf(arena, handle).compare(args.bytes, args.start[index]!, args.end[index]!, start, end) === 0;
}

/** Whether the last write of a key took this revision; 0: whether there is no such key. */
export function revisionIs(x: Execution, handle: number, revision: number): boolean {
  return revision === (handle === 0 ? 0 : modifiedOf(x.keyspace.arena, handle));
}

/** The revision that an argument names, 0 or more; else answers the error and returns undefined. */
export function readRevision(x: Execution, index: number): number | undefined {
  const revision = readInteger(x, index);
  if (revision === undefined) return undefined;
  // Those that are no exact double are beyond all that can come: revisions have 48 bits.
  if (revision >= 0) return Number(revision);
  x.out.error(notAnInteger);
  return undefined;
}
