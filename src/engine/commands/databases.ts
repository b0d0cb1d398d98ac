import { parseInt64 } from "../../base/int64.ts";
import { limits } from "../../base/limits.ts";
import type { Execution, Handlers } from "../execution.ts";
import type { Keyspace } from "../keyspace.ts";
import {
  copyRecord,
  databaseOutOfRange,
  findKey,
  readDatabase,
  readKey,
  removeRecord,
  sameArguments,
  sameObjects,
  syntaxError,
} from "./access.ts";

/** What concerns a whole database, or two of them. */
export const databaseHandlers: Handlers = { copy, move, swapdb, dbsize, flushall, flushdb };

function copy(x: Execution): void {
  const { args } = x;
  let target = x.keyspace;
  let replaces = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "replace")) {
      replaces = true;
    } else if (args.is(i, "db") && i + 1 < args.count) {
      const named = readDatabase(x, ++i);
      if (named === undefined) return;
      target = named;
    } else {
      x.out.error(syntaxError);
      return;
    }
  }
  copyTo(x, target, replaces);
}

function copyTo(x: Execution, target: Keyspace, replaces: boolean): void {
  if (target === x.keyspace && sameArguments(x, 1, 2)) {
    x.out.error(sameObjects);
    return;
  }
  const source = readKey(x, 1);
  const allowed = source !== 0 && (replaces || !holds(x, target, 2));
  if (allowed) copyRecord(x, source, target, 2);
  x.out.integer(allowed ? 1 : 0);
}

function move(x: Execution): void {
  const target = readDatabase(x, 2);
  if (target === undefined) return;
  if (target === x.keyspace) {
    x.out.error(sameObjects);
    return;
  }
  const source = findKey(x, 1);
  const allowed = source !== 0 && !holds(x, target, 1);
  if (allowed) {
    copyRecord(x, source, target, 1);
    removeRecord(x, source);
  }
  x.out.integer(allowed ? 1 : 0);
}

function holds(x: Execution, keyspace: Keyspace, key: number): boolean {
  const { args } = x;
  return keyspace.find(args.bytes, args.start[key]!, args.end[key]!) !== 0;
}

function swapdb(x: Execution): void {
  const first = readIndex(x, 1, "first");
  if (first === undefined) return;
  const second = readIndex(x, 2, "second");
  if (second === undefined) return;
  const { keyspaces } = x.engine;
  const one = keyspaces[first];
  const other = keyspaces[second];
  if (one === undefined || other === undefined) {
    x.out.error(databaseOutOfRange);
    return;
  }
  keyspaces[first] = other;
  keyspaces[second] = one;
  x.changed = one !== other && one.records + other.records > 0;
  x.out.ok();
}

function readIndex(x: Execution, index: number, which: string): number | undefined {
  const { args } = x;
  const value = parseInt64(args.bytes, args.start[index]!, args.end[index]!);
  if (value !== undefined && value >= -(2 ** 31) && value < 2 ** 31) return Number(value);
  x.out.error(`ERR invalid ${which} DB index`);
  return undefined;
}

function dbsize(x: Execution): void {
  x.out.integer(x.keyspace.count());
}

function flushall(x: Execution): void {
  if (!hasFlushMode(x)) return;
  for (let db = 0; db < limits.databases; db++) if (x.engine.clear(db)) x.changed = true;
  x.out.ok();
}

function flushdb(x: Execution): void {
  if (!hasFlushMode(x)) return;
  if (x.engine.clear(x.db)) x.changed = true;
  x.out.ok();
}

/** ASYNC or SYNC, which are one here: the memory goes back to the pools at once and in no time. */
function hasFlushMode(x: Execution): boolean {
  const { args } = x;
  if (args.count === 1 || (args.count === 2 && (args.is(1, "async") || args.is(1, "sync")))) return true;
  x.out.error(syntaxError);
  return false;
}
