import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dump, firstDifference } from "../../test/engine-dump.ts";
import { EngineClient } from "../../test/engine-harness.ts";
import { Pair, type Step, steps } from "../../test/engine-steps.ts";
import { limits } from "../base/limits.ts";
import { loadChunk } from "./chunk.ts";
import { Engine } from "./engine.ts";
import { Image } from "./image.ts";
import { stateHash } from "./state-hash.ts";

/** An image that is being taken, beside a plain copy of the state at its start. */
class Shot {
  readonly image: Image;
  readonly #hash: string;
  readonly #lines: string[];
  readonly #keys: number[];
  readonly #chunks: Buffer[] = [];
  isComplete = false;

  constructor(engine: Engine) {
    this.#hash = stateHash(engine);
    this.#lines = dump(engine);
    this.#keys = engine.keyspaces.map((keyspace) => keyspace.records);
    this.image = new Image(engine);
  }

  next(records: number): void {
    if (!this.isComplete) this.isComplete = !this.image.next(records);
  }

  /** Returns the parts of all chunks that were ready. */
  take(): Buffer[] {
    const parts: Buffer[] = [];
    for (let chunk = this.image.take(); chunk !== undefined; chunk = this.image.take()) {
      // Copied: the bytes are the image's again with the next take.
      this.#chunks.push(Buffer.concat(chunk));
      parts.push(...chunk);
    }
    return parts;
  }

