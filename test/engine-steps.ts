import assert from "node:assert/strict";
import fc from "fast-check";
import type { Keyspace } from "../src/engine/keyspace.ts";
import {
  bytesOf,
  createdOf,
  deadlineOf,
  keyLength,
  keyStart,
  modifiedOf,
  valueLength,
  valueStart,
  versionOf,
} from "../src/engine/record.ts";
import { encodeArguments, encodeTransaction } from "../src/engine/transaction.ts";
import { EngineClient } from "./engine-harness.ts";
import { Model, type ModelEntry } from "./engine-model.ts";

/** The engine and its model side by side: every step is taken by both, and what they answer must agree. */
export class Pair {
  readonly client: EngineClient = new EngineClient();
  readonly model: Model = new Model();

  constructor() {
    this.advance(0);
  }

  advance(ms: number): void {
    this.client.now += ms;
    this.model.now = this.client.now;
  }

  select(db: number): void {
    this.client.db = db;
    this.model.db = db;
  }

  run(...line: string[]): void {
    const words = this.#withRevision(line);
    const bytes = words.map((word) => Buffer.from(word, "latin1"));
    const reply = this.client.run(...bytes);
    const expected = this.model.run(words);
    if (reply !== expected) assert.equal(cut(reply), cut(expected), cut(words.join(" ")));
    assert.equal(this.client.engine.revision, this.model.revision, cut(words.join(" ")));
  }

  transaction(drawn: readonly string[][]): void {
    const lines = drawn.map((line) => this.#withRevision(line));
    const bytes = lines.map((words) => words.map((word) => Buffer.from(word, "latin1")));
    const shown = cut(lines.map((words) => words.join(" ")).join("; "));
    const replies = this.client.transaction(...bytes);
    assert.deepEqual(replies.map(cut), this.model.transaction(lines).map(cut), shown);
    assert.equal(this.client.engine.revision, this.model.revision, shown);
  }

  openSession(ttlMs: number): void {
    assert.equal(this.client.run("SESSION", "OPEN", ttlMs), this.model.openSession(ttlMs));
    assert.equal(this.client.engine.revision, this.model.revision);
  }

  closeSession(index: number): void {
    const { id } = this.model.sessions.nth(index);
    assert.equal(this.client.run("SESSION", "CLOSE", id), this.model.sessions.close(id));
  }

  /** A write under a number, or a transaction of several, where the client now waits for `low` numbers more. */
  numbered(index: number, ahead: number, raised: number, drawn: readonly string[][]): void {
    const lines = drawn.map((line) => this.#withRevision(line));
    const { id, low } = this.model.sessions.nth(index);
    const [sequence, lowest] = [Math.max(0, low + ahead), Math.max(0, low + raised)];
    const shown = cut(`${id} ${sequence} ${lowest} ${lines.map((words) => words.join(" ")).join("; ")}`);
    const expected = this.model.sessions.numbered(id, sequence, lowest, () =>
      lines.length === 1 ? this.model.run(lines[0]!) : `[${this.model.transaction(lines).join(", ")}]`,
    );
    const reply = this.client.run("SESSION", "ID", id, sequence, lowest, ...this.#wordsOf(lines));
    if (reply !== expected) assert.equal(cut(reply), cut(expected), shown);
    assert.equal(this.client.engine.revision, this.model.revision, shown);
  }

  /** A batch that a node has forwarded. */
  admit(index: number, ahead: number): void {
    const { id, low } = this.model.sessions.nth(index);
    this.client.engine.advance(this.client.now, 0);
    const admission = this.client.engine.sessions.admit(id, low + ahead);
    assert.equal(admission, this.model.sessions.admit(id, low + ahead));
  }

  /** The revision that the key has now, where that is what the line asks for. */
  #withRevision(line: readonly string[]): string[] {
    return line.map((word, i) => {
      if (word !== "now" || line[i - 1] !== "IFREV") return word;
      return String(this.model.find(line[1]!)?.modified ?? 0);
    });
  }

  #wordsOf(lines: readonly string[][]): Buffer[] {
    const all = lines.map((words) => words.map((word) => Buffer.from(word, "latin1")));
    if (all.length === 1) return all[0]!;
    const queued = all.map((words) => {
      const { bytes, from, to } = encodeArguments(words);
      return { db: this.client.db, bytes: bytes.subarray(from, to) };
    });
    const item = encodeTransaction([], queued);
    return Array.from({ length: item.count }, (_, i) => item.copyOf(i));
  }

  expire(most: number): void {
    assert.equal(this.client.engine.advance(this.client.now, most), this.model.expire(most));
  }

  /** Every key of every database with all that belongs to it, and nothing else. */
  check(): void {
    this.client.engine.advance(this.client.now, 0);
    this.#checkSessions();
    for (const [db, expected] of this.model.databases.entries()) {
      const keyspace = this.client.engine.keyspaces[db]!;
      assert.equal(keyspace.records, expected.size, `records of database ${db}`);
      const deadlines = [...expected.values()].map(({ deadline }) => deadline).filter((ms) => ms !== 0);
      assert.equal(keyspace.recordsWithDeadline, deadlines.length, `deadlines of database ${db}`);
      assert.equal(
        keyspace.earliestDeadline,
        deadlines.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      );
      const found = entriesOf(keyspace);
      const live = [...expected].filter(([, entry]) => this.model.isLive(entry));
      assert.equal(found.size, live.length, `keys of database ${db}`);
      for (const [key, entry] of live) assertSame(found.get(key), entry, key);
    }
  }

  #checkSessions(): void {
    const { sessions } = this.client.engine;
    const found = [...sessions.all()].map(({ id, ttlMs, deadline, low, replies }) => {
      return [id, { ttlMs, deadline, low, replies: replies.size }] as const;
    });
    const expected = [...this.model.sessions.sessions].map(([id, session]) => {
      return [id, { ...session, replies: session.replies.size }] as const;
    });
    assert.deepEqual(new Map(found), new Map(expected));
    const deadlines = expected.map(([, { deadline }]) => deadline);
    assert.equal(sessions.earliestDeadline, Math.min(...deadlines, Number.POSITIVE_INFINITY));
  }
}

