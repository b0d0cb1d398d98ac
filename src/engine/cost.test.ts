import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encode,
  filled,
  fullest,
  itemOf,
  makers,
  microsOf,
  takenOfTold,
  type Words,
} from "../../test/costly-transactions.ts";
import { Chance } from "../../test/differential/chance.ts";
import { commandOf } from "../../test/engine-harness.ts";
import { slowness } from "../../test/work.ts";
import { limits } from "../base/limits.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { ValueCost } from "./cost.ts";
import { Engine } from "./engine.ts";

/**
 * Whether what is told is the time that it takes is judged by `npm run bench -- --only command-cost`. What is not told at
 * all (a walk over keys, a copy of values) takes many times as long: that is found on any machine.
 */
const sharesMax = 10;
const tries = 5;

for (const [what, make] of Object.entries(makers)) {
  test(`a transaction is told to be as long as may be, and does not take many times as long: ${what}`, () => {
    const engine = filled();
    const item = fullest(engine, make);
    assert.ok(microsOf(engine, item) <= limits.commandMicrosMax);
    let shares = Number.POSITIVE_INFINITY;
    for (let i = 0; i < tries && shares > sharesMax; i++)
      shares = Math.min(shares, takenOfTold(make) / slowness());
    assert.ok(shares <= sharesMax, `${shares.toFixed(2)} times as long`);
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

test("INCRBYFLOAT is told to take long where a number is long, or may have become so before", () => {
  const engine = filled();
  const told = (...queued: readonly Words[]): number => microsOf(engine, itemOf(queued));
  const add: Words = ["INCRBYFLOAT", "f", "1.5"];
  const far: Words = ["SET", "f", "1e4900"];
  const long: readonly (readonly Words[])[] = [
    [["INCRBYFLOAT", "f", "1e4900"]],
    [["INCRBYFLOAT", "far", "1"]],
    [far, add],
    [["MSET", "a", "1", "f", "1e-4900"], add],
    [["SET", "f", "1e"], ["APPEND", "f", "4900"], add],
    [["COPY", "far", "f"], add],
    [["SET", "g", "0x1p9000"], ["RENAME", "g", "f"], add],
    [
      ["SWAPDB", 0, 1],
      ["INCRBYFLOAT", "far", "1"],
    ],
  ];
  for (const queued of long) assert.ok(told(...queued) > 500, queued.join(" | "));
  const quick: readonly (readonly Words[])[] = [
    [add],
    [["SET", "f", "1.5e3"], add],
    [["SET", "g", "1e4900"], add],
    [["RENAME", "key:1", "f"], add],
    [
      ["INCRBYFLOAT", "f", "nan"],
      ["LCS", "f", "f"],
    ],
  ];
  for (const queued of quick) assert.ok(told(...queued) < 100, queued.join(" | "));
});
