import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { integerAt, notAnInteger } from "./reading.ts";

/** BACKUP: a snapshot over the client port, read by `kvorum backup` piece by piece. */
export const backupHandlers: Readonly<Record<string, LocalHandler>> = {
  "backup|begin": begin,
  "backup|read": read,
  "backup|end": end,
};

const noDisk = "ERR there is nothing to back up: the node was started with --memory";
const noSuchBackup =
  "ERR no such backup on this connection: it has ended, or nothing was read from it for a minute";

/** Answers id, bytes and the index of the last entry in it. Only this client waits. */
function begin(connection: Connection): void {
  const { out, server } = connection;
  const { persistence } = server.replica;
  const refusal = persistence === undefined ? noDisk : server.backups.refusal(connection);
  if (persistence === undefined || refusal !== "") {
    out.error(refusal);
    return;
  }
  let id = 0;
  let bytes = 0;
  let index = 0;
  const work = server.backups.begin(connection, persistence).then((backup) => {
    id = backup.id;
    ({ bytes, index } = backup.snapshot);
  });
  connection.late.when(work, (failure) => {
    if (failure !== undefined) {
      out.error(`ERR ${failure.message}`);
      return;
    }
    out.map(3);
    out.bulkText("id");
    out.integer(id);
    out.bulkText("bytes");
    out.integer(bytes);
    out.bulkText("index");
    out.integer(index);
  });
}

/** BACKUP READ id offset length */
function read(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  const [id, offset, length] = [2, 3, 4].map((i) => integerAt(args, i));
  const problem = readProblem(id, offset, length);
  const backup = problem === "" ? server.backups.find(connection, Number(id)) : undefined;
  if (backup === undefined) {
    out.error(problem || noSuchBackup);
    return;
  }
  let bytes: Buffer = noBytes;
  const work = server.backups.read(connection, backup, Number(offset), Number(length)).then((read) => {
    bytes = read;
  });
  connection.late.when(work, (failure) => {
    if (failure === undefined) out.bulk(bytes, 0, bytes.length);
    else out.error(`ERR ${failure.message}`);
  });
}

function readProblem(...[id, offset, length]: readonly ReturnType<typeof integerAt>[]): string {
  if (id === undefined || offset === undefined || length === undefined) return notAnInteger;
  if (offset < 0 || offset > Number.MAX_SAFE_INTEGER) return "ERR offset is out of range";
  if (length < 1 || length > limits.backupReadBytesMax)
    return `ERR length is out of range, must be between 1 and ${limits.backupReadBytesMax}`;
  return "";
}

function end(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  if (server.backups.find(connection, Number(integerAt(args, 2))) === undefined) {
    out.error(noSuchBackup);
    return;
  }
  server.backups.end(connection);
  out.ok();
}

const noBytes: Buffer = Buffer.alloc(0);
