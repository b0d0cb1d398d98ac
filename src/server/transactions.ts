import { limits } from "../base/limits.ts";
import { encodeTransaction } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { Connection } from "./connection.ts";
import { Transaction } from "./session.ts";

/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. EXEC is one item for the replica: engine/transaction.ts. */
export function multi({ session, out }: Connection): void {
  if (session.transaction !== undefined) {
    out.error("ERR MULTI calls can not be nested");
    return;
  }
  session.transaction = new Transaction(session.db);
  out.ok();
}

export function queueCommand(
  { out }: Connection,
  transaction: Transaction,
  command: Command,
  args: Arguments,
): void {
  const refusal = queueRefusal(transaction, command, args);
  if (refusal !== "") {
    transaction.isBroken = true;
    out.error(refusal);
    return;
  }
  const bytes = Buffer.from(args.bytes.subarray(args.from, args.to));
  transaction.queued.push({ db: transaction.db, bytes });
  transaction.bytes += bytes.length;
  if (command.route === "local") transaction.hasOwnAffairs = true;
  if (command.name === "select") transaction.db = selectedBy(args) ?? transaction.db;
  out.simple("QUEUED");
}

function queueRefusal(transaction: Transaction, command: Command, args: Arguments): string {
  if (command.flags.includes("no_multi")) return "ERR Command not allowed inside a transaction";
  if (transaction.queued.length >= limits.transactionCommandsMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionCommandsMax} commands`;
  }
  if (transaction.bytes + args.to - args.from > limits.transactionBytesMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionBytesMax} bytes`;
  }
  return "";
}

function selectedBy(args: Arguments): number | undefined {
  const text = args.text(1);
  return /^\d{1,2}$/.test(text) && Number(text) < limits.databases ? Number(text) : undefined;
}

/** False: not taken; everything is as it was, and EXEC comes again. */
export function exec(connection: Connection, command: Command): boolean {
  const { session, out, request } = connection;
  const { transaction, watched } = session;
  if (transaction === undefined) {
    if (connection.isWaiting) return false;
    out.error("ERR EXEC without MULTI");
    // What is watched stays so.
    return true;
  }
  if (transaction.isBroken) {
    if (connection.isWaiting) return false;
    out.error("EXECABORT Transaction discarded because of previous errors.");
  } else {
    request.command = command;
    request.args = encodeTransaction(watched, transaction.queued);
    request.db = session.db;
    session.transaction = undefined;
    if (!connection.server.submitTimed(connection, command)) {
      session.transaction = transaction;
      return false;
    }
    // SELECT and its like change what the next command means, and only if the transaction is carried out.
    if (transaction.hasOwnAffairs) connection.waitForReplies();
  }
  session.transaction = undefined;
  session.watched = [];
  return true;
}

export function discard({ session, out }: Connection): void {
  if (session.transaction === undefined) {
    out.error("ERR DISCARD without MULTI");
    return;
  }
  session.transaction = undefined;
  session.watched = [];
  out.ok();
}

/** Performed when the replica says that the keys may be read. */
export function watch({ session, out, server }: Connection, args: Arguments): void {
  if (session.transaction !== undefined) {
    out.error("ERR WATCH inside MULTI is not allowed");
    return;
  }
  if (session.watched.length + args.count - 1 > limits.watchedKeysMax) {
    out.error(`TOO_LARGE a connection may watch ${limits.watchedKeysMax} keys`);
    return;
  }
  const { db } = session;
  for (let i = 1; i < args.count; i++) {
    const key = args.copyOf(i);
    if (session.watched.some((w) => w.db === db && w.key.equals(key))) continue;
    session.watched.push({ db, key, revision: server.replica.revisionOf(db, key) });
  }
  out.ok();
}

export function unwatch({ session, out }: Connection): void {
  session.watched = [];
  out.ok();
}
