import assert from "node:assert/strict";
import { test } from "node:test";
import { Chance } from "../../test/differential/chance.ts";
import { commandOf, type Word } from "../../test/engine-harness.ts";
import { slowness, workedMs } from "../../test/work.ts";
import { limits } from "../base/limits.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { requestMicros, ValueCost } from "./cost.ts";
import { Engine } from "./engine.ts";
import { applyTransaction, encodeArguments, encodeTransaction, forEachQueued } from "./transaction.ts";

type Words = readonly Word[];

function encode(words: Words): Arguments {
  return encodeArguments(words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word)))));
}

function itemOf(queued: readonly Words[]): Arguments {
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
function microsOf(engine: Engine, item: Arguments): number {
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

function filled(): Engine {
  const engine = new Engine([1, 2]);
  engine.advance(1_700_000_000_000, 0);
  const small = Array.from({ length: 10_000 }, (_, i) => [key(i), "v".repeat(32)]);
  carryOut(engine, itemOf([["MSET", ...small.flat()]]));
  carryOut(engine, itemOf([["MSET", "a", "ab".repeat(1_000), "b", "ba".repeat(1_000)]]));
  for (const [name, size] of Object.entries(values)) {
    carryOut(engine, itemOf([["SET", name, Buffer.alloc(size, "v")]]));
  }
  return engine;
}

/** Commands of every kind of cost, each by its place in a transaction. */
const makers: Readonly<Record<string, (i: number) => Words>> = {
  "SET of a new key": (i) => ["SET", `new:${i}`, "v".repeat(32)],
  "SET with options": (i) => ["SET", key(i), "w".repeat(32), "EX", 1000 + i, "GET"],
  "SET of a large value": (i) => ["SET", `large:${i}`, Buffer.alloc(1_000_000, "v")],
  GET: (i) => ["GET", key(i)],
  "GET of a large value": () => ["GET", "large"],
  "GET of the largest value": () => ["GET", "huge"],
  "GETRANGE of a large value": () => ["GETRANGE", "large", 1, -2],
  INCR: (i) => ["INCR", `n:${i}`],
  INCRBYFLOAT: (i) => ["INCRBYFLOAT", "f", i % 2 === 0 ? "1e4900" : "-1e4900"],
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
  "LCS of nothing": () => ["LCS", "none", "such"],
  SCAN: () => ["SCAN", 0, "COUNT", limits.scanCountMax],
  KEYS: () => ["KEYS", "*"],
  RANDOMKEY: () => ["RANDOMKEY"],
  FLUSHALL: () => ["FLUSHALL"],
};

/** The transaction of such commands that is as long as may be. */
function fullest(engine: Engine, make: (i: number) => Words): Arguments {
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
  assert.ok(queued.length > 0, "one of them is always taken");
  return itemOf(queued);
}

for (const [what, make] of Object.entries(makers)) {
  test(`a transaction that is as long as may be takes no longer than it was told: ${what}`, () => {
    let shares = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 15 && shares > 1; round++) {
      const engine = filled();
      const item = fullest(engine, make);
      const toldMs = microsOf(engine, item) / 1_000;
      const startMs = workedMs();
      carryOut(engine, item);
      shares = Math.min(shares, (workedMs() - startMs) / toldMs / slowness());
    }
    assert.ok(shares <= 1, `${shares.toFixed(2)} of the time`);
  });
}

test("the usual transactions of as many commands as there may be are in time", () => {
  const engine = filled();
  for (const what of ["SET of a new key", "GET", "INCR", "DEL"]) {
    const queued = Array.from({ length: limits.transactionCommandsMax }, (_, i) => makers[what]!(i));
    const micros = microsOf(engine, itemOf(queued));
    assert.ok(micros <= limits.commandMicrosMax, `${what}: ${micros} µs`);
  }
});

/** Lengths as a transaction sees them that is carried out beside one that only thinks. */
test("no value is longer than a transaction was told that it may become", () => {
  const chance = new Chance(5);
  const sizes = [0, 5, 2_000, 70_000];
  const name = (): string => `k${chance.below(6)}`;
  const value = (): Buffer => Buffer.alloc(chance.pick(sizes), "v");
  const writes: readonly (() => Words)[] = [
    () => ["SET", name(), value()],
    () => ["SETEX", name(), 5, value()],
    () => ["SETNX", name(), value()],
    () => ["GETSET", name(), value()],
    () => ["MSET", name(), value(), name(), value()],
    () => ["MSETNX", name(), value(), name(), value()],
    () => ["APPEND", name(), value()],
    () => ["SETRANGE", name(), chance.pick([0, 10, 90_000, "x", -1, limits.valueBytesMax]), value()],
    () => ["COPY", name(), name(), "DB", chance.below(3), "REPLACE"],
    () => ["RENAME", name(), name()],
    () => ["RENAMENX", name(), name()],
    () => ["MOVE", name(), chance.below(3)],
    () => ["SWAPDB", chance.below(3), chance.below(3)],
    () => ["EXPIRE", name(), 100],
    () => ["INCR", name()],
    () => ["DEL", name()],
  ];
  let longest = 0;
  for (let round = 0; round < 300; round++) {
    const [before, now] = [new Engine([1, 2]), new Engine([1, 2])];
    for (const engine of [before, now]) engine.advance(1_700_000_000_000, 0);
    const fill: Words = ["MSET", ...Array.from({ length: 4 }, () => [name(), value()]).flat()];
    for (const engine of [before, now]) engine.execute(commandOf(fill), encode(fill), 0, new ReplyWriter());
    const cost = new ValueCost(before);
    for (let i = 0; i < 15; i++) {
      const db = chance.below(3);
      const words = chance.pick(writes)();
      cost.add(commandOf(words), encode(words), db);
      now.execute(commandOf(words), encode(words), db, new ReplyWriter());
      for (let k = 0; k < 6; k++) {
        const asked = encode(["GET", `k${k}`]);
        const length = now.valueLengthAt(db, asked, 1);
        assert.ok(length <= cost.lengthOf(asked, 1, db), `round ${round}: ${words[0]} made ${length} bytes`);
        longest = Math.max(longest, length);
      }
    }
  }
  assert.ok(longest > 150_000, "some values have grown");
});

test("GETRANGE is told by what it answers, whichever of its ends counts from behind", () => {
  const engine = filled();
  const told = (...range: readonly number[]): number => {
    const cost = new ValueCost(engine);
    const words = ["GETRANGE", "huge", ...range];
    cost.add(commandOf(words), encode(words), 0);
    return cost.micros;
  };
  const whole = told(0, -1);
  for (const [first, last] of [
    [0, 9],
    [-10, -1],
    [-10, 5],
    [limits.valueBytesMax - 10, -1],
    [5, 4],
  ] as const) {
    assert.ok(told(first, last) < whole / 1_000, `${first} ${last}`);
  }
  assert.ok(told(1, -2) > whole * 0.99);
  assert.ok(told(-limits.valueBytesMax, -1) === whole);
});

test("a value that is edited again and again is told to move once, not each time", () => {
  const engine = filled();
  const append = (times: number): number =>
    microsOf(engine, itemOf(Array.from({ length: times }, () => ["APPEND", "large", "x".repeat(10)])));
  assert.ok(append(100) < 3 * append(1));
});
