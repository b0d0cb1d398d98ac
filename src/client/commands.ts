import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { answeredError, KvClientError } from "./errors.ts";
import type { OperationKind } from "./operation.ts";

/** Text is sent as UTF-8. */
export type Key = string | Uint8Array;
/** What can be stored: text in UTF-8, bytes as they are, numbers in decimal. */
export type Value = string | Uint8Array | number | bigint;

/** A command that can be sent alone or within a transaction, and what its caller gets for the reply. */
export interface Command<T> {
  readonly kind: OperationKind;
  readonly words: readonly RequestArgument[];
  readonly bulkForm?: BulkForm;
  readonly convert: (reply: Reply) => T;
  /** The revision of a write that was made, or seen; 0: the reply tells none. */
  readonly revisionIn?: (reply: Reply) => number;
}

/** Conditions of a write: what the key must be for it to happen. At most one. */
export interface Conditions {
  /** Only if the key's last write had this revision (see `getWithRevision`); 0: only if the key does not exist. */
  readonly ifRevision?: number;
  /** Only if the key holds this value. */
  readonly ifValue?: Value;
}

export interface SetConditions extends Conditions {
  /** Only if the key does not exist. */
  readonly ifAbsent?: boolean;
  /** Only if the key exists. */
  readonly ifPresent?: boolean;
  /** The key expires after so many ms; otherwise it does not expire. */
  readonly ttl?: number;
  /** The key keeps the deadline that it has. */
  readonly keepTtl?: boolean;
}

/** A value with the revision of the write that made it. */
export interface Revised<T> {
  readonly value: T;
  readonly revision: number;
}

export type Bulk = string | Buffer;

export function get<T extends Bulk>(key: Key, bulkForm: BulkForm): Command<T | null> {
  return { kind: "read", words: ["GET", key], bulkForm, convert: bulk<T> };
}

export function getWithRevision<T extends Bulk>(key: Key, bulkForm: BulkForm): Command<Revised<T> | null> {
  return { kind: "read", words: ["GETREV", key], bulkForm, convert: revised<T>, revisionIn: revisionSeen };
}

export function getMany<T extends Bulk>(keys: readonly Key[], bulkForm: BulkForm): Command<(T | null)[]> {
  return { kind: "read", words: ["MGET", ...keys], bulkForm, convert: (reply) => list(reply).map(bulk<T>) };
}

export function set(key: Key, value: Value, options: SetConditions): Command<boolean | number | null> {
  const { ifRevision, ifValue, ifAbsent, ifPresent, ttl, keepTtl } = options;
  const words: RequestArgument[] = ["SET", key, value];
  if (ifRevision !== undefined) words.push("IFREV", ifRevision);
  if (ifValue !== undefined) words.push("IFEQ", ifValue);
  if (ifAbsent) words.push("NX");
  if (ifPresent) words.push("XX");
  if (ttl !== undefined) words.push("PX", ttl);
  if (keepTtl) words.push("KEEPTTL");
  if (ifRevision === undefined) return { kind: "write", words, convert: isDone };
  return { kind: "write", words, convert: revisionOrNull, revisionIn: numberOr0 };
}

/** SET without any options: the one that is called most. */
export function setPlain(key: Key, value: Value): Command<boolean> {
  return { kind: "write", words: ["SET", key, value], convert: isDone };
}

export function setMany(entries: Iterable<readonly [Key, Value]>): Command<void> {
  return { kind: "write", words: ["MSET", ...[...entries].flat()], convert: nothing };
}

export function remove(key: Key, { ifRevision, ifValue }: Conditions): Command<boolean> {
  const words: RequestArgument[] = [ifRevision === undefined && ifValue === undefined ? "DEL" : "DELEX", key];
  if (ifRevision !== undefined) words.push("IFREV", ifRevision);
  if (ifValue !== undefined) words.push("IFEQ", ifValue);
  return { kind: "write", words, convert: isSome };
}

export function removeMany(keys: readonly Key[]): Command<number> {
  return { kind: "write", words: ["DEL", ...keys], convert: whole };
}

export function exists(key: Key): Command<boolean> {
  return { kind: "read", words: ["EXISTS", key], convert: isSome };
}