  /** Takes the rest, and makes an engine of it all. */
  develop(): Engine {
    while (!this.isComplete) this.next(1000);
    this.take();
    assert.equal(this.image.pendingBytes, 0);
    this.image.close();
    const engine = new Engine([1, 2]);
    engine.begin(this.image.revision, this.image.now, this.#keys);
    for (const chunk of this.#chunks) loadChunk(engine, chunk);
    return engine;
  }

  check(): void {
    const engine = this.develop();
    assert.equal(firstDifference(dump(engine), this.#lines), undefined);
    assert.equal(stateHash(engine), this.#hash);
    assertWhole(engine);
  }
}

/** Deadlines are in the heap, and every key is found. */
function assertWhole(engine: Engine): void {
  const client = new EngineClient(engine);
  client.now = Number.MAX_SAFE_INTEGER - 1;
  for (const [db, keyspace] of engine.keyspaces.entries()) {
    client.db = db;
    const mortal = keyspace.recordsWithDeadline;
    const all = keyspace.records;
    assert.equal(client.run("DBSIZE"), String(all - Math.min(mortal, limits.expiredPerTick)));
  }
  while (engine.advance(client.now, 1000) > 0) assert.ok(true);
  assert.equal(engine.earliestDeadline, Number.POSITIVE_INFINITY);
}

/** How far the image goes between two steps, and whether what is ready is taken then. */
const pace = fc.tuple(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(2000)), fc.boolean());
type Pace = readonly [records: number, takes: boolean];

/** Some steps, then the image begins, then others with the image going on in between. */
function play(pair: Pair, before: readonly Step[], after: readonly (readonly [Step, Pace])[]): void {
  for (const step of before) step(pair);
  const shot = new Shot(pair.client.engine);
  for (const [step, [records, takes]] of after) {
    step(pair);
    shot.next(records);
    if (takes) shot.take();
  }
  shot.check();
  assert.equal(pair.client.engine.image, undefined);
  pair.check();
}

test("an image holds exactly the state of its start, whatever is written while it is taken", () => {
  const before = fc.array(steps, { minLength: 20, maxLength: 150, size: "max" });
  const after = fc.array(fc.tuple(steps, pace), { minLength: 20, maxLength: 150, size: "max" });
  fc.assert(
    fc.property(before, after, (first, then) => play(new Pair(), first, then)),
    { numRuns: 25, interruptAfterTimeLimit: 100_000 },
  );
});

test("it does so too while the records of sparse pages are moved together", () => {
  const after = fc.array(fc.tuple(steps, pace), { minLength: 100, maxLength: 200, size: "max" });
  fc.assert(
    fc.property(after, fc.integer({ min: 3, max: 6 }), (then, kept) => {
      const pair = new Pair();
      const value = "x".repeat(900);
      const keys = Array.from({ length: 16_000 }, (_, i) => `key:${i}`);
      for (const [i, key] of keys.entries()) pair.run("SET", key, value, "PX", String(1 + (i % 7000)));
      // At once, so that nothing has been moved yet when the image begins.
      pair.run("DEL", ...keys.filter((_, i) => i % kept !== 0));
      const { arena } = pair.client.engine.keyspaces[0]!;
      const usedBefore = arena.residentBytes;
      play(pair, [], then);
      assert.notEqual(arena.residentBytes, usedBefore);
    }),
    { numRuns: 4, interruptAfterTimeLimit: 60_000 },
  );
});

const changes: readonly (readonly (readonly string[])[])[] = [
  [["SET", "KEY", "other"]],
  [["SET", "KEY", "x".repeat(2000), "PX", "5"]],
  [["DEL", "KEY"]],
  [
    ["DEL", "KEY"],
    ["SET", "KEY", "again"],
    ["SET", "KEY", "and again"],
  ],
  [["APPEND", "KEY", "more"]],
  [["SETRANGE", "KEY", "1", "in place"]],
  [
    ["PEXPIRE", "KEY", "1000"],
    ["PERSIST", "KEY"],
  ],
  [
    ["RENAME", "KEY", "elsewhere"],
    ["RENAME", "elsewhere", "KEY"],
  ],
  [["MOVE", "KEY", "3"]],
  [["COPY", "key:0", "KEY", "REPLACE"]],
  [["INCR", "KEY"]],
  [["FLUSHDB"], ["SET", "KEY", "new"]],
  [["SWAPDB", "0", "1"], ["FLUSHALL"]],
];

test("no change comes too late or too early for the cursor, wherever it stands", () => {
  for (const lines of changes) {
    for (let passed = 0; passed <= 8; passed++) {
      const client = new EngineClient();
      for (let i = 0; i < 8; i++) client.run("SET", `key:${i}`, i);
      const shot = new Shot(client.engine);
      shot.next(passed);
      for (let i = 0; i < 8; i++)
        for (const line of lines) client.run(...line.map((w) => w.replace("KEY", `key:${i}`)));
      shot.check();
    }
  }
});

test("keys that expire while the image is taken are in it", () => {
  for (let passed = 0; passed <= 8; passed++) {
    const client = new EngineClient();
    for (let i = 0; i < 8; i++) client.run("SET", `key:${i}`, i, "PX", 10 + i);
    // Dead, and not removed yet: a write to one of them removes it first.
    client.now += 12;
    client.run("GET", "key:0");
    const shot = new Shot(client.engine);
    shot.next(passed);
    client.run("SET", "key:1", "anew");
    client.engine.advance(client.now + 100, 100);
    assert.equal(client.run("DBSIZE"), "1");
    shot.check();
  }
});

test("a large value that is changed is not copied: its memory goes over to the image", () => {
  const value = "v".repeat(1_000_000);
  for (const lines of changes) {
    const client = new EngineClient();
    client.run("SET", "key:0", "5");
    client.run("SET", "key:1", value);
    client.run("EXPIRE", "key:1", "1000");
    const { arena } = client.engine.keyspaces[0]!;
    const pages = new Set(arena.bytes.map(({ buffer }) => buffer));
    const shot = new Shot(client.engine);
    for (const line of lines) client.run(...line.map((w) => w.replace("KEY", "key:1")));
    for (let i = 0; i < 5; i++) client.run("SETRANGE", "key:1", i * 1000, "z".repeat(2000));
    shot.next(10_000);
    const parts = shot.take();
    const large = parts.filter(({ length }) => length >= 1_000_000);
    assert.equal(large.length, 1);
    if (!lines.some(([name]) => name!.startsWith("FLUSH")))
      assert.ok(pages.has(large[0]!.buffer), lines.join());
    shot.check();
  }
});

test("a large value is not copied by the cursor either, and stays as it was until it is taken", () => {
  const value = "v".repeat(1_000_000);
  for (const line of [
    ["SETRANGE", "large", "5", "changed"],
    ["SET", "large", "w".repeat(1_000_000)],
    ["DEL", "large"],
  ]) {
    const client = new EngineClient();
    client.run("SET", "large", value);
    const { arena } = client.engine.keyspaces[0]!;
    const pages = new Set(arena.bytes.map(({ buffer }) => buffer));
    const shot = new Shot(client.engine);
    shot.next(1_000_000);
    assert.ok(shot.isComplete);
    for (let i = 0; i < 2; i++) client.run(...line);
    const large = shot.take().find(({ length }) => length >= 1_000_000)!;
    assert.ok(pages.has(large.buffer), "its own memory");
    shot.check();
    assert.equal(client.engine.keyspaces[0]!.saver, undefined, "the image holds nothing any more");
  }
});

test("memory of a database that was flushed comes back when the image has gone through it, or is closed", () => {
  const fill = (): EngineClient => {
    const client = new EngineClient();
    for (let i = 0; i < 20_000; i++) client.run("SET", `key:${i}`, "x".repeat(100));
    return client;
  };
  const plain = fill();
  plain.run("FLUSHALL");
  for (const isFinished of [true, false]) {
    const client = fill();
    const before = client.engine.residentBytes;
    const shot = new Shot(client.engine);
    shot.next(10);
    client.run("FLUSHALL");
    assert.equal(client.run("DBSIZE"), "0");
    assert.equal(client.engine.keyspaces[0]!.records, 0);
    assert.ok(client.engine.residentBytes > before, "the image's memory is counted");
    if (isFinished) shot.check();
    else shot.image.close();
    assert.equal(client.engine.residentBytes, plain.engine.residentBytes);
  }
});

test("an image that is closed too early leaves no trace, and another one may begin", () => {
  const client = new EngineClient();
  for (let i = 0; i < 1000; i++) client.run("SET", `key:${i}`, i);
  const first = new Shot(client.engine);
  assert.throws(() => new Image(client.engine), /one image is taken at a time/);
  first.next(100);
  first.image.close();
  client.run("SET", "key:1", "other");
  const shot = new Shot(client.engine);
  first.image.close();
  client.run("SET", "key:2", "other");
  shot.check();
});

test("what waits to be taken is counted, and is all that the writes left", () => {
  const client = new EngineClient();
  for (let i = 0; i < 100; i++) client.run("SET", `key:${i}`, "x".repeat(10_000));
  const shot = new Shot(client.engine);
  assert.equal(shot.image.pendingBytes, 0);
  for (let i = 0; i < 100; i++) client.run("SET", `key:${i}`, "y".repeat(10_000));
  const pending = shot.image.pendingBytes;
  assert.ok(pending > 1_000_000 && pending < 1_010_000, `${pending} bytes`);
  // A second change saves nothing more.
  client.run("SET", "key:5", "z");
  assert.equal(shot.image.pendingBytes, pending);
  shot.check();
});

test("a step of the image is bounded, by records and by bytes", () => {
  const client = new EngineClient();
  for (let i = 0; i < 5000; i++) client.run("SET", `key:${i}`, "x");
  for (let i = 0; i < 50; i++) client.run("SET", `large:${i}`, "x".repeat(20_000));
  const shot = new Shot(client.engine);
  let steps = 0;
  for (let before = -1; !shot.isComplete; steps++) {
    shot.next(100);
    const { pendingBytes } = shot.image;
    assert.ok(pendingBytes - before <= 100 * 1024 + 20_040, `${pendingBytes - before} bytes in one step`);
    before = pendingBytes;
  }
  assert.ok(steps >= 60 && steps <= 61, `${steps} steps`);
  shot.check();
});
