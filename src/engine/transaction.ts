import { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandOf } from "../protocol/spec/table.ts";
import { writeText } from "../protocol/text-bytes.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";
import type { Engine } from "./engine.ts";

/**
 * A transaction as one item, in RESP like everything else:
 *
 *     EXEC  watched  (db key revision)…  (db command)…
 *
 * where `watched` counts the triples and each `command` is a whole RESP command in one bulk. It is carried
 * out only if every watched key still has that revision (0: is still absent).
 */
export interface Watched {
  readonly db: number;
  readonly key: Buffer;
  readonly revision: number;
}

export interface Queued {
  readonly db: number;
  /** One command in RESP. */
  readonly bytes: Buffer;
}

/** `number` are the words in front of EXEC, where it stands behind SESSION ID. */
export function encodeTransaction(
  watched: readonly Watched[],
  queued: readonly Queued[],
  number: readonly Buffer[] = [],
): Arguments {
  const parts: Buffer[] = [...number, Buffer.from("EXEC"), decimal(watched.length)];
  for (const { db, key, revision } of watched) parts.push(decimal(db), key, decimal(revision));
  for (const { db, bytes } of queued) parts.push(decimal(db), bytes);
  return encodeArguments(parts);
}

/**
 * Carries out a transaction and writes its reply: an array of the commands' replies, or null where a watched
 * key has changed. Commands that are not the engine's go to `perform`.
 */
export function applyTransaction(
  engine: Engine,
  item: Arguments,
  out: ReplyWriter,
  perform: (command: Command, args: Arguments) => void,
): void {
  out.beginsTransaction();
  if (isUnchanged(engine, item)) applyCommands(engine, item, out, perform);
  else out.nullArray();
  out.endsTransaction(item);
}

/** Whether every watched key has the revision that WATCH saw. */
function isUnchanged(engine: Engine, item: Arguments): boolean {
  const watched = Number(item.text(1));
  for (let i = 2; i < 2 + watched * 3; i += 3) {
    const revision = engine.revisionOf(Number(item.text(i)), item.copyOf(i + 1));
    if (revision !== Number(item.text(i + 2))) return false;
  }
  return true;
}

function applyCommands(
  engine: Engine,
  item: Arguments,
  out: ReplyWriter,
  perform: (command: Command, args: Arguments) => void,
): void {
  out.array((item.count - firstQueued(item)) / 2);
  engine.transaction(out, (step) => {
    forEachQueued(item, (command, args, db) => {
      if (command.route === "local") perform(command, args);
      else step(command, args, db);
    });
  });
}

/** Visits the commands of a transaction in their order, each with its database. */
export function forEachQueued(
  item: Arguments,
  visit: (command: Command, args: Arguments, db: number) => void,
): void {
  const args = new Arguments();
  for (let i = firstQueued(item); i < item.count; i += 2) {
    readWholeCommand(item.bytes, item.start[i + 1]!, args);
    visit(commandOf(args), args, Number(item.text(i)));
  }
}

/** The place of the first queued command's database. */
function firstQueued(item: Arguments): number {
  return 2 + Number(item.text(1)) * 3;
}

/** A command in RESP from its arguments. */
export function encodeArguments(parts: readonly Buffer[]): Arguments {
  let size = 16;
  for (const part of parts) size += part.length + 16;
  const bytes = Buffer.allocUnsafeSlow(size);
  const args = new Arguments();
  args.reserve(parts.length);
  let at = writeText(bytes, 0, `*${parts.length}\r\n`);
  for (const part of parts) {
    at += writeText(bytes, at, `$${part.length}\r\n`);
    args.start[args.count] = at;
    at += part.copy(bytes, at);
    args.end[args.count++] = at;
    at += writeText(bytes, at, "\r\n");
  }
  args.bytes = bytes;
  args.to = at;
  return args;
}

function decimal(value: number): Buffer {
  return Buffer.from(String(value));
}
