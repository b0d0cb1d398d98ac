import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, SetBatch } from "./set-batch.ts";

const value = `$64\r\n${"x".repeat(64)}\r\n`;

test("keys are those that redis-benchmark picks", () => {
  assert.equal(keyOf(42), "key:000000000042");
});

test("a batch holds one SET for each key, and only its digits change", () => {
  const batch = new SetBatch(3, false);
  const set = (digits: string): string => `*3\r\n$3\r\nSET\r\n$16\r\nkey:${digits}\r\n${value}`;
  assert.equal(batch.commands(98, 2).toString(), set("000000000098") + set("000000000099"));
  assert.equal(
    batch.commands(19_999_999, 3).toString(),
    set("000019999999") + set("000020000000") + set("000020000001"),
  );
});

test("with deadlines every second key has one, of its own", () => {
  const text = new SetBatch(4, true).commands(1_000, 4).toString();
  const deadlines = [
    ...text.matchAll(/\*5\r\n\$3\r\nSET\r\n\$16\r\nkey:(\d+)\r\n.*\r\nx+\r\n\$2\r\nEX\r\n\$6\r\n(\d+)\r\n/g),
  ];
  assert.deepEqual(
    deadlines.map((match) => match[1]),
    ["000000001000", "000000001002"],
  );
  const seconds = deadlines.map((match) => Number(match[2]));
  assert.ok(seconds.every((each) => each >= 100_000) && seconds[0] !== seconds[1], String(seconds));
  assert.equal(text.match(/\*3\r\n/g)?.length, 2);
});

test("a batch refuses what it cannot hold", () => {
  assert.throws(() => new SetBatch(2, false).commands(0, 3), /only so many/);
  assert.throws(() => new SetBatch(2, true).commands(1, 1), /even/);
});
