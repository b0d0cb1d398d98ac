import type { Execution, Handlers } from "../execution.ts";
import { deadlineOf, modifiedOf } from "../record.ts";
import {
  clearDeadline,
  findKey,
  putArgument,
  readKey,
  removeRecord,
  replyValue,
  replyValueOrNull,
  setDeadline,
} from "./access.ts";
import { revisionIs, valueIs } from "./compare.ts";
import {
  deadlineFromOptions,
  GET,
  IFEQ,
  IFREV,
  KEEPTTL,
  NX,
  options,
  optionsOfGetex,
  optionsOfSet,
  PERSIST,
  parseOptions,
  readDeadline,
  XX,
} from "./string-options.ts";

/** SET with its older forms, and GETEX, which sets the deadline alone. */
export const setHandlers: Handlers = { set, setnx, setex, psetex, getset, getex, mset, msetnx };

function set(x: Execution): void {
  if (x.args.count === 3) {
    putArgument(x, 1, 2, 0);
    x.out.ok();
    return;
  }
  if (!parseOptions(x, 3, optionsOfSet)) return;
  const { flags, comparison } = options;
  const deadline = options.time === 0 ? 0 : deadlineFromOptions(x);
  if (options.time !== 0 && deadline === 0) return;
  if ((flags & (NX | XX | IFEQ | IFREV | GET | KEEPTTL)) === 0) {
    setUntil(x, 2, deadline);
    x.out.ok();
  } else {
    setIf(x, flags, comparison, deadline);
  }
}

function setIf(x: Execution, flags: number, comparison: number, deadline: number): void {
  const old = (flags & GET) === 0 ? findKey(x, 1) : readKey(x, 1);
  const allowed = isAllowed(x, flags, comparison, old);
  // The old value is answered before it is replaced.
  if ((flags & GET) !== 0) replyValueOrNull(x, old);
  else if (!allowed) x.out.null();
  if (!allowed) return;
  const keeps = (flags & KEEPTTL) !== 0 && old !== 0;
  const written = setUntil(x, 2, keeps ? deadlineOf(x.keyspace.arena, old) : deadline);
  if ((flags & GET) !== 0) return;
  // The next IFREV compares this one: 0 where the deadline has passed and no key was left.
  if ((flags & IFREV) !== 0) x.out.integer(written === 0 ? 0 : modifiedOf(x.keyspace.arena, written));
  else x.out.ok();
}

function isAllowed(x: Execution, flags: number, comparison: number, old: number): boolean {
  if ((flags & NX) !== 0) return old === 0;
  if ((flags & XX) !== 0) return old !== 0;
  if ((flags & IFEQ) !== 0) return old !== 0 && valueIs(x, old, comparison);
  if ((flags & IFREV) !== 0) return revisionIs(x, old, comparison);
  return true;
}

/** The record. A deadline that has passed already leaves no key: 0. */
function setUntil(x: Execution, value: number, deadline: number): number {
  if (deadline === 0 || deadline > x.now) return putArgument(x, 1, value, deadline);
  const old = findKey(x, 1);
  if (old !== 0) removeRecord(x, old);
  return 0;
}

function setnx(x: Execution): void {
  if (findKey(x, 1) !== 0) {
    x.out.integer(0);
    return;
  }
  putArgument(x, 1, 2, 0);
  x.out.integer(1);
}

function setex(x: Execution): void {
  setFor(x, 1000);
}

function psetex(x: Execution): void {
  setFor(x, 1);
}

function setFor(x: Execution, unitMs: number): void {
  const deadline = readDeadline(x, 2, unitMs, x.now);
  if (deadline === 0) return;
  putArgument(x, 1, 3, deadline);
  x.out.ok();
}

function getset(x: Execution): void {
  replyValueOrNull(x, readKey(x, 1));
  putArgument(x, 1, 2, 0);
}

function getex(x: Execution): void {
  if (!parseOptions(x, 2, optionsOfGetex)) return;
  const handle = readKey(x, 1);
  if (handle === 0) {
    x.out.null();
    return;
  }
  const deadline = options.time === 0 ? 0 : deadlineFromOptions(x);
  if (options.time !== 0 && deadline === 0) return;
  replyValue(x, handle);
  if (options.time !== 0) setDeadline(x, handle, deadline);
  else if ((options.flags & PERSIST) !== 0) clearDeadline(x, handle);
}

/** MSET and MSETNX take keys and values in turn. */
function hasPairs(x: Execution): boolean {
  if (x.args.count % 2 === 1) return true;
  x.out.error(`ERR wrong number of arguments for '${x.command.fullName}' command`);
  return false;
}

function mset(x: Execution): void {
  if (!hasPairs(x)) return;
  putPairs(x);
  x.out.ok();
}

function msetnx(x: Execution): void {
  if (!hasPairs(x)) return;
  for (let i = 1; i < x.args.count; i += 2) {
    if (findKey(x, i) === 0) continue;
    x.out.integer(0);
    return;
  }
  putPairs(x);
  x.out.integer(1);
}

function putPairs(x: Execution): void {
  for (let i = 1; i < x.args.count; i += 2) putArgument(x, i, i + 1, 0);
}
