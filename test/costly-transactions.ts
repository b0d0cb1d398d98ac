import { assert } from "../src/base/assert.ts";
import { limits } from "../src/base/limits.ts";
import { requestMicros, ValueCost } from "../src/engine/cost.ts";
import { Engine } from "../src/engine/engine.ts";
import {
  applyTransaction,
  encodeArguments,
  encodeTransaction,
  forEachQueued,
} from "../src/engine/transaction.ts";
import type { Arguments } from "../src/protocol/arguments.ts";
import { ReplyWriter } from "../src/protocol/reply-writer.ts";
import { commandOf, type Word } from "./engine-harness.ts";
import { workedMs } from "./work.ts";

/** Transactions of every kind of cost, as long as may be: cost.test.ts and the benchmark command-cost carry them out. */
export type Words = readonly Word[];

export function encode(words: Words): Arguments {
  return encodeArguments(words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word)))));
}

export function itemOf(queued: readonly Words[]): Arguments {
  return encodeTransaction(
    [],
    queued.map((words) => {
      const { bytes, from, to } = encode(words);
      return { db: 0, bytes: bytes.subarray(from, to) };
    }),
  );
}

function carryOut(engine: Engine, item: Arguments): void {
  applyTransaction(engine, item, new ReplyWriter(), () => {});
}

/** What a transaction is taken to cost before it is carried out. */
export function microsOf(engine: Engine, item: Arguments): number {
  const cost = new ValueCost(engine);
  let micros = 0;
  forEachQueued(item, (command, args, db) => {
    micros += requestMicros(command, args);
    cost.add(command, args, db);
  });
  return micros + cost.micros;
}

const key = (i: number): string => `key:${i}`;
const values: Readonly<Record<string, number>> = {
  tiny: 1,
  page: 100_000,
  large: 1_048_576,
  huge: limits.valueBytesMax,
};

export function filled(): Engine {
  const engine = new Engine([1, 2]);
  engine.advance(1_700_000_000_000, 0);
  const small = Array.from({ length: 10_000 }, (_, i) => [key(i), "v".repeat(32)]);
  carryOut(engine, itemOf([["MSET", ...small.flat()]]));
  carryOut(engine, itemOf([["MSET", "a", "ab".repeat(1_000), "b", "ba".repeat(1_000)]]));
  carryOut(engine, itemOf([["SET", "far", "1e4900"]]));
  for (const [name, size] of Object.entries(values)) {
    carryOut(engine, itemOf([["SET", name, Buffer.alloc(size, "v")]]));
  }
  return engine;
}

/** Commands of every kind of cost, each by its place in a transaction. */
export const makers: Readonly<Record<string, (i: number) => Words>> = {
  "SET of a new key": (i) => ["SET", `new:${i}`, "v".repeat(32)],
  "SET with options": (i) => ["SET", key(i), "w".repeat(32), "EX", 1000 + i, "GET"],
  "SET of a large value": (i) => ["SET", `large:${i}`, Buffer.alloc(1_000_000, "v")],
  GET: (i) => ["GET", key(i)],
  "GET of a large value": () => ["GET", "large"],
  "GET of the largest value": () => ["GET", "huge"],
  "GETRANGE of a large value": () => ["GETRANGE", "large", 1, -2],
  INCR: (i) => ["INCR", `n:${i}`],
  INCRBYFLOAT: (i) => ["INCRBYFLOAT", `f:${i}`, "1.5"],
  "INCRBYFLOAT with thousands of digits": (i) => ["INCRBYFLOAT", "f", i % 2 === 0 ? "1e4900" : "-1e4900"],
  "INCRBYFLOAT of copies of such a text": (i) =>
    [
      ["COPY", "far", "f", "REPLACE"],
      ["INCRBYFLOAT", "f", 1],
    ][i % 2]!,
  "MGET of ten": (i) => ["MGET", ...Array.from({ length: 10 }, (_, j) => key(10 * i + j))],
  "MSET of ten": (i) => ["MSET", ...Array.from({ length: 10 }, (_, j) => [key(10 * i + j), "x"]).flat()],
  DEL: (i) => ["DEL", key(i)],
  "EXPIRE and PERSIST": (i) => (i % 2 === 0 ? ["EXPIRE", "page", 100] : ["PERSIST", "page"]),
  APPEND: () => ["APPEND", "page", "x".repeat(100)],
  SETRANGE: (i) => ["SETRANGE", `range:${i}`, 500_000, "x"],
  RENAME: (i) => (i % 2 === 0 ? ["RENAME", "large", "away"] : ["RENAME", "away", "large"]),
  COPY: (i) => ["COPY", "page", `copy:${i}`, "REPLACE"],
  "COPY of the largest value": (i) => ["COPY", "huge", `copy:${i}`, "REPLACE"],
  LCS: () => ["LCS", "a", "b", "IDX"],
  GETREV: (i) => ["GETREV", key(i)],
  "DELEX of a large value": (i) => ["DELEX", "huge", i % 2 === 0 ? "IFEQ" : "IFNE", "v".repeat(9)],
  "LCS of nothing": () => ["LCS", "none", "such"],
  SCAN: () => ["SCAN", 0, "COUNT", limits.scanCountMax],
  KEYS: () => ["KEYS", "*"],
  RANDOMKEY: () => ["RANDOMKEY"],
  FLUSHALL: () => ["FLUSHALL"],
};

/** The transaction of such commands that is as long as may be. */
export function fullest(engine: Engine, make: (i: number) => Words): Arguments {
  const cost = new ValueCost(engine);
  const queued: Words[] = [];
  let micros = 0;
  while (queued.length < limits.transactionCommandsMax) {
    const words = make(queued.length);
    const [command, args] = [commandOf(words), encode(words)];
    micros += requestMicros(command, args);
    cost.add(command, args, 0);
    if (micros + cost.micros > limits.commandMicrosMax) break;
    queued.push(words);
  }
  assert(queued.length > 0, "one of them is always taken");
  return itemOf(queued);
}

/**
 * How much of the time that it was told to take the longest transaction of such commands takes, in processor time: 1 is
 * all of it.
 */
export function takenOfTold(make: (i: number) => Words): number {
  const engine = filled();
  const item = fullest(engine, make);
  const toldMs = microsOf(engine, item) / 1_000;
  const startMs = workedMs();
  carryOut(engine, item);
  return (workedMs() - startMs) / toldMs;
}
