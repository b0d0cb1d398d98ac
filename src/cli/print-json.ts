import { type Reply, ReplyError, Verbatim } from "../protocol/reply.ts";

/**
 * A reply as one line of JSON. Maps are objects where all keys are text, else lists of pairs; what is
 * no UTF-8 is { "base64": … }; numbers that JSON does not have are text; errors are { "error": … }.
 */
export function json(reply: Reply): string {
  if (Buffer.isBuffer(reply)) return bulk(reply);
  if (Array.isArray(reply) || reply instanceof Set) return list([...(reply as Iterable<Reply>)].map(json));
  if (reply instanceof Map) return map([...reply]);
  if (reply instanceof ReplyError) return JSON.stringify({ error: reply.message });
  if (reply instanceof Verbatim) return JSON.stringify(reply.text);
  if (typeof reply === "bigint") return String(reply);
  if (typeof reply === "number" && !Number.isFinite(reply)) return JSON.stringify(String(reply));
  return JSON.stringify(reply);
}

function bulk(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return JSON.stringify(Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString("base64") });
}

function list(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}

function map(pairs: readonly [Reply, Reply][]): string {
  const keys = pairs.map(([key]) => json(key));
  const isObject = keys.every((key) => key.startsWith('"'));
  if (!isObject) return list(pairs.map(([key, value]) => list([json(key), json(value)])));
  return `{${pairs.map(([, value], i) => `${keys[i]}:${json(value)}`).join(",")}}`;
}
