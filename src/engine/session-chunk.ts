import { limits } from "../base/limits.ts";
import { readU32, readU48, writeU32, writeU48 } from "../base/numbers.ts";
import { writeText } from "../protocol/text-bytes.ts";
import { refuseChunk } from "./chunk-fault.ts";
import { Session } from "./session.ts";

/** A session in a chunk: chunk.ts shows its bytes. */
const headBytes = 28;
const replyHeadBytes = 10;
/** In the place of a length: the reply was too long to be kept. */
const notKept = 0xffff_ffff;

export function sessionLength({ replies }: Session): number {
  let bytes = headBytes + replies.size * replyHeadBytes;
  for (const reply of replies.values()) bytes += reply?.length ?? 0;
  return bytes;
}

/** Returns the byte behind it. */
export function writeSession(into: Buffer, at: number, session: Session): number {
  writeU48(into, at, session.id);
  writeU32(into, at + 6, session.ttlMs);
  writeU32(into, at + 10, session.deadline % 2 ** 32);
  writeU32(into, at + 14, Math.floor(session.deadline / 2 ** 32));
  writeU48(into, at + 18, session.low);
  writeU32(into, at + 24, session.replies.size);
  let end = at + headBytes;
  for (const [sequence, reply] of session.replies) {
    writeU48(into, end, sequence);
    writeU32(into, end + 6, reply?.length ?? notKept);
    end += replyHeadBytes;
    if (reply !== undefined) end += writeText(into, end, reply);
  }
  return end;
}

/**
 * Reads a session of a state of this revision. Returns it with the byte behind it. Throws KvorumError where the bytes
 * are none, or it cannot be.
 */
export function readSession(
  chunk: Buffer,
  at: number,
  revision: number,
): { readonly session: Session; readonly end: number } {
  if (at + headBytes > chunk.length) refuseChunk(at, "it ends within a session");
  const deadline = readU32(chunk, at + 14) * 2 ** 32 + readU32(chunk, at + 10);
  const session = new Session(readU48(chunk, at), readU32(chunk, at + 6), deadline);
  session.low = readU48(chunk, at + 18);
  checkSession(session, at, revision);
  const count = readU32(chunk, at + 24);
  if (count > limits.sessionRepliesMax) refuseChunk(at, `a session of ${count} replies`);
  let end = at + headBytes;
  for (let i = 0; i < count; i++) end = readReply(session, chunk, end);
  return { session, end };
}

function checkSession({ id, ttlMs, deadline, low }: Session, at: number, revision: number): void {
  if (id < 1 || id > revision) refuseChunk(at, `session ${id} in a state of revision ${revision}`);
  if (ttlMs < 1 || ttlMs > limits.sessionTtlMsMax) refuseChunk(at, `a session of ${ttlMs} ms`);
  if (deadline > Number.MAX_SAFE_INTEGER) refuseChunk(at, `a deadline at ${deadline}`);
  if (low < 1) refuseChunk(at, `a session whose lowest sequence is ${low}`);
}

/** Returns the byte behind it. */
function readReply(session: Session, chunk: Buffer, at: number): number {
  const from = at + replyHeadBytes;
  if (from > chunk.length) refuseChunk(at, "it ends within a session");
  const sequence = readU48(chunk, at);
  if (sequence < session.low || session.replies.has(sequence))
    refuseChunk(at, `a reply to write ${sequence}`);
  const length = readU32(chunk, at + 6);
  if (length === notKept) {
    session.replies.set(sequence, undefined);
    return from;
  }
  if (from + length > chunk.length) refuseChunk(at, "it ends within a session");
  if (length > limits.sessionReplyBytesMax) refuseChunk(at, `a reply of ${length} bytes`);
  session.replies.set(sequence, chunk.toString("latin1", from, from + length));
  return from + length;
}
