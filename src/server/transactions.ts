import { limits } from "../base/limits.ts";
import { encodeTransaction } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { numberArguments } from "../protocol/spec/session.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import { databaseAt } from "./commands/reading.ts";
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
  // EXEC will carry nothing out, so nothing more is kept for it.
  if (transaction.isBroken) {
    out.simple("QUEUED");
    return;
  }
  const bytes = Buffer.from(args.bytes.subarray(args.from, args.to));
  transaction.queued.push({ db: transaction.db, bytes });
  transaction.bytes += bytes.length;
  if (command.denyOom) transaction.denyOom = true;
  if (command.route === "local") transaction.hasOwnAffairs = true;
  if (command.name === "select") transaction.select(databaseAt(args, 1));
  out.simple("QUEUED");
}

function queueRefusal(transaction: Transaction, command: Command, args: Arguments): string {
  if (command.flags.includes("no_multi")) return "ERR Command not allowed inside a transaction";
  if (transaction.isBroken) return "";
  if (transaction.queued.length >= limits.transactionCommandsMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionCommandsMax} commands`;
  }
  if (transaction.bytes + args.to - args.from > limits.transactionBytesMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionBytesMax} bytes`;
  }
  return "";
}

/** EXEC, also behind SESSION ID. False: not taken; everything is as it was, and EXEC comes again. */
export function exec(connection: Connection, command: Command, args: Arguments): boolean {
  const { session, request } = connection;
  const { transaction, watched } = session;
  if (transaction === undefined) return connection.performInTurn(plainExec, args);
  if (transaction.isBroken) {
    if (!connection.performInTurn(plainExec, args)) return false;
  } else {
    request.command = command;
    const number = command === plainExec ? [] : wordsBefore(args, numberArguments);
    request.args = encodeTransaction(watched.all, transaction.queued, number);
    request.db = session.db;
    session.transaction = undefined;
    if (!connection.submit()) {
      session.transaction = transaction;
      return false;
    }
    // SELECT and its like change what the next command means, and only if the transaction is carried out.
    if (transaction.hasOwnAffairs) connection.waitForReplies();
  }
  session.transaction = undefined;
  session.watched.clear();
  return true;
}

const plainExec = commandNamed("exec")!;

function wordsBefore(args: Arguments, end: number): Buffer[] {
  return Array.from({ length: end }, (_, i) => args.copyOf(i));
}

/** EXEC with nothing to carry out. What is watched without MULTI stays so. */
export function refuseExec({ session, out }: Connection): void {
  if (session.transaction === undefined) out.error("ERR EXEC without MULTI");
  else out.error("EXECABORT Transaction discarded because of previous errors.");
}

export function discard({ session, out }: Connection): void {
  if (session.transaction === undefined) {
    out.error("ERR DISCARD without MULTI");
    return;
  }
  session.transaction = undefined;
  session.watched.clear();
  out.ok();
}

/** Performed when the replica says that the keys may be read. */
export function watch({ session, out, server }: Connection, args: Arguments): void {
  if (session.transaction !== undefined) {
    out.error("ERR WATCH inside MULTI is not allowed");
    return;
  }
  const refusal = session.watched.add(session.db, args, (db, key) => server.replica.revisionOf(db, key));
  if (refusal === "") out.ok();
  else out.error(refusal);
}

export function unwatch({ session, out }: Connection): void {
  session.watched.clear();
  out.ok();
}
