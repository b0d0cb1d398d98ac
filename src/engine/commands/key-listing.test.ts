import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";
import { limits } from "../../base/limits.ts";
import { ReplyWriter } from "../../protocol/reply-writer.ts";
import { commandNamed } from "../../protocol/spec/table.ts";
import { encodeArguments } from "../transaction.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

function keys(pattern: string): string[] {
  return (c.reply("KEYS", pattern) as Buffer[]).map(String).sort();
}

function fill(count: number): void {
  for (let i = 0; i < count; i++) c.run("SET", `key:${i}`, "v");
}

test("KEYS gives all keys that match", () => {
  c.run("MSET", "one", 1, "two", 2, "three", 3, "", 0);
  assert.deepEqual(keys("*"), ["", "one", "three", "two"]);
  assert.deepEqual(keys("t*"), ["three", "two"]);
  assert.deepEqual(keys("?n?"), ["one"]);
  assert.deepEqual(keys("x*"), []);
});

test("KEYS with a plain name looks it up", () => {
  c.run("SET", "one", 1, "PX", 5);
  assert.deepEqual(keys("one"), ["one"]);
  assert.deepEqual(keys("on"), []);
  c.now += 5;
  assert.deepEqual(keys("one"), []);
  assert.deepEqual(keys("*"), []);
});

test("KEYS over a large database is answered in slices, whole", () => {
  const count = limits.keysPerSlice * 2 + 5000;
  fill(count);
  assert.equal(keys("*").length, count);
  assert.ok(c.turns >= 3, `${c.turns} turns`);
  assert.deepEqual(
    keys("key:12*4"),
    keys("*").filter((key) => /^key:12.*4$/.test(key)),
  );
  assert.equal(c.run("KEYS", "key:77"), '["key:77"]');
  assert.equal(c.turns, 1);
});

test("between the slices of KEYS other commands change what they like", () => {
  const count = limits.keysPerSlice * 3;
  fill(count);
  const out = new ReplyWriter();
  const args = encodeArguments([Buffer.from("KEYS"), Buffer.from("key:*")]);
  const slice = c.engine.execute(commandNamed("keys")!, args, 0, out)!;
  assert.equal(out.length, 0);
  for (let i = 0; i < count; i += 2) c.run("DEL", `key:${i}`);
  for (let i = 0; i < count; i++) c.run("SET", `other:${i}`, "v");
  while (!slice());
  const found = out.buffer.toString("latin1", 0, out.length).match(/key:\d+/g)!;
  const odd = found.filter((key) => Number(key.slice(4)) % 2 === 1);
  assert.equal(new Set(odd).size, count / 2);
  assert.equal(odd.length, count / 2);
  assert.ok(!out.buffer.toString("latin1", 0, out.length).includes("other"));
});

test("a flush between the slices ends the walk", () => {
  fill(limits.keysPerSlice * 2);
  const out = new ReplyWriter();
  const args = encodeArguments([Buffer.from("KEYS"), Buffer.from("nothing*")]);
  const slice = c.engine.execute(commandNamed("keys")!, args, 0, out)!;
  c.run("FLUSHALL");
  assert.equal(slice(), true);
  assert.equal(out.buffer.toString("latin1", 0, out.length), "*0\r\n");
});

test("in a transaction KEYS is for small databases", () => {
  fill(100);
  assert.match(c.transaction(["KEYS", "key:?"])[0]!, /^\["key:\d"(, "key:\d"){9}\]$/);
  fill(limits.keysPerSlice + 100);
  assert.deepEqual(c.transaction(["KEYS", "*"], ["KEYS", "key:5"]), [
    `-ERR KEYS over more than ${limits.keysPerSlice} keys is not allowed in a transaction, use SCAN`,
    '["key:5"]',
  ]);
});

test("KEYS that would answer more than a connection may hold is refused", () => {
  const long = ".".repeat(limits.keyBytesMax - 8);
  const count = Math.ceil(limits.outputBytesMax / limits.keyBytesMax) + 10;
  for (let i = 0; i < count; i++) c.run("SET", `${String(i).padStart(8)}${long}`, "");
  assert.equal(
    c.run("KEYS", "*"),
    `-TOO_LARGE KEYS would answer more than ${limits.outputBytesMax} bytes, use SCAN`,
  );
  assert.equal((c.reply("KEYS", "   1*") as Buffer[]).length, 0);
});

test("RANDOMKEY finds every key sooner or later, and only those that are there", () => {
  assert.equal(c.run("RANDOMKEY"), "nil");
  fill(20);
  const found = new Set<string>();
  for (let i = 0; i < 2000 && found.size < 20; i++) found.add(c.run("RANDOMKEY"));
  assert.equal(found.size, 20);
  for (let i = 0; i < 19; i++) c.run("PEXPIRE", `key:${i}`, 1);
  c.now += 1;
  for (let i = 0; i < 50; i++) assert.equal(c.run("RANDOMKEY"), '"key:19"');
});

test("RANDOMKEY finds the one key that is left among many that expired", () => {
  fill(5000);
  for (let i = 0; i < 4999; i++) c.run("PEXPIRE", `key:${i}`, 1);
  c.now += 1;
  for (let i = 0; i < 20; i++) assert.equal(c.run("RANDOMKEY"), '"key:4999"');
});
