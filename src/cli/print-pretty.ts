import type { Colors } from "picocolors/types.js";
import { type Reply, ReplyError, Verbatim } from "../protocol/reply.ts";

/** A reply for a person at a terminal, laid out as redis-cli does. Bulks must come as bytes. */
export function pretty(reply: Reply, colors: Colors): string {
  return layOut(reply, "", colors);
}

/** `indent` stands before every line but the first. */
function layOut(reply: Reply, indent: string, colors: Colors): string {
  if (Array.isArray(reply)) return list(reply, ")", "(empty array)", indent, colors);
  if (reply instanceof Set) return list([...reply], "~", "(empty set)", indent, colors);
  if (reply instanceof Map) return map([...reply], indent, colors);
  return scalar(reply, colors);
}

function scalar(reply: Reply, colors: Colors): string {
  if (reply === null) return colors.dim("(nil)");
  if (Buffer.isBuffer(reply)) return quoted(reply);
  if (reply instanceof ReplyError) return colors.red(`(error) ${visible(reply.message)}`);
  if (reply instanceof Verbatim) return visible(reply.text);
  if (typeof reply === "string") return visible(reply);
  if (typeof reply === "boolean") return reply ? "(true)" : "(false)";
  const isWhole = typeof reply === "bigint" || Number.isInteger(reply);
  return `${colors.dim(isWhole ? "(integer)" : "(double)")} ${numberText(reply as number | bigint)}`;
}

/**
 *     1) "a"
 *     2) 1) "nested"
 *        2) "b"
 */
function list(items: readonly Reply[], sign: string, empty: string, indent: string, colors: Colors): string {
  if (items.length === 0) return colors.dim(empty);
  const width = String(items.length).length;
  const inner = indent + " ".repeat(width + 2);
  const lines = items.map((item, i) => label(i, width, sign, colors) + layOut(item, inner, colors));
  return lines.join(`\n${indent}`);
}

/**
 *     1# "key" => "value"
 *     2# "list" =>
 *        1) "a"
 */
function map(pairs: readonly [Reply, Reply][], indent: string, colors: Colors): string {
  if (pairs.length === 0) return colors.dim("(empty hash)");
  const width = String(pairs.length).length;
  const inner = indent + " ".repeat(width + 2);
  const lines = pairs.map(([key, value], i) => {
    const gap = hasElements(value) ? `\n${inner}` : " ";
    return `${label(i, width, "#", colors)}${layOut(key, inner, colors)} =>${gap}${layOut(value, inner, colors)}`;
  });
  return lines.join(`\n${indent}`);
}

function label(index: number, width: number, sign: string, colors: Colors): string {
  return colors.dim(`${String(index + 1).padStart(width)}${sign} `);
}

function hasElements(reply: Reply): boolean {
  if (Array.isArray(reply)) return reply.length > 0;
  return (reply instanceof Map || reply instanceof Set) && reply.size > 0;
}

/** As Redis writes them. */
export function numberText(value: number | bigint): string {
  return String(value).replace("Infinity", "inf").replace("NaN", "nan");
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\u0007": "\\a",
  "\b": "\\b",
};

/** A bulk in quotes, so that it can be typed again. Readable UTF-8 stays readable, all else is \xHH. */
export function quoted(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text).equals(bytes);
  const shown = isText ? text : bytes.toString("latin1");
  const odd = isText ? /["\\]|(?! )[\p{C}\p{Z}]/gu : /["\\]|[^ -~]/g;
  return `"${shown.replace(odd, (sign) => escapes[sign] ?? hex(sign, isText ? "utf8" : "latin1"))}"`;
}

/** Text from a server, without the signs that would steer the terminal. */
export function visible(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (sign) => (sign === "\r" ? "" : hex(sign, "utf8")));
}

function hex(sign: string, encoding: "utf8" | "latin1"): string {
  return Buffer.from(sign, encoding).toString("hex").replace(/../g, "\\x$&");
}
