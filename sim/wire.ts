import { encodeArguments, encodeTransaction, type Watched } from "../src/engine/transaction.ts";
import type { Arguments } from "../src/protocol/arguments.ts";
import { type Reply as Answer, ReplyError } from "../src/protocol/reply.ts";
import type { Action, PartAction, PartReply, Reply } from "./history.ts";

/** Actions of a history as commands, and what is answered to them. */

/** The number of a session's write. */
export interface Numbered {
  readonly session: string;
  readonly sequence: number;
  readonly low: number;
}

/**
 * The command in RESP, as a connection hands it to the replica. `tag` is a key that is never there, and makes a
 * command that could be any other's one of its own.
 */
export function commandOfAction(
  action: Action,
  number: Numbered | undefined,
  watched: readonly Watched[],
  tag: string,
): Arguments {
  const front = number === undefined ? [] : numberWords(number).map(bytesOf);
  if (action.type !== "exec") {
    const words = wordsOf(action);
    if (action.type === "del") words.push(tag);
    return encodeArguments([...front, ...words.map(bytesOf)]);
  }
  const short = shortWords(action.argument);
  if (short !== undefined && watched.length === 0) return encodeArguments([...front, ...short.map(bytesOf)]);
  const queued = action.argument.map((part) => ({ db: 0, bytes: bytesOf(wireOfPart(part)) }));
  return encodeTransaction(watched, queued, front);
}

/** A queued command in RESP. */
export function wireOfPart(part: PartAction): string {
  const { bytes, from, to } = encodeArguments(wordsOf(part).map(bytesOf));
  return bytes.toString("latin1", from, to);
}

/** Where several parts are one command of Redis: MGET and MSET. */
function shortWords(parts: readonly PartAction[]): string[] | undefined {
  if (parts.every((part) => part.type === "get")) return ["MGET", ...parts.map(({ key }) => key)];
  if (parts.every((part) => part.type === "set" && part.ttl === undefined))
    return ["MSET", ...parts.flatMap((part) => (part.type === "set" ? [part.key, part.argument] : []))];
  return undefined;
}

function numberWords({ session, sequence, low }: Numbered): string[] {
  return ["SESSION", "ID", session, String(sequence), String(low)];
}

/** A command of its own. */
export function wordsOf(action: PartAction): string[] {
  switch (action.type) {
    case "get":
      return ["GET", action.key];
    case "set":
      return [
        "SET",
        action.key,
        action.argument,
        ...(action.ttl === undefined ? [] : ["PX", String(action.ttl)]),
      ];
    case "cas": {
      const [expected, value] = action.argument;
      return ["SET", action.key, value, ...(expected === null ? ["NX"] : ["IFEQ", expected])];
    }
    case "incr":
      return ["INCRBY", action.key, String(action.argument)];
    case "append":
      return ["APPEND", action.key, action.argument];
    case "del":
      return ["DEL", action.key];
    case "expire":
      return ["PEXPIRE", action.key, String(action.argument)];
    case "persist":
      return ["PERSIST", action.key];
    case "rename":
      return ["RENAME", action.key, action.argument];
    case "flush":
      return ["FLUSHALL"];
  }
}

function bytesOf(word: string): Buffer {
  return Buffer.from(word, "latin1");
}

/** What a reply says about a command: it was answered, surely did nothing, or nobody knows. */
export type Told =
  | { readonly outcome: "known"; readonly reply: Reply }
  | { readonly outcome: "unknown" | "failed"; readonly error: string };

/** Errors of the command itself, which the state was the reason of: they are replies like others. */
const ofState: ReadonlySet<string> = new Set(["ERR", "WRONGTYPE"]);
/** Applied, or perhaps: semantics, "N, W, R". */
const ofDoubt: ReadonlySet<string> = new Set(["UNKNOWN_OUTCOME", "UNDER_REPLICATED", "REPLY_NOT_KEPT"]);

export function toldBy(action: Action, answer: Answer): Told {
  if (answer instanceof ReplyError && !ofState.has(answer.code))
    return { outcome: ofDoubt.has(answer.code) ? "unknown" : "failed", error: answer.message };
  return { outcome: "known", reply: replyOf(action, answer) };
}

function replyOf(action: Action, answer: Answer): Reply {
  if (action.type !== "exec") return partOf(answer);
  if (answer === null) return null;
  // MSET answers once for all.
  if (answer === "OK") return action.argument.map(() => "OK");
  return (answer as readonly Answer[]).map(partOf);
}

function partOf(answer: Answer): PartReply {
  if (answer instanceof ReplyError) return { error: answer.message };
  return Buffer.isBuffer(answer) ? answer.toString("latin1") : (answer as string | number | null);
}
