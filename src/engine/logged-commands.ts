import { Arguments } from "../protocol/arguments.ts";
import { numberArguments } from "../protocol/spec/session.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";
import { batchHeaderBytes } from "./batch.ts";
import type { Watched } from "./transaction.ts";

/** A command in a log entry, as it was sent. The words are views of the entry's payload. */
export interface LoggedCommand {
  readonly db: number;
  readonly words: readonly Buffer[];
  /** MULTI alone: the transaction is carried out only if these keys still have their revisions. */
  readonly watched: readonly Watched[];
}

/**
 * The commands of an entry, for people: those of a transaction stand between MULTI and EXEC. Asks no table what
 * they are, so that it reads what later versions add.
 */
export function* loggedCommands(payload: Buffer): Generator<LoggedCommand> {
  const args = new Arguments();
  for (let at = batchHeaderBytes; at < payload.length; ) {
    const db = payload[at]!;
    at = readWholeCommand(payload, at + 1, args);
    if (args.is(0, "exec") && args.count > 1) yield* transaction(db, args);
    else if (isNumberedTransaction(args)) yield* numberedTransaction(db, args);
    else yield { db, words: wordsOf(args), watched: [] };
  }
}

/** SESSION ID session sequence low EXEC … */
function isNumberedTransaction(args: Arguments): boolean {
  return args.count > numberArguments + 1 && args.is(0, "session") && args.is(numberArguments, "exec");
}

/** As one without a number, which stands in front of MULTI. */
function* numberedTransaction(db: number, args: Arguments): Generator<LoggedCommand> {
  const item = new Arguments();
  item.takeRest(args, numberArguments);
  const number = wordsOf(args).slice(0, numberArguments);
  for (const command of transaction(db, item)) {
    const isFirst = command.words[0] === multi;
    yield isFirst ? { ...command, words: [...number, multi] } : command;
  }
}

/** See transaction.ts: EXEC watched (db key revision)… (db command)… */
function* transaction(db: number, item: Arguments): Generator<LoggedCommand> {
  const first = 2 + Number(item.text(1)) * 3;
  const watched: Watched[] = [];
  for (let i = 2; i < first; i += 3)
    watched.push({ db: Number(item.text(i)), key: item.copyOf(i + 1), revision: Number(item.text(i + 2)) });
  yield { db, words: [multi], watched };
  const args = new Arguments();
  for (let i = first; i < item.count; i += 2) {
    readWholeCommand(item.bytes, item.start[i + 1]!, args);
    yield { db: Number(item.text(i)), words: wordsOf(args), watched: [] };
  }
  yield { db, words: [exec], watched: [] };
}

function wordsOf(args: Arguments): Buffer[] {
  return Array.from({ length: args.count }, (_, i) => args.bytes.subarray(args.start[i]!, args.end[i]!));
}

const multi: Buffer = Buffer.from("MULTI");
const exec: Buffer = Buffer.from("EXEC");
