import { limits } from "../src/base/limits.ts";
import { SessionModel } from "./session-model.ts";

/** What the engine should know of one key. Bytes are characters of latin1. */
export interface ModelEntry {
  readonly value: string;
  /** 0: none. */
  readonly deadline: number;
  readonly created: number;
  readonly modified: number;
  readonly version: number;
}

type Database = Map<string, ModelEntry>;
type ModelCommand = (m: Model, words: readonly string[]) => string;

/**
 * The engine, said in the plainest way: a Map for each database. Replies are texts as EngineClient shows
 * them. Knows the commands and options below, and only well-formed uses of them.
 */
export class Model {
  now = 0;
  db = 0;
  revision = 0;
  /** Entries whose deadline has passed stay until something removes them, as in the engine. */
  readonly databases: Database[] = Array.from({ length: limits.databases }, () => new Map());
  readonly sessions: SessionModel = new SessionModel(this);
  #changed = false;

  openSession(ttlMs: number): string {
    const id = this.sessions.open(ttlMs);
    this.revision++;
    return id;
  }

  run(words: readonly string[]): string {
    this.#changed = false;
    const reply = commands[words[0]!]!(this, words);
    if (this.#changed) this.revision++;
    return reply;
  }

  /** Several commands as one: with one revision. */
  transaction(lines: readonly (readonly string[])[]): string[] {
    this.#changed = false;
    const replies = lines.map((words) => commands[words[0]!]!(this, words));
    if (this.#changed) this.revision++;
    return replies;
  }

  /** What Engine.advance does. */
  expire(most: number): number {
    const dead = this.databases.flatMap((database, db) =>
      [...database]
        .filter(([, entry]) => !this.isLive(entry))
        .map(([key, { deadline }]) => ({ deadline, db, key })),
    );
    dead.sort((a, b) => a.deadline - b.deadline || a.db - b.db || (a.key < b.key ? -1 : 1));
    const removed = dead.slice(0, most);
    for (const { db, key } of removed) this.databases[db]!.delete(key);
    if (removed.length > 0) this.revision++;
    return removed.length + this.sessions.expire(most - removed.length);
  }

  isLive({ deadline }: ModelEntry): boolean {
    return deadline === 0 || deadline > this.now;
  }

  get selected(): Database {
    return this.databases[this.db]!;
  }

  find(key: string, database: Database = this.selected): ModelEntry | undefined {
    const entry = database.get(key);
    return entry !== undefined && this.isLive(entry) ? entry : undefined;
  }

  put(key: string, value: string, deadline: number, database: Database = this.selected): void {
    const old = this.find(key, database);
    const modified = this.revision + 1;
    const created = old?.created ?? modified;
    database.set(key, { value, deadline, created, modified, version: (old?.version ?? 0) + 1 });
    this.#changed = true;
  }

  /** As put, but a deadline that has passed leaves no key. */
  putUntil(key: string, value: string, deadline: number): void {
    if (deadline === 0 || deadline > this.now) this.put(key, value, deadline);
    else if (this.find(key) !== undefined) this.remove(key);
  }

  remove(key: string): boolean {
    if (this.find(key) === undefined) return false;
    this.selected.delete(key);
    this.#changed = true;
    return true;
  }

  clear(database: Database): void {
    if (database.size > 0) this.#changed = true;
    database.clear();
  }

  swap(a: number, b: number): void {
    const one = this.databases[a]!;
    const other = this.databases[b]!;
    this.databases[a] = other;
    this.databases[b] = one;
    if (a !== b && one.size + other.size > 0) this.#changed = true;
  }
}

function bulk(value: string | undefined): string {
  return value === undefined ? "nil" : `"${value}"`;
}

function flag(value: boolean): string {
  return value ? "1" : "0";
}

/** The argument behind an option, as a number, undefined where the option is absent. */
function option(words: readonly string[], name: string): number | undefined {
  const at = words.indexOf(name, 2);
  return at < 0 ? undefined : Number(words[at + 1]);
}

function deadlineFrom(m: Model, words: readonly string[]): number {
  const px = option(words, "PX");
  const ex = option(words, "EX");
  if (px !== undefined) return m.now + px;
  if (ex !== undefined) return m.now + ex * 1000;
  return option(words, "PXAT") ?? 0;
}

function set(m: Model, words: readonly string[]): string {
  const [, key = "", value = ""] = words;
  const old = m.find(key);
  const has = (name: string): boolean => words.indexOf(name, 3) >= 0;
  const expected = words[words.indexOf("IFEQ", 3) + 1];
  const allowed =
    !(has("NX") && old !== undefined) &&
    !(has("XX") && old === undefined) &&
    !(has("IFEQ") && old?.value !== expected) &&
    !(has("IFREV") && (old?.modified ?? 0) !== option(words, "IFREV"));
  if (allowed) m.putUntil(key, value, has("KEEPTTL") ? (old?.deadline ?? 0) : deadlineFrom(m, words));
  if (has("GET")) return bulk(old?.value);
  if (allowed && has("IFREV")) return String(m.find(key)?.modified ?? 0);
  return allowed ? "OK" : "nil";
}

function getex(m: Model, words: readonly string[]): string {
  const key = words[1]!;
  const old = m.find(key);
  if (old === undefined) return "nil";
  const deadline = deadlineFrom(m, words);
  if (deadline !== 0 || (words.includes("PERSIST", 2) && old.deadline !== 0)) {
    m.putUntil(key, old.value, deadline);
  }
  return bulk(old.value);
}

function expire(m: Model, [, key = "", time = "", ...conditions]: readonly string[], base: number): string {
  const old = m.find(key);
  if (old === undefined) return "0";
  const deadline = base + Number(time);
  const end = old.deadline === 0 ? Number.POSITIVE_INFINITY : old.deadline;
  const refused =
    (conditions.includes("NX") && old.deadline !== 0) ||
    (conditions.includes("XX") && old.deadline === 0) ||
    (conditions.includes("GT") && deadline <= end) ||
    (conditions.includes("LT") && deadline >= end);
  if (refused) return "0";
  if (deadline > m.now) m.put(key, old.value, deadline);
  else m.remove(key);
  return "1";
}

function time(m: Model, key: string, since: number): string {
  const entry = m.find(key);
  if (entry === undefined) return "-2";
  return entry.deadline === 0 ? "-1" : String(entry.deadline - since);
}

function count(m: Model, key: string, step: bigint): string {
  const old = m.find(key);
  const text = old?.value ?? "0";
  const isWhole = /^(0|-?[1-9]\d*)$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  if (!isWhole) return "-ERR value is not an integer or out of range";
  const sum = BigInt(text) + step;
  if (BigInt.asIntN(64, sum) !== sum) return "-ERR increment or decrement would overflow";
  m.put(key, String(sum), old?.deadline ?? 0);
  return String(sum);
}

function setrange(m: Model, [, key = "", offset = "", bytes = ""]: readonly string[]): string {
  const old = m.find(key);
  const value = old?.value ?? "";
  if (bytes === "") return String(value.length);
  const before = value.slice(0, Number(offset)).padEnd(Number(offset), "\0");
  const after = before + bytes + value.slice(before.length + bytes.length);
  m.put(key, after, old?.deadline ?? 0);
  return String(after.length);
}

function getrange(m: Model, [, key = "", from = "", to = ""]: readonly string[]): string {
  const value = m.find(key)?.value ?? "";
  const size = value.length;
  const first = Number(from) < 0 ? Math.max(0, size + Number(from)) : Number(from);
  const last = Number(to) < 0 ? Math.max(0, size + Number(to)) : Number(to);
  const isBackward = Number(from) < 0 && Number(to) < 0 && Number(from) > Number(to);
  return bulk(isBackward || first > last ? "" : value.slice(first, last + 1));
}

function move(m: Model, from: string, to: string, target: Database, replaces: boolean): boolean {
  const source = m.find(from);
  if (source === undefined || (!replaces && m.find(to, target) !== undefined)) return false;
  m.put(to, source.value, source.deadline, target);
  return true;
}

function rename(m: Model, from: string, to: string, replaces: boolean): string {
  if (m.find(from) === undefined) return "-ERR no such key";
  if (from === to) return replaces ? "OK" : "0";
  const moved = move(m, from, to, m.selected, replaces);
  if (moved) m.remove(from);
  return replaces ? "OK" : flag(moved);
}

const same = "-ERR source and destination objects are the same";

function copy(m: Model, words: readonly string[]): string {
  const [, from = "", to = ""] = words;
  const target = m.databases[option(words, "DB") ?? m.db]!;
  if (target === m.selected && from === to) return same;
  return flag(move(m, from, to, target, words.includes("REPLACE", 3)));
}

function delex(m: Model, [, key = "", condition, compared]: readonly string[]): string {
  const old = m.find(key);
  const is = condition === "IFREV" ? old?.modified === Number(compared) : old?.value === compared;
  return flag((condition === undefined || is !== (condition === "IFNE")) && m.remove(key));
}

function pairsOf(words: readonly string[]): [string, string][] {
  return words.flatMap((word, i) => (i % 2 === 1 ? [[word, words[i + 1]!] satisfies [string, string]] : []));
}

const commands: Readonly<Record<string, ModelCommand>> = {
  SET: set,
  GET: (m, [, key]) => bulk(m.find(key!)?.value),
  GETEX: getex,
  GETSET: (m, [, key, value]) => set(m, ["SET", key!, value!, "GET"]),
  GETDEL(m, [, key]) {
    const old = m.find(key!);
    m.remove(key!);
    return bulk(old?.value);
  },
  GETREV(m, [, key]) {
    const entry = m.find(key!);
    return entry === undefined ? "nil" : `[${bulk(entry.value)}, ${entry.modified}]`;
  },
  DELEX: delex,
  DELIFEQ: (m, [, key, value]) => delex(m, ["DELEX", key!, "IFEQ", value!]),
  SETNX: (m, [, key, value]) => flag(set(m, ["SET", key!, value!, "NX"]) === "OK"),
  MGET: (m, [, ...keys]) => `[${keys.map((key) => bulk(m.find(key)?.value)).join(", ")}]`,
  MSET(m, words) {
    for (const [key, value] of pairsOf(words)) m.put(key, value, 0);
    return "OK";
  },
  MSETNX(m, words) {
    const pairs = pairsOf(words);
    const isFree = pairs.every(([key]) => m.find(key) === undefined);
    if (isFree) for (const [key, value] of pairs) m.put(key, value, 0);
    return flag(isFree);
  },
  STRLEN: (m, [, key]) => String(m.find(key!)?.value.length ?? 0),
  APPEND(m, [, key, bytes]) {
    const old = m.find(key!);
    const value = (old?.value ?? "") + bytes;
    m.put(key!, value, old?.deadline ?? 0);
    return String(value.length);
  },
  SETRANGE: setrange,
  GETRANGE: getrange,
  INCRBY: (m, [, key, step]) => count(m, key!, BigInt(step!)),
  DECRBY: (m, [, key, step]) => count(m, key!, -BigInt(step!)),
  DEL: (m, [, ...keys]) => String(keys.filter((key) => m.remove(key)).length),
  EXISTS: (m, [, ...keys]) => String(keys.filter((key) => m.find(key) !== undefined).length),
  TYPE: (m, [, key]) => (m.find(key!) === undefined ? "none" : "string"),
  PEXPIRE: (m, words) => expire(m, words, m.now),
  PEXPIREAT: (m, words) => expire(m, words, 0),
  PTTL: (m, [, key]) => time(m, key!, m.now),
  PEXPIRETIME: (m, [, key]) => time(m, key!, 0),
  PERSIST(m, [, key]) {
    const old = m.find(key!);
    const had = old !== undefined && old.deadline !== 0;
    if (had) m.put(key!, old.value, 0);
    return flag(had);
  },
  RENAME: (m, [, from, to]) => rename(m, from!, to!, true),
  RENAMENX: (m, [, from, to]) => rename(m, from!, to!, false),
  COPY: copy,
  MOVE(m, [, key, db]) {
    const target = m.databases[Number(db)]!;
    if (target === m.selected) return same;
    const moved = move(m, key!, key!, target, false);
    if (moved) m.remove(key!);
    return flag(moved);
  },
  SWAPDB(m, [, a, b]) {
    m.swap(Number(a), Number(b));
    return "OK";
  },
  DBSIZE(m) {
    const dead = [...m.selected.values()].filter((entry) => !m.isLive(entry)).length;
    return String(m.selected.size - Math.min(dead, limits.expiredPerTick));
  },
  FLUSHDB(m) {
    m.clear(m.selected);
    return "OK";
  },
  FLUSHALL(m) {
    for (const database of m.databases) m.clear(database);
    return "OK";
  },
};
