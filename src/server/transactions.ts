import { limits } from "../base/limits.ts";
import { requestMicros } from "../engine/cost.ts";
import { encodeArguments, encodeTransaction } from "../engine/transaction.ts";
import { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { numberArguments } from "../protocol/spec/session.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import { databaseAt } from "./commands/reading.ts";
import type { Connection } from "./connection.ts";
import type { Server } from "./server.ts";
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

/** MULTI behind replies that are still to come. False: it has to wait for them. */
export function multiBehind(connection: Connection): boolean {
  const { session } = connection;
  if (session.transaction !== undefined || !connection.saysBehind(saysOk)) return false;
  session.transaction = new Transaction(session.db);
  return true;
}

/** False: not now; it comes again. */
export function queueCommand(
  connection: Connection,
  transaction: Transaction,
  command: Command,
  args: Arguments,
): boolean {
  const { out, server, isWaiting } = connection;
  const micros = requestMicros(command, args) + listingMicros(server, command);
  const refusal = queueRefusal(transaction, command, args, micros);
  const isGood = refusal === "" && !transaction.isBroken;
  if (isWaiting && !(isGood && connection.saysBehind(saysQueued))) return false;
  // EXEC will carry nothing out of what is broken, so nothing more is kept for it.
  if (isGood) transaction.queue(command, args, micros);
  if (isGood && command.name === "select") transaction.select(databaseAt(args, 1));
  if (refusal !== "") {
    transaction.isBroken = true;
    out.error(refusal);
  } else if (!isWaiting) out.simple("QUEUED");
  return true;
}

/**
 * What MULTI and what it queues are answered, as items that a replica has to take in their turn where replies before them
 * are still to come. So transactions that a client sends one behind the other need not wait for each other. They are said
 * even where those before them come to nothing (replica/proposals.ts).
 */
const saysOk: Arguments = encodeArguments([Buffer.from("MULTI")]);
const saysQueued: Arguments = encodeArguments([Buffer.from("MULTI"), Buffer.from("QUEUED")]);

/** Carries out such an item. */
export function sayDecided({ out }: Connection, command: Command, args: Arguments): void {
  if (args.count > 1) {
    out.simple("QUEUED");
    return;
  }
  out.begins(command, args);
  out.ok();
  out.ends(command, args);
}

function queueRefusal(transaction: Transaction, command: Command, args: Arguments, micros: number): string {
  if (command.flags.includes("no_multi")) return "ERR Command not allowed inside a transaction";
  if (transaction.isBroken) return "";
  if (transaction.queued.length >= limits.transactionCommandsMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionCommandsMax} commands`;
  }
  if (transaction.bytes + args.to - args.from > limits.transactionBytesMax) {
    return `TOO_LARGE a transaction may have ${limits.transactionBytesMax} bytes`;
  }
  const sum = transaction.micros + micros;
  return sum > limits.commandMicrosMax ? takesTooLong(sum) : "";
}

/** µs for the lines that a command writes about what the server has, as many as there are. */
function listingMicros({ clients, slowlog }: Server, { fullName }: Command): number {
  if (fullName === "client|list") return clients.size * 2;
  return fullName === "slowlog|get" ? slowlog.length * 1.5 : 0;
}

/** Of a transaction, which would stop all clients for as long as it takes. */
function takesTooLong(micros: number): string {
  const ms = Math.ceil(micros / 1000);
  return `TOO_LARGE the transaction would take about ${ms} ms, it may take ${limits.commandMicrosMax / 1000}`;
}

/** EXEC, also behind SESSION ID. False: not taken; everything is as it was, and EXEC comes again. */
export function exec(connection: Connection, command: Command, args: Arguments): boolean {
  const { session } = connection;
  const { transaction, watched } = session;
  if (transaction === undefined) return connection.performInTurn(plainExec, args);
  if (transaction.isBroken) {
    if (!connection.performInTurn(plainExec, args)) return false;
  } else if (mustWait(connection, transaction)) {
    return false;
  } else {
    const number = command === plainExec ? [] : wordsBefore(args, numberArguments);
    if (!propose(connection, transaction, command, number)) return false;
  }
  session.transaction = undefined;
  watched.clear();
  return true;
}

const plainExec = commandNamed("exec")!;

/** What is under way may make it take longer than can be told now. */
function mustWait(connection: Connection, { readsValues, isSteep }: Transaction): boolean {
  return (isSteep && connection.isWaiting) || (readsValues && connection.mayLengthen);
}

function wordsBefore(args: Arguments, end: number): Buffer[] {
  return Array.from({ length: end }, (_, i) => args.copyOf(i));
}

/** Offers a transaction to the replica as one item, behind the words of a number, or refuses it in its turn. */
function propose(
  connection: Connection,
  transaction: Transaction,
  command: Command,
  number: readonly Buffer[],
): boolean {
  const { session, request, server } = connection;
  request.command = command;
  request.args = encodeTransaction(session.watched.all, transaction.queued, number);
  request.db = session.db;
  const micros = microsOf(connection, transaction, number.length);
  if (micros > limits.commandMicrosMax) {
    // In its turn, and measured anew by then.
    if (connection.isWaiting) return false;
    server.stats.rejected[command.id]!++;
    abort(connection, takesTooLong(micros));
    return true;
  }
  session.transaction = undefined;
  if (!connection.submit()) {
    session.transaction = transaction;
    return false;
  }
  if (transaction.lengthens) connection.lengthens();
  // SELECT and its like change what the next command means, and only if the transaction is carried out.
  if (transaction.hasOwnAffairs) connection.waitForReplies();
  return true;
}

/**
 * How long a transaction takes at most that is ready to be proposed, behind so many words of a number. One that reads
 * values has waited for what this connection may have made long.
 */
function microsOf(
  { session, request, server }: Connection,
  transaction: Transaction,
  numberWords: number,
): number {
  const micros = transaction.micros + session.watched.micros;
  if (!transaction.dependsOnValues) return micros;
  const item = new Arguments();
  item.takeRest(request.args, numberWords);
  return micros + server.replica.store.valueMicros(item);
}

/** EXEC is refused for what it would carry out: the transaction is given up. */
export function abort(connection: Connection, refusal: string): void {
  giveUp(connection, `EXECABORT Transaction discarded because of: ${refusal.replace(/^ERR /, "")}`);
}

/** The transaction is gone; `answer` says why. */
export function giveUp({ session, out }: Connection, answer: string): void {
  session.transaction = undefined;
  session.watched.clear();
  out.error(answer);
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

/** WATCH without MULTI. What follows it may be a transaction, which has to know what is watched. */
export function watchInTurn(connection: Connection, command: Command, args: Arguments): boolean {
  const { session, request } = connection;
  request.command = command;
  request.args = args;
  request.db = session.db;
  if (!connection.submit()) return false;
  connection.waitForReplies();
  return true;
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