function assertSame(found: ModelEntry | undefined, expected: ModelEntry, key: string): void {
  assert.ok(found !== undefined, `${cut(key)} is there`);
  assert.ok(found.value === expected.value, `${cut(key)} has its value`);
  assert.deepEqual({ ...found, value: "" }, { ...expected, value: "" }, cut(key));
}

function cut(text: string): string {
  return text.length < 200 ? text : `${text.slice(0, 200)}… ${text.length}`;
}

function entriesOf(keyspace: Keyspace): Map<string, ModelEntry> {
  const { arena } = keyspace;
  const found = new Map<string, ModelEntry>();
  const cursor = keyspace.scan(0, Number.POSITIVE_INFINITY, (handle) => {
    const bytes = bytesOf(arena, handle);
    const key = keyStart(arena, handle);
    const value = valueStart(arena, handle);
    const name = bytes.toString("latin1", key, key + keyLength(arena, handle));
    assert.ok(!found.has(name), `${name} stands once in the index`);
    found.set(name, {
      value: bytes.toString("latin1", value, value + valueLength(arena, handle)),
      deadline: deadlineOf(arena, handle),
      created: createdOf(arena, handle),
      modified: modifiedOf(arena, handle),
      version: versionOf(arena, handle),
    });
  });
  assert.equal(cursor, 0);
  return found;
}

export type Step = (pair: Pair) => void;

/** A step that shows itself in a counterexample. */
function step(text: string, take: Step): Step {
  return Object.assign(take, { [fc.toStringMethod]: () => cut(text) });
}

