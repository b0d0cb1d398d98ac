import { assert } from "../base/assert.ts";
import { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply-writer.ts";
import { COMMAND, RequestDecoder } from "../protocol/request-decoder.ts";
import type { Command } from "../protocol/spec/row.ts";
import { findCommand, findSubcommand } from "../protocol/spec/table.ts";
import { writeText } from "../protocol/text-bytes.ts";
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

export function encodeTransaction(watched: readonly Watched[], queued: readonly Queued[]): Arguments {
  const parts: Buffer[] = [Buffer.from("EXEC"), decimal(watched.length)];
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
  const watched = Number(item.text(1));
  for (let i = 2; i < 2 + watched * 3; i += 3) {
    const revision = engine.revisionOf(Number(item.text(i)), item.copyOf(i + 1));
    if (revision !== Number(item.text(i + 2))) {
      out.nullArray();
      return;
    }
  }
  const first = 2 + watched * 3;
  const decoder = new RequestDecoder();
  out.array((item.count - first) / 2);
  engine.transaction(out, (step) => {
    for (let i = first; i < item.count; i += 2) {
      const found = decoder.next(item.bytes, item.start[i + 1]!, item.end[i + 1]!);
      assert(found === COMMAND, "a queued command is whole");
      const command = commandOf(decoder.args);
      if (command.route === "local") perform(command, decoder.args);
      else step(command, decoder.args, Number(item.text(i)));
    }
  });
}

function commandOf(args: Arguments): Command {
  const top = findCommand(args);
  const command =
    top !== undefined && top.children.length > 0 && args.count > 1 ? findSubcommand(top, args) : top;
  assert(command !== undefined, "a queued command is known");
  return command;
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
