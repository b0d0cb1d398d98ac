import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { writeTo } from "../log/calls.ts";
import type { DiskFile } from "../platform/disk.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import type { Line } from "./line.ts";

/** Pieces that are asked for ahead: while one is written, the next one is on its way. */
const piecesAhead = 3;
/** A node whose disk takes longer for a piece hangs. */
const pieceMsMax = 60_000;

export interface DownloadEvents {
  /** The node has taken its snapshot. */
  begun(): void;
  progress(doneBytes: number, totalBytes: number): void;
}

/** Has a node take a snapshot, and writes it into an empty file. Rejects with KvorumError. */
export async function download(line: Line, file: DiskFile, events: DownloadEvents): Promise<void> {
  const begun = fieldsOf(await ask(line, ["BACKUP", "BEGIN"], 0));
  const [id, bytes] = [begun.get("id"), begun.get("bytes")];
  if (id === undefined || bytes === undefined) throw unexpected(line);
  events.begun();
  const pieces: Promise<Reply>[] = [];
  let asked = 0;
  for (let written = 0; written < bytes; ) {
    for (; asked < bytes && pieces.length < piecesAhead; asked += limits.backupReadBytesMax) {
      const piece = ask(line, ["BACKUP", "READ", id, asked, limits.backupReadBytesMax], pieceMsMax);
      // It is waited for later, and then it tells.
      piece.catch(() => {});
      pieces.push(piece);
    }
    const piece = await pieces.shift();
    const due = Math.min(limits.backupReadBytesMax, bytes - written);
    if (!Buffer.isBuffer(piece) || piece.length !== due) throw unexpected(line);
    await writeTo(file, [piece], written);
    written += due;
    events.progress(written, bytes);
  }
  await ask(line, ["BACKUP", "END", id], pieceMsMax);
}

/** The reply to a command; an error reply rejects. */
async function ask(line: Line, args: readonly RequestArgument[], deadlineMs: number): Promise<Reply> {
  const reply = await line.call(args, deadlineMs).catch((error: Error) => {
    throw new KvorumError("ERR", error.message, { cause: error });
  });
  if (!(reply instanceof ReplyError)) return reply;
  const { message } = reply;
  const advice = message.includes("unknown command") ? ": it is no kvorum, or an older one" : "";
  throw new KvorumError("ERR", `${line.address} makes no backup: ${message.trim()}${advice}`);
}

function unexpected({ address }: Line): KvorumError {
  return new KvorumError("ERR", `${address} does not answer BACKUP as this kvorum expects it`);
}

/** Numbers by their names. */
function fieldsOf(reply: Reply): Map<string, number> {
  if (!(reply instanceof Map)) return new Map();
  return new Map(
    [...(reply as ReadonlyMap<Reply, Reply>)].map(([name, value]) => [String(name), Number(value)]),
  );
}
