import { limits } from "../../base/limits.ts";
import type { Execution, Handlers } from "../execution.ts";
import { deadlineOf } from "../record.ts";
import { clearDeadline, findKey, readInteger, readKey, setDeadline } from "./access.ts";
import { refuseTime } from "./string-options.ts";

/** Deadlines of keys. */
export const expiryHandlers: Handlers = {
  expire: (x) => expire(x, 1000, x.now),
  pexpire: (x) => expire(x, 1, x.now),
  expireat: (x) => expire(x, 1000, 0),
  pexpireat: (x) => expire(x, 1, 0),
  ttl: (x) => replyTime(x, x.now, 1000),
  pttl: (x) => replyTime(x, x.now, 1),
  expiretime: (x) => replyTime(x, 0, 1000),
  pexpiretime: (x) => replyTime(x, 0, 1),
  persist,
};

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;

function expire(x: Execution, unitMs: number, base: number): void {
  const conditions = x.args.count === 3 ? 0 : parseConditions(x);
  if (conditions < 0) return;
  const deadline = readPoint(x, unitMs, base);
  if (deadline === undefined) return;
  const handle = findKey(x, 1);
  const allowed = handle !== 0 && isAllowed(conditions, deadlineOf(x.keyspace.arena, handle), deadline);
  if (allowed) setDeadline(x, handle, deadline);
  x.out.integer(allowed ? 1 : 0);
}

/** `old` 0: the key had none, which GT and LT take for the end of time. */
function isAllowed(conditions: number, old: number, deadline: number): boolean {
  if (conditions === 0) return true;
  if ((conditions & NX) !== 0 && old !== 0) return false;
  if ((conditions & XX) !== 0 && old === 0) return false;
  if ((conditions & GT) !== 0 && (old === 0 || deadline <= old)) return false;
  return (conditions & LT) === 0 || old === 0 || deadline < old;
}

/** The conditions from the third argument on; else answers the error and returns -1. */
function parseConditions(x: Execution): number {
  const { args } = x;
  let found = 0;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "nx")) found |= NX;
    else if (args.is(i, "xx")) found |= XX;
    else if (args.is(i, "gt")) found |= GT;
    else if (args.is(i, "lt")) found |= LT;
    else return refuse(x, `ERR Unsupported option ${args.quoted(i)}`);
  }
  if ((found & NX) !== 0 && found !== NX) {
    return refuse(x, "ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if ((found & GT) !== 0 && (found & LT) !== 0) {
    return refuse(x, "ERR GT and LT options at the same time are not compatible");
  }
  return found;
}

function refuse(x: Execution, text: string): number {
  x.out.error(text);
  return -1;
}

/**
 * The point in time that EXPIRE and its kin name, which may be long past; else answers the error and
 * returns undefined.
 */
function readPoint(x: Execution, unitMs: number, base: number): number | undefined {
  const time = readInteger(x, 2);
  if (time === undefined) return undefined;
  // So far back a double is not exact; but all that counts is that it has passed.
  const deadline = Number(time) * unitMs + base;
  if (deadline <= limits.deadlineMsMax && (unitMs === 1 || time >= secondsMin)) return deadline;
  refuseTime(x);
  return undefined;
}

/** In milliseconds, less than this has more than 64 bits. */
const secondsMin = -9_223_372_036_854_775n;

/** Seconds are rounded to the nearest. */
function replyTime(x: Execution, since: number, unitMs: number): void {
  const handle = readKey(x, 1);
  const deadline = handle === 0 ? 0 : deadlineOf(x.keyspace.arena, handle);
  if (handle === 0) x.out.integer(-2);
  else if (deadline === 0) x.out.integer(-1);
  else x.out.integer(unitMs === 1 ? deadline - since : Math.floor((deadline - since + 500) / unitMs));
}

function persist(x: Execution): void {
  const handle = findKey(x, 1);
  x.out.integer(handle !== 0 && clearDeadline(x, handle) ? 1 : 0);
}
