import { limits } from "../base/limits.ts";
import { mayLengthen, requestMicros } from "../engine/cost.ts";
import { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { mayBeNumbered, numberArguments } from "../protocol/spec/session.ts";
import { arityFits, commandNamed, findCommand, findSubcommand } from "../protocol/spec/table.ts";
import type { Trouble } from "../replica/contract.ts";
import type { Connection } from "./connection.ts";
import { redirection } from "./redirect.ts";
import type { Server } from "./server.ts";
import type { Transaction } from "./session.ts";
import { abort, exec, giveUp, multiBehind, queueCommand, watchInTurn } from "./transactions.ts";

/**
 * Decides what becomes of one command: refused here, queued by MULTI, carried out by the connection, or
 * offered to the replica. False: it has to wait; it is decoded again later.
 *
 * The order of the checks is Redis' (processCommand): clients see the same error for the same fault.
 */
export function dispatch(server: Server, connection: Connection, args: Arguments): boolean {
  const { session, request } = connection;
  const top = findCommand(args);
  const command = subcommandOf(top, args);
  const refusal = refusalOf(server, connection, top, command, args);
  if (refusal !== "" || command === undefined) {
    if (connection.isWaiting) return false;
    if (refusal === closeSilently) connection.closeWhenSent();
    else refuse(server, connection, command, args, refusal);
    return true;
  }
  if (command === numbered && args.is(numberArguments, "exec")) return exec(connection, command, args);
  if (session.transaction !== undefined && !runsInsideMulti(command))
    return queueCommand(connection, session.transaction, command, args);
  if (command.route === "local") {
    if (command.name === "exec") return exec(connection, command, args);
    if (command.name === "multi" && connection.isWaiting) return multiBehind(connection);
    // WATCH reads revisions: the replica says when that may be. Inside MULTI it is only refused.
    if (command.name !== "watch" || session.transaction !== undefined)
      return connection.performInTurn(command, args);
    return watchInTurn(connection, command, args);
  }
  request.command = command;
  request.args = args;
  request.db = session.db;
  if (!connection.submit()) return false;
  if (mayLengthen(command, args)) connection.lengthens();
  return true;
}

/** The subcommand that is meant, the command itself where it has none; undefined where it is unknown. */
function subcommandOf(top: Command | undefined, args: Arguments): Command | undefined {
  return top !== undefined && top.children.length > 0 && args.count > 1 ? findSubcommand(top, args) : top;
}

const numbered = commandNamed("session|id")!;

/** Commands that MULTI does not queue. */
function runsInsideMulti(command: Command): boolean {
  return insideMulti.has(command.fullName);
}

const insideMulti: ReadonlySet<string> = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);

/** The error for a command that is not carried out, "" where there is none. */
function refusalOf(
  server: Server,
  connection: Connection,
  top: Command | undefined,
  command: Command | undefined,
  args: Arguments,
): string {
  if (top === undefined) return unknownCommand(args);
  if (command === undefined) return unknownSubcommand(top, args);
  if (!arityFits(command, args.count)) {
    if (command.fullName === "debug|sleep") return wrongSubcommand("debug", args);
    return `ERR wrong number of arguments for '${command.fullName}' command`;
  }
  if (server.mustAuthenticate(connection.session) && !command.flags.includes("no_auth")) {
    return "NOAUTH Authentication required.";
  }
  const { trouble } = server.replica;
  if (trouble !== undefined) {
    const error = troubleOf(trouble, command);
    if (error !== undefined) return error;
  }
  if (command === numbered) return refusalOfNumbered(server, connection, args);
  const moved = redirection(connection, command, args);
  if (moved !== "") return moved;
  if (args.count > limits.quickArgumentsMax && requestMicros(command, args) > limits.commandMicrosMax) {
    return tooMany(command, args);
  }
  if (command.isWrite && hasLongKey(command, args)) return keyTooLong;
  const { transaction } = connection.session;
  if (transaction === undefined ? !command.denyOom : mayAlwaysEnd(transaction, command)) return "";
  return server.isOverMemory(command, args) ? outOfMemory : "";
}

