import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../base/limits.ts";
import { SegmentPool } from "./index-table.ts";
import { Keyspace } from "./keyspace.ts";
import { PagePool } from "./pages.ts";
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
} from "./record.ts";

const moment = { now: 0, estimate: 0, metOverdue: false, revision: 1 };

function passTo(now: number): void {
  moment.now = now;
  moment.estimate = now;
}

function make(): Keyspace {
  return new Keyspace({ pages: new PagePool(), segments: new SegmentPool(), hashKey: [1, 2], moment });
}

function put(
  keyspace: Keyspace,
  key: string,
  value: string | Buffer,
  deadline = 0,
  now = 0,
  revision = 1,
): number {
  const k = Buffer.from(key);
  const v = Buffer.from(value);
  passTo(now);
  moment.revision = revision;
  return keyspace.put(k, 0, k.length, v, 0, v.length, deadline);
}

function find(keyspace: Keyspace, key: string, now = 0): number {
  const k = Buffer.from(key);
  passTo(now);
  return keyspace.find(k, 0, k.length);
}

function removeExpired(keyspace: Keyspace, now: number): boolean {
  passTo(now);
  return keyspace.removeExpired();
}

function keyOf(keyspace: Keyspace, handle: number): string {
  const start = keyStart(keyspace.arena, handle);
  return bytesOf(keyspace.arena, handle).toString("utf8", start, start + keyLength(keyspace.arena, handle));
}

function valueText(keyspace: Keyspace, handle: number): string {
  const start = valueStart(keyspace.arena, handle);
  return bytesOf(keyspace.arena, handle).toString("utf8", start, start + valueLength(keyspace.arena, handle));
}

test("a record keeps when it was created, when it was modified, and how often", () => {
  const keyspace = make();
  const facts = (): number[] => {
    const handle = find(keyspace, "a");
    return [
      createdOf(keyspace.arena, handle),
      modifiedOf(keyspace.arena, handle),
      versionOf(keyspace.arena, handle),
    ];
  };
  const large = 2 ** 40 + 5;
  put(keyspace, "a", "1", 0, 0, large);
  assert.deepEqual(facts(), [large, large, 1]);
  put(keyspace, "a", "2", 0, 0, large + 1);
  assert.deepEqual(facts(), [large, large + 1, 2]);
  moment.revision = large + 2;
  keyspace.expire(find(keyspace, "a"), 99);
  assert.deepEqual(facts(), [large, large + 2, 3]);
  moment.revision = large + 3;
  keyspace.resize(find(keyspace, "a"), 5000);
  assert.deepEqual(facts(), [large, large + 3, 4]);
  keyspace.remove(find(keyspace, "a"));
  put(keyspace, "a", "3", 0, 0, large + 9);
  assert.deepEqual(facts(), [large + 9, large + 9, 1]);
});

test("keys and values are any bytes, and an empty key is a key", () => {
  const keyspace = make();
  const key = Buffer.from([0, 255, 13, 10, 0]);
  const value = Buffer.from([10, 13, 0, 0, 255]);
  keyspace.put(key, 0, 5, value, 0, 5, 0);
  const handle = keyspace.find(key, 0, 5);
  const start = valueStart(keyspace.arena, handle);
  assert.deepEqual(bytesOf(keyspace.arena, handle).subarray(start, start + 5), value);
  assert.equal(keyspace.find(key, 0, 4), 0);
  put(keyspace, "", "empty");
  assert.equal(valueText(keyspace, find(keyspace, "")), "empty");
});

test("a key that is too long to be there is not even hashed", (t) => {
  const keyspace = make();
  put(keyspace, "a", "1");
  const words = t.mock.method(DataView.prototype, "getInt32");
  assert.equal(find(keyspace, "k".repeat(limits.keyBytesMax + 1)), 0);
  assert.equal(words.mock.callCount(), 0);
  assert.equal(find(keyspace, "k".repeat(limits.keyBytesMax)), 0);
  assert.notEqual(words.mock.callCount(), 0);
});

