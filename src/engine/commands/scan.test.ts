import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EngineClient } from "../../../test/engine-harness.ts";
import { limits } from "../../base/limits.ts";
import type { Reply } from "../../protocol/reply.ts";
import { ReplyWriter } from "../../protocol/reply-writer.ts";
import { commandNamed } from "../../protocol/spec/table.ts";
import { encodeArguments } from "../transaction.ts";

let c: EngineClient;

beforeEach(() => {
  c = new EngineClient();
});

interface Page {
  readonly cursor: string;
  readonly keys: readonly string[];
}

function scan(cursor: string, ...options: (string | number)[]): Page {
  const [next, keys] = c.reply("SCAN", cursor, ...options) as [Buffer, readonly Reply[]];
  return { cursor: String(next), keys: keys.map(String) };
}

/** Every key that a whole scan gives, as often as it gives it. */
function scanAll(...options: (string | number)[]): string[] {
  const found: string[] = [];
  let cursor = "0";
  do {
    const page = scan(cursor, ...options);
    found.push(...page.keys);
    cursor = page.cursor;
  } while (cursor !== "0");
  return found.sort();
}

function fill(from: number, to: number): string[] {
  const names = Array.from({ length: to - from }, (_, i) => `k${from + i}`);
  for (const name of names) c.run("SET", name, "v");
  return names;
}

test("a whole scan gives every key once", () => {
  const names = fill(0, 1000).sort();
  assert.deepEqual(scanAll(), names);
  assert.deepEqual(scanAll("COUNT", 1), names);
  assert.deepEqual(scanAll("COUNT", "9223372036854775807"), names);
  assert.deepEqual(scanAll("COUNT", 77, "MATCH", "*"), names);
});

test("an empty database ends the scan at once", () => {
  assert.deepEqual(scan("0"), { cursor: "0", keys: [] });
});

test("COUNT bounds the work of one call", () => {
  fill(0, 1000);
  assert.ok(scan("0").keys.length < 15);
  const page = scan("0", "COUNT", 100);
  assert.ok(page.keys.length >= 100 && page.keys.length < 110);
  assert.deepEqual(scan("0", "COUNT", 100, "MATCH", "nothing*").keys, []);
});

test("COUNT is cut to the limit", () => {
  fill(0, limits.scanCountMax + 1000);
  const page = scan("0", "COUNT", "1000000");
  assert.ok(page.keys.length < limits.scanCountMax + 20);
  assert.notEqual(page.cursor, "0");
});

test("one call gives no more bytes than one turn should send", () => {
  for (let i = 0; i < 40; i++) c.run("SET", String(i).padEnd(limits.keyBytesMax, "."), "v");
  const page = scan("0", "COUNT", 1000);
  assert.ok(page.keys.length < 30);
  assert.equal(scanAll("COUNT", 1000).length, 40);
});

test("a scan takes no buffer of its own", (t) => {
  fill(0, 1000);
  const cursor = scan("0").cursor;
  const buffers = t.mock.method(Buffer, "allocUnsafeSlow");
  const args = encodeArguments(["SCAN", cursor, "COUNT", "5"].map((word) => Buffer.from(word)));
  const out = new ReplyWriter();
  c.engine.execute(commandNamed("scan")!, args, 0, out);
  // That of the request, and that of the reply.
  assert.equal(buffers.mock.callCount(), 2);
  assert.ok(out.length > 0);
});

test("a scan that is refused leaves nothing for the next one", () => {
  fill(0, 3);
  c.run("SET", "a".repeat(limits.keyBytesMax), "v");
  c.run("SCAN", 0, "MATCH", `*${"a".repeat(1000)}b`);
  assert.deepEqual(scanAll("MATCH", "k*"), ["k0", "k1", "k2"]);
});

test("MATCH and TYPE filter", () => {
  fill(0, 300);
  assert.deepEqual(scanAll("MATCH", "k[12]?"), fill(10, 30).sort());
  assert.deepEqual(scanAll("MATCH", "k7", "TYPE", "STRING"), ["k7"]);
  assert.deepEqual(scanAll("TYPE", "string").length, 300);
  assert.deepEqual(scan("0", "TYPE", "hash"), { cursor: "0", keys: [] });
  assert.deepEqual(scan("0", "TYPE", "nonsense"), { cursor: "0", keys: [] });
});

test("expired keys are not given", () => {
  fill(0, 50);
  for (let i = 0; i < 50; i += 2) c.run("PEXPIRE", `k${i}`, 5);
  c.now += 5;
  assert.equal(scanAll().length, 25);
});

test("a key that is there all the time is given once, however the table grows and shrinks", () => {
  const stay = fill(0, 2000);
  const found: string[] = [];
  let cursor = "0";
  let next = 2000;
  do {
    const page = scan(cursor, "COUNT", 50);
    found.push(...page.keys);
    cursor = page.cursor;
    if (next < 20_000) {
      fill(next, next + 500);
      next += 500;
    } else for (let i = 2000; i < 20_000; i += 3) c.run("DEL", `k${i}`);
  } while (cursor !== "0");
  const given = found.filter((key) => Number(key.slice(1)) < 2000).sort();
  assert.deepEqual(given, stay.sort());
});

test("cursors are read as strtoul reads them", () => {
  fill(0, 3);
  for (const cursor of ["", "+0", "-0", "000", "0".repeat(1000)]) {
    assert.equal(scan(cursor).keys.length, 3, cursor);
  }
  for (const cursor of ["18446744073709551615", "-5", "2147483648"]) {
    assert.deepEqual(scan(cursor), { cursor: "0", keys: [] }, cursor);
  }
  for (const cursor of [" 1", "1 ", "a", "1a", "+", "-", "0x1", "18446744073709551616", "9".repeat(1000)]) {
    assert.equal(c.run("SCAN", cursor, "foo"), "-ERR invalid cursor", cursor);
  }
});

test("options that are wrong are refused", () => {
  assert.equal(c.run("SCAN", 0, "COUNT", 0), "-ERR syntax error");
  assert.equal(c.run("SCAN", 0, "COUNT", -5), "-ERR syntax error");
  assert.equal(c.run("SCAN", 0, "COUNT", "a"), "-ERR value is not an integer or out of range");
  for (const options of ["COUNT", "MATCH", "TYPE", "foo", "foo bar", "COUNT 5 MATCH"]) {
    assert.equal(c.run("SCAN", 0, ...options.split(" ")), "-ERR syntax error", options);
  }
});

test("a pattern over the limit is refused, whatever it says", () => {
  fill(0, 3);
  const error = `-TOO_LARGE a pattern may have ${limits.patternBytesMax} bytes`;
  for (const pattern of ["[", "*", "k"]) {
    const longest = pattern.padEnd(limits.patternBytesMax, pattern);
    assert.equal(c.run("KEYS", `${longest}x`), error);
    assert.equal(c.run("SCAN", 0, "MATCH", `${longest}x`), error);
    assert.notEqual(c.run("KEYS", longest), error);
    assert.notEqual(c.run("SCAN", 0, "MATCH", longest), error);
  }
});

test("a pattern that costs too much on one key is refused", () => {
  c.run("SET", "a".repeat(limits.keyBytesMax), "v");
  const pattern = `*${"a".repeat(1000)}b`;
  const error = `-TOO_LARGE the pattern takes more than ${limits.globStepsMax} steps on one key`;
  assert.equal(c.run("SCAN", 0, "MATCH", pattern), error);
  assert.equal(c.run("KEYS", pattern), error);
});