/** What would be refused without a number is refused with one, and has not used it up. */
function refusalOfNumbered(server: Server, connection: Connection, args: Arguments): string {
  inner.takeRest(args, numberArguments);
  const top = findCommand(inner);
  const command = subcommandOf(top, inner);
  if (command !== undefined && !mayBeNumbered(command))
    return `ERR '${command.fullName}' is no write of keys: only those can be numbered`;
  const refusal = refusalOf(server, connection, top, command, inner);
  inner.clear();
  if (refusal !== "" || command?.name !== "exec") return refusal;
  return connection.session.transaction?.hasOwnAffairs ? notOfKeys : "";
}

const inner = new Arguments();
const notOfKeys = "ERR a transaction can be numbered only if all its commands read or write keys";

/** Commands with the flag "loading" need no data; EXEC was refused already with what it would carry out. */
function troubleOf({ everything, everyWrite, growth }: Trouble, command: Command): string | undefined {
  if (everything !== undefined && !command.flags.includes("loading")) return everything;
  if (!command.isWrite) return undefined;
  return everyWrite ?? (command.denyOom ? growth : undefined);
}

/** It is atomic, and would stop all clients for as long as it takes. */
function tooMany({ fullName }: Command, { count }: Arguments): string {
  const ms = limits.commandMicrosMax / 1000;
  return `TOO_LARGE '${fullName}' with ${count} arguments would take longer than ${ms} ms: split it`;
}

const keyTooLong = `TOO_LARGE a key may have ${limits.keyBytesMax} bytes`;
const outOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";

/**
 * Whether a command inside MULTI is carried out or queued, however full the memory is. As in Redis nothing is:
 * what is queued takes memory too. But a transaction may always be given up, and EXEC of one that was queued
 * before is refused only for commands that would be refused alone.
 */
function mayAlwaysEnd(transaction: Transaction, { name }: Command): boolean {
  if (name === "exec") return !transaction.denyOom;
  return name === "discard" || name === "quit" || name === "reset";
}

function hasLongKey(command: Command, args: Arguments): boolean {
  if (command.firstKey > 0) {
    const last = command.lastKey < 0 ? args.count + command.lastKey : command.lastKey;
    for (let i = command.firstKey; i <= last; i += command.keyStep) {
      if (args.lengthOf(i) > limits.keyBytesMax) return true;
    }
  }
  return false;
}

function refuse(
  server: Server,
  connection: Connection,
  command: Command | undefined,
  args: Arguments,
  refusal: string,
): void {
  const { session, out } = connection;
  if (command !== undefined) server.stats.rejected[command.id]!++;
  if (command?.name === "exec" || (command === numbered && args.is(numberArguments, "exec"))) {
    if (refusal.startsWith("MOVED ")) giveUp(connection, refusal);
    else abort(connection, refusal);
    return;
  }
  if (session.transaction !== undefined) session.transaction.isBroken = true;
  out.error(refusal);
}

/** Redis 7's words: at most 128 bytes of the name and of the arguments. */
function unknownCommand(args: Arguments): string {
  if (args.is(0, "post") || args.is(0, "host:")) return closeSilently;
  let shown = "";
  for (let i = 1; i < args.count && shown.length < 128; i++) {
    shown += `'${args.quoted(i).slice(0, 128 - shown.length)}' `;
  }
  return `ERR unknown command '${args.quoted(0).slice(0, 128)}', with args beginning with: ${shown}`;
}

function unknownSubcommand(parent: Command, args: Arguments): string {
  if (parent.name === "debug") return wrongSubcommand("debug", args);
  const name = parent.name.toUpperCase();
  return `ERR unknown subcommand '${args.quoted(1).slice(0, 128)}'. Try ${name} HELP.`;
}

/** What a command says that has to look at its subcommand itself. */
export function wrongSubcommand(parent: string, args: Arguments): string {
  const name = parent.toUpperCase();
  return `ERR unknown subcommand or wrong number of arguments for '${args.quoted(1).slice(0, 128)}'. Try ${name} HELP.`;
}

/** A web browser at the wrong door: Redis closes, as does everybody who cares for cross-protocol attacks. */
const closeSilently = "close";
