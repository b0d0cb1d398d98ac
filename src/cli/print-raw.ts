import { type Reply, ReplyError, Verbatim } from "../protocol/reply.ts";
import { numberText } from "./print-pretty.ts";

const newline = Buffer.from("\n");
const space = Buffer.from(" ");

/** A reply for another program, as redis-cli writes it into a pipe: the bytes alone, an element a line. */
export function raw(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if (Array.isArray(reply) || reply instanceof Set) return joined([...(reply as Iterable<Reply>)].map(raw));
  if (reply instanceof Map) {
    return joined([...reply].map(([key, value]) => Buffer.concat([raw(key), space, raw(value)])));
  }
  return Buffer.from(scalarText(reply));
}

function joined(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [newline, line])));
}

function scalarText(reply: Reply): string {
  if (reply === null) return "";
  if (reply instanceof ReplyError) return reply.message;
  if (reply instanceof Verbatim) return reply.text;
  if (typeof reply === "boolean") return reply ? "(true)" : "(false)";
  return typeof reply === "string" ? reply : numberText(reply as number | bigint);
}