test("a value that changes its size keeps its key, its deadline and its bytes", () => {
  const keyspace = make();
  put(keyspace, "a", "start", 1000);
  for (const size of [5, 6, 100, 1000, 70_000, 300_000, 1_000_000, 300_000, 50, 5]) {
    const handle = keyspace.resize(find(keyspace, "a"), size);
    assert.equal(valueLength(keyspace.arena, handle), size);
    assert.equal(valueText(keyspace, handle).slice(0, 5), "start");
    assert.equal(deadlineOf(keyspace.arena, handle), 1000);
    assert.equal(keyOf(keyspace, handle), "a");
  }
  assert.ok(!removeExpired(keyspace, 999));
  assert.ok(removeExpired(keyspace, 1000));
  assert.equal(keyspace.records, 0);
  assert.equal(keyspace.arena.usedBytes, 0);
});

test("bytes that a value grows by are zero, also where other records have been", () => {
  const keyspace = make();
  put(keyspace, "b", Buffer.alloc(3000, "x"));
  keyspace.remove(find(keyspace, "b"));
  put(keyspace, "a", "1");
  const handle = keyspace.resize(find(keyspace, "a"), 2990);
  assert.equal(valueText(keyspace, handle), `1${"\0".repeat(2989)}`);
});

test("a key is gone from its deadline on, before it is removed", () => {
  const keyspace = make();
  put(keyspace, "a", "1", 100);
  assert.notEqual(find(keyspace, "a", 99), 0);
  assert.equal(find(keyspace, "a", 100), 0);
  assert.equal(keyspace.records, 1);
  assert.equal(keyspace.count(), 0);
  put(keyspace, "a", "2", 0, 100, 7);
  assert.equal(createdOf(keyspace.arena, find(keyspace, "a", 100)), 7);
});

test("keys leave in the order of their deadlines, equal ones in the order of their bytes", () => {
  const keyspace = make();
  const keys: [string, number][] = [];
  for (let i = 0; i < 2000; i++)
    keys.push([`key${Math.imul(i, 7919) % 2000}`, 1000 + (Math.imul(i, 31) % 50)]);
  for (const [key, deadline] of keys) put(keyspace, key, "v", deadline);
  // Some move, some lose their deadline.
  for (let i = 0; i < 2000; i += 5) {
    keys[i]![1] = i % 2 === 0 ? 500 : 0;
    keyspace.expire(find(keyspace, keys[i]![0]), keys[i]![1]);
  }
  const expected = keys
    .filter(([, deadline]) => deadline > 0)
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .map(([key]) => key);
  const order: string[] = [];
  for (;;) {
    const before = new Set(liveKeys(keyspace));
    if (!removeExpired(keyspace, 10_000)) break;
    if (order.length % 200 === 0) {
      const after = new Set(liveKeys(keyspace));
      const gone = [...before].filter((key) => !after.has(key));
      assert.deepEqual(gone, [expected[order.length]]);
    }
    order.push(expected[order.length]!);
  }
  assert.equal(order.length, expected.length);
  assert.equal(keyspace.recordsWithDeadline, 0);
});

function liveKeys(keyspace: Keyspace): string[] {
  passTo(0);
  const keys: string[] = [];
  keyspace.scan(0, Number.MAX_SAFE_INTEGER, (handle) => keys.push(keyOf(keyspace, handle)));
  return keys;
}

test("memory of deleted keys is given back while writes go on, also from pages that are not empty", () => {
  const keyspace = make();
  for (let i = 0; i < 300_000; i++) put(keyspace, `key:${i}`, "x".repeat(60));
  for (let i = 0; i < 300_000; i++) {
    if (i % 10 !== 0) keyspace.remove(find(keyspace, `key:${i}`));
    keyspace.tidy();
  }
  const { residentBytes, usedBytes } = keyspace.arena;
  // A quarter, or 8 MiB: that much may be free places.
  assert.ok(residentBytes - usedBytes < 9e6, `${residentBytes} bytes are held for ${usedBytes}`);
  for (let i = 0; i < 300_000; i += 10)
    assert.equal(valueText(keyspace, find(keyspace, `key:${i}`)), "x".repeat(60));
  assert.equal(keyspace.records, 30_000);
});

test("tidying keeps deadlines in order", () => {
  const keyspace = make();
  for (let i = 0; i < 200_000; i++) put(keyspace, `key:${i}`, "x".repeat(60), 1000 + i);
  for (let i = 0; i < 200_000; i++) {
    if (i % 7 !== 0) keyspace.remove(find(keyspace, `key:${i}`));
    keyspace.tidy();
  }
  for (let i = 0; i < 200_000; i += 7) {
    assert.equal(keyspace.earliestDeadline, 1000 + i);
    assert.ok(removeExpired(keyspace, 1000 + i));
  }
});
