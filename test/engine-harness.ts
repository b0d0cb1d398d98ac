import assert from "node:assert/strict";
import { Engine } from "../src/engine/engine.ts";
import { encodeArguments } from "../src/engine/transaction.ts";
import type { Arguments } from "../src/protocol/arguments.ts";
import { type Reply, ReplyError } from "../src/protocol/reply.ts";
import { REPLY, ReplyDecoder } from "../src/protocol/reply-decoder.ts";
import { ReplyWriter } from "../src/protocol/reply-writer.ts";
import type { Command } from "../src/protocol/spec/row.ts";
import { arityFits, commandNamed } from "../src/protocol/spec/table.ts";

export type Word = string | number | Buffer;

/** An engine as one client sees it: commands in, replies out as text. Time stands still unless it is moved. */
export class EngineClient {
  readonly engine: Engine;
  now = 1_700_000_000_000;
  db = 0;
  /** 2 or 3. */
  protocol = 2;
  /** Turns that the last command took. */
  turns = 0;

  constructor(engine: Engine = new Engine([1, 2])) {
    this.engine = engine;
  }

  /**
   * Carries out one command and shows its reply: OK, -ERR text, 7, "bulk", nil, [an, array], {a: map}.
   * Bytes beyond ASCII are shown as latin1.
   */
  run(...words: Word[]): string {
    return show(this.reply(...words));
  }

  /** As run, with the reply as a value. */
  reply(...words: Word[]): Reply {
    const args = argumentsOf(words);
    const out = this.#writer();
    this.engine.advance(this.now, 0);
    const slice = this.engine.execute(commandOf(words), args, this.db, out);
    // The request's bytes belong to the caller again.
    args.bytes.fill(0);
    this.turns = 1;
    if (slice !== undefined)
      do this.turns++;
      while (!slice());
    const replies = decode(out);
    assert.equal(replies.length, 1, `exactly one reply to ${words[0]}`);
    return replies[0]!;
  }

  /** Carries out commands as one transaction and shows their replies. */
  transaction(...commands: readonly (readonly Word[])[]): string[] {
    const out = this.#writer();
    this.engine.advance(this.now, 0);
    this.engine.transaction(out, (step) => {
      for (const words of commands) {
        step(commandOf(words), argumentsOf(words), this.db);
      }
    });
    return decode(out).map(show);
  }

  /** Whether a command took a revision, which says that it changed something. */
  changes(...words: Word[]): boolean {
    const before = this.engine.revision;
    this.run(...words);
    return this.engine.revision !== before;
  }

  #writer(): ReplyWriter {
    const out = new ReplyWriter();
    out.protocol = this.protocol;
    return out;
  }
}

function argumentsOf(words: readonly Word[]): Arguments {
  return encodeArguments(words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word)))));
}

export function commandOf(words: readonly Word[]): Command {
  const [name, sub] = words.map((word) => String(word).toLowerCase());
  const parent = commandNamed(name!);
  const command = parent?.children.find((child) => child.name === sub) ?? parent;
  assert.ok(command !== undefined, `no row for ${name}`);
  assert.ok(arityFits(command, words.length), `wrong number of arguments for ${command.fullName}`);
  return command;
}

function decode(out: ReplyWriter): Reply[] {
  const decoder = new ReplyDecoder("bytes");
  out.flush((bytes) => {
    decoder.push(bytes);
    return true;
  });
  const replies: Reply[] = [];
  while (decoder.next() === REPLY) replies.push(decoder.value);
  return replies;
}

function show(reply: Reply): string {
  if (reply === null) return "nil";
  if (Buffer.isBuffer(reply)) return `"${reply.toString("latin1")}"`;
  if (reply instanceof ReplyError) return `-${reply.message}`;
  if (reply instanceof Map) return `{${[...reply].map(([k, v]) => `${show(k)}: ${show(v)}`).join(", ")}}`;
  if (Array.isArray(reply)) return `[${reply.map(show).join(", ")}]`;
  return String(reply);
}
