import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineClient } from "../../test/engine-harness.ts";

const many = 90_000;
const batch = 1000;

/** 90,000 keys in one database, of which every tenth stays longer. */
function fill(c: EngineClient, db: number): void {
  c.db = db;
  for (let i = 0; i < many; i++) c.run("SET", `key:${i}`, "x".repeat(100), "PX", i % 10 === 0 ? 10_000 : 100);
}

/** Turns in which nobody writes, until the gaps are a small part of what is held. */
function rest(c: EngineClient, db: number): void {
  const { arena } = c.engine.keyspaces[db]!;
  const gaps = (): number => arena.residentBytes - arena.usedBytes;
  for (let turn = 0; turn < 2000 && gaps() > 8.5e6; turn++) c.engine.advance(c.now, 0);
  assert.ok(gaps() <= 8.5e6, `${gaps()} bytes of gaps are left`);
}

function check(c: EngineClient, db: number): void {
  c.db = db;
  assert.equal(c.run("DBSIZE"), String(many / 10));
  for (let i = 0; i < many; i += 10) assert.equal(c.run("STRLEN", `key:${i}`), "100");
}

test("memory of deleted keys is given back when no more writes come, in any database", () => {
  const c = new EngineClient();
  for (const db of [0, 5]) fill(c, db);
  const names = Array.from({ length: many }, (_, i) => `key:${i}`).filter((_, i) => i % 10 !== 0);
  for (const db of [0, 5]) {
    c.db = db;
    c.transaction(
      ...Array.from({ length: Math.ceil(names.length / batch) }, (_, i) => [
        "DEL",
        ...names.slice(i * batch, (i + 1) * batch),
      ]),
    );
  }
  const gaps = [0, 5].map((db) => c.engine.keyspaces[db]!.arena).map((a) => a.residentBytes - a.usedBytes);
  assert.ok(Math.min(...gaps) > 10e6, `${gaps} bytes of gaps`);
  for (const db of [0, 5]) rest(c, db);
  for (const db of [0, 5]) check(c, db);
});

test("memory of keys that expired all at once is given back without a write", () => {
  const c = new EngineClient();
  fill(c, 3);
  c.now += 100;
  while (c.engine.advance(c.now, batch) > 0);
  const { residentBytes, usedBytes } = c.engine.keyspaces[3]!.arena;
  assert.ok(residentBytes - usedBytes <= 8.5e6, `${residentBytes} bytes are held for ${usedBytes}`);
  check(c, 3);
});