const key = fc.oneof(
  { weight: 12, arbitrary: fc.nat(30).map((n) => `key:${n}`) },
  { weight: 2, arbitrary: fc.nat(3).map((n) => `${n}`.repeat(n * 90)) },
  { weight: 1, arbitrary: fc.nat(20_000).map((n) => `key:${n}`) },
);
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(120) },
  { weight: 3, arbitrary: fc.nat(5000) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 300_000 }) },
);
const letters = fc.tuple(size, fc.nat(255)).map(([n, byte]) => String.fromCharCode(byte).repeat(n));
const whole = fc.oneof(
  fc.integer({ min: -100, max: 100 }).map(String),
  fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n).map(String),
);
const value = fc.oneof({ weight: 3, arbitrary: letters }, { weight: 1, arbitrary: whole });
const db = fc.oneof({ weight: 5, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(15) }).map(String);
const ms = fc.integer({ min: 1, max: 3000 }).map(String);
const anyMs = fc.integer({ min: -5, max: 3000 }).map(String);
const place = fc.integer({ min: -200, max: 200 }).map(String);
const few = { minLength: 1, maxLength: 5 };

function words(...parts: (string | fc.Arbitrary<string> | fc.Arbitrary<string[]>)[]): fc.Arbitrary<string[]> {
  const all = parts.map((part) => (typeof part === "string" ? fc.constant(part) : part));
  return fc.tuple(...all).map((list) => list.flat());
}

const none = fc.constant<string[]>([]);
const time = fc.oneof(none, none, words("PX", ms), words("EX", ms), words("PXAT", "1"), words("KEEPTTL"));
const revision = fc.oneof(fc.constant("now"), fc.constant("0"), fc.nat(40).map(String));
const isRevision = words("IFREV", revision);
const condition = fc.oneof(none, none, words("NX"), words("XX"), words("IFEQ", value), isRevision);
const deletion = fc.oneof(none, words("IFEQ", value), words("IFNE", value), isRevision);
const wantsOld = fc.oneof(none, words("GET"));
const when = fc.oneof(none, none, words("NX"), words("XX"), words("GT"), words("LT"), words("XX", "LT"));
const getexOption = fc.oneof(none, words("PERSIST"), words("PX", ms), words("PXAT", "1"));
const keys = fc.array(key, few);
const pairs = fc.array(words(key, value), few).map((list) => list.flat());
const target = fc.oneof(none, words("DB", db), words("REPLACE"), words("DB", db, "REPLACE"));

const command = fc.oneof(
  { weight: 8, arbitrary: words("SET", key, value, condition, wantsOld, time) },
  { weight: 3, arbitrary: words("GET", key) },
  { weight: 2, arbitrary: words("GETEX", key, getexOption) },
  words("GETSET", key, value),
  words("GETDEL", key),
  { weight: 2, arbitrary: words("GETREV", key) },
  { weight: 2, arbitrary: words("DELEX", key, deletion) },
  words("DELIFEQ", key, value),
  words("SETNX", key, value),
  words("MGET", keys),
  words("MSET", pairs),
  words("MSETNX", pairs),
  words("STRLEN", key),
  { weight: 4, arbitrary: words("APPEND", key, value) },
  { weight: 2, arbitrary: words("SETRANGE", key, fc.nat(2000).map(String), letters) },
  words("GETRANGE", key, place, place),
  { weight: 2, arbitrary: words("INCRBY", key, whole) },
  words("DECRBY", key, whole),
  { weight: 2, arbitrary: words("DEL", keys) },
  words("EXISTS", keys),
  words("TYPE", key),
  { weight: 8, arbitrary: words("PEXPIRE", key, anyMs, when) },
  words("PEXPIREAT", key, anyMs, when),
  words("PTTL", key),
  words("PEXPIRETIME", key),
  words("PERSIST", key),
  { weight: 3, arbitrary: words("RENAME", key, key) },
  words("RENAMENX", key, key),
  { weight: 2, arbitrary: words("COPY", key, key, target) },
  words("MOVE", key, db),
  words("DBSIZE"),
);
/** What may stand behind SESSION ID. */
const write = fc.oneof(
  { weight: 3, arbitrary: words("SET", key, value, condition, wantsOld, time) },
  words("GETDEL", key),
  words("DELEX", key, deletion),
  words("APPEND", key, value),
  words("INCRBY", key, whole),
  words("DEL", keys),
  words("RENAME", key, key),
  words("MOVE", key, db),
  words("FLUSHALL"),
);
/** Sequences by how far they are ahead of the lowest that the session knows, and what becomes the lowest. */
const number = fc.tuple(
  fc.nat(20),
  fc.integer({ min: -3, max: 6 }),
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -2, max: 6 })),
);
const numbered = fc
  .tuple(number, fc.array(write, { minLength: 1, maxLength: 1 }))
  .map(([[index, ahead, raised], lines]) =>
    step(`session ${index}: +${ahead} +${raised} ${lines.join()}`, (pair) =>
      pair.numbered(index, ahead, raised, lines),
    ),
  );
