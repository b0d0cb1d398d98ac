import type { Execution, Handlers } from "../execution.ts";
import { bytesOf, deadlineOf, valueLength, valueStart } from "../record.ts";
import { findKey, putArgument, removeRecord, replyValue, replyValueOrNull } from "./access.ts";
import {
  deadlineFromOptions,
  GET,
  IFEQ,
  KEEPTTL,
  NX,
  optionsOfGetex,
  optionsOfSet,
  options,
  PERSIST,
  parseOptions,
  readDeadline,
  XX,
} from "./string-options.ts";

/** SET and its older forms, and GETEX, which sets the deadline alone. */
export const setHandlers: Handlers = { set, setnx, setex, psetex, getset, getex, mset, msetnx };

function set(x: Execution): void {
  if (x.args.count === 3) {
    putArgument(x, 1, 2, 0);
    x.out.ok();
    return;
  }
  if (!parseOptions(x, 3, optionsOfSet)) return;
  const deadline = options.time === 0 ? 0 : deadlineFromOptions(x);
  if (options.time !== 0 && deadline === 0) return;
  if ((options.flags & ~KEEPTTL) === 0 || needsOld(options.flags)) setWithOld(x, deadline);
  else {
    setUntil(x, 1, 2, deadline);
    x.out.ok();
  }
}
