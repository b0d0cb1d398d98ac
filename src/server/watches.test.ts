import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../base/limits.ts";
import { encodeArguments } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { Watches } from "./watches.ts";

const watch = (...keys: readonly string[]): Arguments =>
  encodeArguments(["WATCH", ...keys].map((word) => Buffer.from(word, "latin1")));

const numbered = (from: number, to: number, length: number = 0): string[] =>
  Array.from({ length: to - from }, (_, i) => `k${from + i}`.padEnd(length));

const absent = (): number => 0;

/** What is remembered, as "db key revision". */
function remembered({ all }: Watches): string[] {
  return all.map(({ db, key, revision }) => `${db} ${key.toString("latin1")} ${revision}`);
}

test("a key is watched once in each database, with what was seen of it first", () => {
  const watches = new Watches();
  assert.equal(
    watches.add(0, watch("a", "b", "a"), () => 1),
    "",
  );
  assert.equal(
    watches.add(1, watch("a", "\xff"), () => 2),
    "",
  );
  assert.equal(
    watches.add(0, watch("a", "c"), () => 3),
    "",
  );
  assert.deepEqual(remembered(watches), ["0 a 1", "0 b 1", "1 a 2", "1 \xff 2", "0 c 3"]);
  assert.equal(watches.bytes, 5);
  watches.clear();
  assert.deepEqual([watches.all, watches.bytes], [[], 0]);
});

test("a key that is too long to be there is not remembered", () => {
  const watches = new Watches();
  const longest = "k".repeat(limits.keyBytesMax);
  assert.equal(watches.add(0, watch(longest, `${longest}k`), absent), "");
  assert.deepEqual(remembered(watches), [`0 ${longest} 0`]);
  assert.equal(watches.bytes, limits.keyBytesMax);
});

test("keys that are too many are refused together, and what was watched stays so", () => {
  const watches = new Watches();
  assert.equal(watches.add(0, watch(...numbered(0, limits.watchedKeysMax - 1)), absent), "");
  const refusal = `TOO_LARGE a connection may watch ${limits.watchedKeysMax} keys`;
  assert.equal(watches.add(0, watch("x", "y"), absent), refusal);
  assert.equal(watches.all.length, limits.watchedKeysMax - 1);
  assert.equal(watches.add(0, watch("x", "x", "k0", "k1"), absent), "");
  assert.equal(watches.add(0, watch("z"), absent), refusal);
});

test("keys of too many bytes are refused together, and what was watched stays so", () => {
  const watches = new Watches();
  const bytes = 65_535;
  const most = Math.floor(limits.watchedBytesMax / bytes);
  assert.equal(watches.add(0, watch(...numbered(0, most, bytes)), absent), "");
  const refusal = `TOO_LARGE the keys that a connection watches may have ${limits.watchedBytesMax} bytes`;
  assert.equal(watches.add(0, watch("small", "x".repeat(bytes)), absent), refusal);
  assert.deepEqual([watches.all.length, watches.bytes], [most, most * bytes]);
});

/** The shortest of several times that it took. */
function quickestMs(work: () => void): number {
  return Math.min(
    ...Array.from({ length: 7 }, () => {
      const startMs = performance.now();
      work();
      return performance.now() - startMs;
    }),
  );
}

test("a key among thousands is not watched more slowly than among few", () => {
  const parts = 64;
  const all = watch(...numbered(0, limits.watchedKeysMax));
  const few = watch(...numbered(0, limits.watchedKeysMax / parts));
  const together = quickestMs(() => new Watches().add(0, all, absent));
  const apart = quickestMs(() => {
    for (let i = 0; i < parts; i++) new Watches().add(0, few, absent);
  });
  // Were each compared with all before it, this would be 64.
  assert.ok(together < 16 * apart, `${together} ms for all of them, ${apart} ms for a few at a time`);
});
