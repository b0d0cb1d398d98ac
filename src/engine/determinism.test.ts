import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineClient, type Word } from "../../test/engine-harness.ts";

/**
 * Members that hold the same keys and came to them in different ways, as one does that began with a snapshot:
 * what is answered within a transaction, which every member carries out, must be the same.
 */
interface Members {
  readonly one: EngineClient;
  readonly other: EngineClient;
}

/** So many that some have the same hash. */
const manyKeys = 60_000;

function make(keys: number): Members {
  const one = new EngineClient();
  const other = new EngineClient();
  for (let i = 0; i < keys; i++) one.run("SET", `key:${i}`, i);
  for (let i = keys - 1; i >= 0; i--) {
    other.run("SET", `key:${i}`, "a value that was longer before");
    other.run("SET", `gone:${i}`, i);
    other.run("DEL", `key:${i}`);
    other.run("SET", `key:${i}`, i);
  }
  for (let i = 0; i < keys; i++) other.run("DEL", `gone:${i}`);
  other.engine.revision = one.engine.revision;
  return { one, other };
}

function answer({ one, other }: Members, ...commands: readonly (readonly Word[])[]): string[] {
  const replies = one.transaction(...commands);
  assert.deepEqual(other.transaction(...commands), replies);
  return replies;
}

test("in a transaction every member answers the same, however its tables came about", () => {
  const members = make(manyKeys);
  for (let cursor = "0", calls = 0; cursor !== "0" || calls === 0; calls++) {
    const [scanned] = answer(members, ["SCAN", cursor, "COUNT", 10_000]);
    cursor = /"(\d+)"/.exec(scanned!)![1]!;
  }
  answer(members, ["DBSIZE"], ["KEYS", "key:77"], ["OBJECT", "ENCODING", "key:77"]);
});

test("in a transaction every member draws the same random keys, whatever was read from it alone", () => {
  const members = make(1000);
  members.one.run("RANDOMKEY");
  for (let i = 0; i < 10; i++) members.other.run("RANDOMKEY");
  const draws = Array.from({ length: 20 }, () => ["RANDOMKEY"]);
  const drawn = new Set(answer(members, ...draws));
  assert.ok(drawn.size > 10, "they are not all the same key");
  answer(members, ["SET", "key:0", 0]);
  assert.ok(!answer(members, ...draws).every((key) => drawn.has(key)), "the next transaction draws others");
});

test("in a transaction MEMORY USAGE does not tell what a record was before", () => {
  const [one, other] = [new EngineClient(), new EngineClient()];
  one.run("SET", "k", "longer before".repeat(2));
  other.run("SET", "k", "short");
  for (const member of [one, other]) member.run("SET", "k", "short");
  answer({ one, other }, ["MEMORY", "USAGE", "k"]);
});
