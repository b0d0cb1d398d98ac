import { limits } from "../../base/limits.ts";
import { u48Max } from "../../base/numbers.ts";
import { reached } from "../../base/reached.ts";
import { Arguments } from "../../protocol/arguments.ts";
import { KeptReplyWriter, writeKept } from "../../protocol/kept-reply.ts";
import { mayBeNumbered, numberArguments } from "../../protocol/spec/session.ts";
import { commandOf } from "../../protocol/spec/table.ts";
import type { Execution, Handlers } from "../execution.ts";
import type { Session } from "../session.ts";
import { notAnInteger, readInteger } from "./access.ts";

/** Writes that are applied exactly once: session.ts. */
export const sessionHandlers: Handlers = {
  "session|open": open,
  "session|id": numbered,
  "session|close": close,
};

function open(x: Execution): void {
  const ttlMs = readInteger(x, 2);
  if (ttlMs === undefined) return;
  if (ttlMs < 1 || ttlMs > limits.sessionTtlMsMax) {
    x.out.error(`ERR a session may last 1 to ${limits.sessionTtlMsMax} milliseconds`);
    return;
  }
  const { engine } = x;
  const refusal = engine.sessions.openRefusal;
  if (refusal !== "") {
    x.out.error(refusal);
    return;
  }
  const id = engine.revision + 1;
  engine.sessions.open(id, Number(ttlMs));
  // The id is this write's revision, which is used up with that.
  x.changed = true;
  x.out.integer(id);
}

function close(x: Execution): void {
  const id = readCount(x, 2);
  if (id < 0) return;
  const { sessions } = x.engine;
  const session = sessions.find(id);
  if (session !== undefined) sessions.close(session);
  x.out.integer(session === undefined ? 0 : 1);
}

/** SESSION ID id sequence low command …: what that means is told in docs/sessions.md. */
function numbered(x: Execution): void {
  const id = readCount(x, 2);
  const sequence = id < 0 ? -1 : readCount(x, 3);
  const low = sequence < 0 ? -1 : readCount(x, 4);
  if (low < 0) return;
  if (low < 1 || sequence < low) {
    x.out.error("ERR the sequence of a write is not below the lowest outstanding one, which is 1 at least");
    return;
  }
  const { sessions } = x.engine;
  const session = sessions.find(id);
  if (session === undefined) {
    reached("session-unknown");
    x.out.error(`NOSESSION session ${id} is unknown or has expired: the write may have been applied before`);
    return;
  }
  sessions.use(session, low);
  answer(x, session, sequence);
}

function answer(x: Execution, session: Session, sequence: number): void {
  const { replies } = session;
  if (replies.has(sequence)) {
    repeat(x, replies.get(sequence));
    return;
  }
  if (sequence < session.low) {
    reached("write-given-up-not-applied");
    x.out.error(
      `OUTDATED_SEQUENCE the session has done with what is below ${session.low}: write ${sequence} is not applied now, and may have been before`,
    );
    return;
  }
  const refusal = x.engine.sessions.writeRefusal(session);
  if (refusal === "") carryOut(x, session, sequence);
  else x.out.error(refusal);
}

/** The first time. Errors are replies too: whoever asks again must get the same. */
function carryOut(x: Execution, session: Session, sequence: number): void {
  inner.takeRest(x.args, numberArguments);
  const command = commandOf(inner);
  if (mayBeNumbered(command)) x.engine.executeWithin(command, inner, kept);
  else kept.error(`ERR '${command.fullName}' cannot be numbered`);
  inner.clear();
  const { buffer, length, overflowed, hits, misses } = kept;
  const isKept = !overflowed && length <= limits.sessionReplyBytesMax;
  x.engine.sessions.keep(session, sequence, isKept ? buffer.toString("latin1", 0, length) : undefined);
  x.out.hits += hits;
  x.out.misses += misses;
  // Nobody can be given such a reply: whoever waits for it is cut off.
  if (overflowed) x.out.overflowed = true;
  else writeKept(x.out, buffer, length);
  kept.clear();
}

function repeat(x: Execution, reply: string | undefined): void {
  reached("retry-answered-from-memory");
  if (reply !== undefined) writeKept(x.out, Buffer.from(reply, "latin1"), reply.length);
  else
    x.out.error(
      `REPLY_NOT_KEPT the write was applied; its reply was over ${limits.sessionReplyBytesMax} bytes`,
    );
}

/** The argument as a number of 48 bits; else answers the error and returns -1. */
function readCount(x: Execution, index: number): number {
  const value = readInteger(x, index);
  if (value === undefined) return -1;
  if (value >= 0 && value <= u48Max) return Number(value);
  x.out.error(notAnInteger);
  return -1;
}

/** One of each for all writes: there is only one at a time, since none stands in another one. */
const inner = new Arguments();
const kept = new KeptReplyWriter();
