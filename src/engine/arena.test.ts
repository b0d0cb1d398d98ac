import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { PagePool, pageBytes } from "./pages.ts";
import { slabBytesMax } from "./size-classes.ts";

/** Fills a place with one byte and checks later that nobody else wrote there. */
class Tenant {
  readonly handle: number;
  readonly size: number;
  readonly #mark: number;
  readonly #arena: Arena;

  constructor(arena: Arena, size: number, mark: number) {
    this.#arena = arena;
    this.size = size;
    this.#mark = mark;
    this.handle = arena.allocate(size);
    assert.notEqual(this.handle, 0);
    assert.ok(arena.capacityOf(this.handle) >= size);
    this.#bytes().fill(mark);
  }

  check(): void {
    assert.ok(this.#bytes().every((byte) => byte === this.#mark));
  }

  #bytes(): Buffer {
    const at = (this.handle & 0x1ffff) * 8;
    return this.#arena.bytes[this.handle >>> 17]!.subarray(at, at + this.size);
  }
}

test("places do not overlap, whatever is taken and freed", () => {
  const sizes = fc.oneof(
    fc.integer({ min: 16, max: 2000 }),
    fc.integer({ min: 16, max: slabBytesMax }),
    fc.integer({ min: slabBytesMax, max: slabBytesMax * 3 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.boolean()), { maxLength: 200 }), (steps) => {
      const arena = new Arena(new PagePool());
      const tenants: Tenant[] = [];
      steps.forEach(([size, frees], i) => {
        tenants.push(new Tenant(arena, size, i % 251));
        if (!frees) return;
        const [gone] = tenants.splice(size % tenants.length, 1);
        gone!.check();
        arena.free(gone!.handle);
      });
      for (const tenant of tenants) tenant.check();
      for (const tenant of tenants) arena.free(tenant.handle);
      assert.equal(arena.usedBytes, 0);
      assert.equal(arena.residentBytes, 0);
    }),
    { numRuns: 40 },
  );
});

test("a page whose last record goes is used for records of another size", () => {
  const pool = new PagePool();
  const arena = new Arena(pool);
  const small = Array.from({ length: 50_000 }, () => arena.allocate(104));
  const before = arena.residentBytes;
  for (const handle of small) arena.free(handle);
  assert.equal(arena.residentBytes, 0);
  const spare = pool.spareBytes;
  assert.ok(spare >= before - pageBytes);
  for (let i = 0; i < 20_000; i++) arena.allocate(200);
  assert.ok(pool.spareBytes < spare, "spare pages were taken");
});

test("freed places are used again before new ones", () => {
  const arena = new Arena(new PagePool());
  const handles = Array.from({ length: 10_000 }, () => arena.allocate(96));
  const before = arena.residentBytes;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < handles.length; i += 3) arena.free(handles[i]!);
    for (let i = 0; i < handles.length; i += 3) handles[i] = arena.allocate(96);
  }
  assert.equal(arena.residentBytes, before);
});

test("freeing a place twice is a bug that stops the process", () => {
  const arena = new Arena(new PagePool());
  const handle = arena.allocate(300_000);
  arena.free(handle);
  assert.throws(() => arena.free(handle), /freed once/);
});