const numberedTransaction = fc
  .tuple(number, fc.array(command, { minLength: 2, maxLength: 4 }))
  .map(([[index, ahead, raised], lines]) =>
    step(`session ${index}: +${ahead} +${raised} MULTI ${lines.join("; ")}`, (pair) =>
      pair.numbered(index, ahead, raised, lines),
    ),
  );
const sessionSteps = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 3000 })
      .map((ttlMs) => step(`open ${ttlMs}`, (pair) => pair.openSession(ttlMs))),
  },
  { weight: 1, arbitrary: fc.nat(20).map((n) => step(`close ${n}`, (pair) => pair.closeSession(n))) },
  { weight: 20, arbitrary: numbered },
  { weight: 4, arbitrary: numberedTransaction },
  {
    weight: 4,
    arbitrary: number.map(([index, ahead]) =>
      step(`batch ${index}: +${ahead}`, (pair) => pair.admit(index, ahead)),
    ),
  },
);

const rare = fc.oneof(words("SWAPDB", db, db), words("FLUSHDB"), words("FLUSHALL"));

/** The same command for many keys: the table grows, shrinks, and loses whole pages of records. */
const many = fc
  .tuple(
    fc.constantFrom("SET", "SET", "SET PX", "DEL", "PEXPIRE", "APPEND", "MOVE"),
    fc.nat(20_000),
    fc.oneof(fc.nat(2000), fc.nat(20_000)),
    fc.integer({ min: 1, max: 3 }),
    fc.oneof(fc.nat(150), fc.integer({ min: 700, max: 1000 })),
    ms,
  )
  .map(([name, from, length, stride, bytes, span]): Step => {
    const args = { SET: ["x".repeat(bytes)], "SET PX": ["y".repeat(bytes), "PX", span] };
    const rest = { ...args, DEL: [], PEXPIRE: [span], APPEND: ["z".repeat(bytes)], MOVE: ["2"] }[name]!;
    return step(`${name} key:${from} … +${length} by ${stride}, ${rest}`, (pair) => {
      for (let i = from; i < from + length; i += stride) pair.run(name.split(" ")[0]!, `key:${i}`, ...rest);
    });
  });

function toRun(line: string[]): Step {
  return step(line.join(" "), (pair) => pair.run(...line));
}

export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 60, arbitrary: command.map(toRun) },
  { weight: 2, arbitrary: rare.map(toRun) },
  {
    weight: 6,
    arbitrary: db.map((number) => step(`select ${number}`, (pair) => pair.select(Number(number)))),
  },
  { weight: 10, arbitrary: fc.nat(400).map((span) => step(`advance ${span}`, (pair) => pair.advance(span))) },
  { weight: 8, arbitrary: fc.nat(50).map((most) => step(`expire ${most}`, (pair) => pair.expire(most))) },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof({ weight: 30, arbitrary: command }, rare), { minLength: 2, maxLength: 8 })
      .map((lines) => step(`MULTI ${lines.join("; ")}`, (pair) => pair.transaction(lines))),
  },
  { weight: 20, arbitrary: sessionSteps },
  { weight: 2, arbitrary: many },
  { weight: 1, arbitrary: fc.constant(step("check", (pair) => pair.check())) },
);
