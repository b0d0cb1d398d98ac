import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Index } from "./index.ts";
import { SegmentPool } from "./index-table.ts";

/** An index beside a plain list of its entries. */
class Twin {
  readonly index: Index;
  readonly entries: Map<number, number> = new Map();
  #nextHandle = 1;

  /** Few moves a change: most changes fall into a migration. */
  constructor(movedPerChange = 6) {
    this.index = new Index(new SegmentPool(), movedPerChange, (a, b) => rank(a) < rank(b));
  }

  insert(hash: number): number {
    const handle = this.#nextHandle++;
    this.entries.set(handle, hash);
    this.index.insert(hash, handle);
    return handle;
  }

  remove(handle: number): void {
    this.index.remove(this.entries.get(handle)!, handle);
    this.entries.delete(handle);
  }

  finds(handle: number, hash: number): boolean {
    const table = this.index.tableOf(hash);
    for (let slot = table.seek(table.home(hash), hash); slot >= 0; slot = table.seek(slot + 1, hash)) {
      if (table.handleAt(slot) === handle) return true;
    }
    return false;
  }

  check(): void {
    assert.equal(this.index.size, this.entries.size);
    for (const [handle, hash] of this.entries)
      assert.ok(this.finds(handle, hash), `entry ${handle} is found`);
    const seen: number[] = [];
    assert.equal(
      this.index.scan(0, Number.POSITIVE_INFINITY, (handle) => seen.push(handle)),
      -1,
    );
    assert.equal(seen.length, this.entries.size);
    const sorted = [...this.entries].sort(([a, x], [b, y]) => x - y || rank(a) - rank(b));
    assert.deepEqual(
      seen,
      sorted.map(([handle]) => handle),
      "a scan goes in the order of the hashes, and within one in that of the handles",
    );
  }
}

/** An order of handles that is not the one in which they come. */
const rank = (handle: number): number => Math.imul(handle, 0x85ebca6b) >>> 0;

/** Spreads small numbers over the hashes; few of them, so that equal hashes are common. */
const spread = (n: number): number => Math.imul(n, 0x9e3779b1) & 0x7fffffff;

test("an index holds what was inserted and not removed, through growing and shrinking", () => {
  const step = fc.tuple(fc.constantFrom("insert", "remove"), fc.nat({ max: 400 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 1500 }), (steps) => {
      const twin = new Twin();
      for (const [what, n] of steps) {
        const handles = [...twin.entries.keys()];
        if (what === "insert" || handles.length === 0) twin.insert(spread(n));
        else twin.remove(handles[n % handles.length]!);
      }
      twin.check();
    }),
    { numRuns: 60 },
  );
});

test("growing to 200,000 entries and back keeps the table between the loads it promises", () => {
  const twin = new Twin(32);
  const handles: number[] = [];
  for (let i = 0; i < 200_000; i++) {
    handles.push(twin.insert(spread(i)));
    if (i > 1000 && !twin.index.isMigrating) {
      const load = twin.index.size / twin.index.capacity;
      assert.ok(load > 0.6 && load < 0.9, `load ${load} at ${i}`);
    }
  }
  twin.check();
  while (handles.length > 100) twin.remove(handles.pop()!);
  twin.check();
  assert.ok(twin.index.capacity < 1000, `${twin.index.capacity} slots for 100 entries`);
});

test("a scan visits every entry that stays, exactly once, while others come and go", () => {
  const twin = new Twin();
  const staying = new Set<number>();
  for (let i = 0; i < 3000; i++) staying.add(twin.insert(spread(i * 7)));
  const visits = new Map<number, number>();
  const passing: number[] = [];
  let cursor = 0;
  for (let round = 0; cursor >= 0; round++) {
    cursor = twin.index.scan(cursor, 10, (handle) => visits.set(handle, (visits.get(handle) ?? 0) + 1));
    // First the table grows under the scan, then it shrinks.
    if (round < 150) for (let i = 0; i < 200; i++) passing.push(twin.insert(spread(round * 1000 + i)));
    else for (let i = 0; i < 300 && passing.length > 0; i++) twin.remove(passing.pop()!);
  }
  for (const handle of staying) assert.equal(visits.get(handle), 1);
});

test("entries with one hash are never parted by a scan", () => {
  const twin = new Twin();
  for (let i = 0; i < 30; i++) for (let k = 0; k < 7; k++) twin.insert(spread(i));
  let cursor = 0;
  let seen = 0;
  while (cursor >= 0) {
    const before = seen;
    cursor = twin.index.scan(cursor, 1, () => seen++);
    assert.equal((seen - before) % 7, 0);
  }
  assert.equal(seen, 210);
});

test("an index with room reserved for its entries never has to grow for them", () => {
  const twin = new Twin();
  twin.index.reserve(20_000);
  const { capacity } = twin.index;
  for (let i = 0; i < 20_000; i++) twin.insert(spread(i));
  assert.equal(twin.index.capacity, capacity);
  assert.ok(!twin.index.isMigrating);
  twin.check();
});

test("where a scan stops does not depend on how far a change of size has come", () => {
  const stops = (entries: number, extra: number): number[] => {
    const twin = new Twin();
    for (let i = 0; i < entries; i++) twin.insert(spread(i));
    const passing = Array.from({ length: extra }, (_, i) => twin.insert(spread(entries + i)));
    while (passing.length > 0) twin.remove(passing.pop()!);
    const found: number[] = [];
    let cursor = 0;
    while (cursor >= 0) {
      cursor = twin.index.scan(cursor, 3, () => {});
      found.push(cursor);
    }
    return found;
  };
  for (let entries = 300; entries < 400; entries++)
    assert.deepEqual(stops(entries, 700), stops(entries, 0), `${entries} entries`);
});

test("memory for the table never doubles: pieces of the old one are used for the new one", () => {
  const pool = new SegmentPool();
  const index = new Index(pool, 32, (a, b) => a < b);
  for (let i = 0; i < 1_000_000; i++) {
    index.insert(spread(i), i + 1);
    if (i < 100_000 || i % 1000 !== 0) continue;
    const bytes = index.residentBytes + pool.spareBytes;
    assert.ok(bytes / index.size < 8 * 1.75, `${bytes / index.size} bytes an entry at ${i}`);
  }
});