export function increment(key: Key, by: number | bigint): Command<number> {
  return { kind: "write", words: by === 1 ? ["INCR", key] : ["INCRBY", key, by], convert: counted };
}

export function append(key: Key, value: Value): Command<number> {
  return { kind: "write", words: ["APPEND", key, value], convert: whole };
}

export function expire(key: Key, ttlMs: number): Command<boolean> {
  return { kind: "write", words: ["PEXPIRE", key, ttlMs], convert: isSome };
}

export function persist(key: Key): Command<boolean> {
  return { kind: "write", words: ["PERSIST", key], convert: isSome };
}

export function ttl(key: Key): Command<number | null> {
  return { kind: "read", words: ["PTTL", key], convert: remaining };
}

/** What EXEC answers. */
export function results(reply: Reply, commands: readonly Command<unknown>[]): unknown[] {
  const values = list(reply);
  const at = values.findIndex((value) => value instanceof ReplyError);
  if (at >= 0) {
    const error = values[at] as ReplyError;
    const text = `command ${at + 1} of the transaction failed, the others were carried out: ${error.message}`;
    throw new KvClientError(error.code, text, "yes", { cause: answeredError(error, false) });
  }
  return commands.map(({ convert, bulkForm }, i) =>
    convert(bulkForm === "bytes" ? values[i]! : inText(values[i]!)),
  );
}

/** Where one of several wants bytes, they come to all of them. */
function inText(reply: Reply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(inText) : reply;
}

/** The latest of those that EXEC's reply tells. */
export function lastRevision(reply: Reply, commands: readonly Command<unknown>[]): number {
  if (!Array.isArray(reply)) return 0;
  return Math.max(0, ...commands.map(({ revisionIn }, i) => revisionIn?.(reply[i]!) ?? 0));
}

/** One page of SCAN. */
export interface Page<T> {
  readonly cursor: string;
  readonly keys: readonly T[];
}

export function scan<T extends Bulk>(
  cursor: string,
  match: Key,
  count: number,
  bulkForm: BulkForm,
): Command<Page<T>> {
  return {
    kind: "read",
    words: ["SCAN", cursor, "MATCH", match, "COUNT", count],
    bulkForm,
    convert: (reply) => {
      const [next, keys] = list(reply);
      return { cursor: String(next), keys: list(keys!) as T[] };
    },
  };
}

function bulk<T extends Bulk>(reply: Reply): T | null {
  if (reply === null || typeof reply === "string" || Buffer.isBuffer(reply)) return reply as T | null;
  throw unexpected(reply);
}

function revised<T extends Bulk>(reply: Reply): Revised<T> | null {
  if (reply === null) return null;
  const [value, revision] = list(reply);
  return { value: value as T, revision: whole(revision!) };
}

/** In the reply to GETREV; 0: there is none. */
export function revisionSeen(reply: Reply): number {
  return Array.isArray(reply) ? numberOr0(reply[1]!) : 0;
}

export function numberOr0(reply: Reply): number {
  return typeof reply === "number" ? reply : 0;
}

function list(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply);
}

function whole(reply: Reply): number {
  if (typeof reply === "number") return reply;
  throw unexpected(reply);
}

/** A counter may be more than a number holds exactly: it was changed all the same. */
function counted(reply: Reply): number {
  if (typeof reply !== "bigint") return whole(reply);
  throw new KvClientError("ERR", `the counter is ${reply}, which is more than a number holds exactly`, "yes");
}

function revisionOrNull(reply: Reply): number | null {
  return reply === null ? null : whole(reply);
}

function isDone(reply: Reply): boolean {
  return reply !== null;
}

function isSome(reply: Reply): boolean {
  return reply !== null && whole(reply) > 0;
}

function nothing(): void {}

/** PTTL: -2 without the key, -1 without a deadline. */
function remaining(reply: Reply): number | null {
  const ms = whole(reply);
  return ms === -2 ? null : ms === -1 ? Number.POSITIVE_INFINITY : ms;
}

function unexpected(reply: Reply): KvClientError {
  return new KvClientError("BROKEN", `the server answered what was not expected: ${String(reply)}`, "maybe");
}
