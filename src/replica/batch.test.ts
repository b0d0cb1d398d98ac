import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchReader, writeBatchTime } from "../engine/batch.ts";
import { encodeArguments } from "../engine/transaction.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { Batch, Slab } from "./batch.ts";
import type { Origin } from "./contract.ts";

const nobody: Origin = {
  out: new ReplyWriter(),
  isGone: true,
  isWaiting: false,
  perform() {},
  settled() {},
  drain() {},
};

/** Sealed batches out of one slab, each with a SET of its number. */
function batches(count: number): Batch[] {
  const slab = new Slab();
  return Array.from({ length: count }, (_, i) => {
    const batch = new Batch(slab);
    const words = ["SET", "key", String(i)].map((word) => Buffer.from(word));
    batch.addWrite(encodeArguments(words), 3, nobody);
    batch.seal();
    return batch;
  });
}

/** What an entry with this payload says. */
function said(payload: Buffer): unknown {
  const reader = new BatchReader();
  reader.begin(payload);
  const { session, sequence, timeMs } = reader;
  assert.ok(reader.next());
  const command = { db: reader.db, value: reader.args.text(2) };
  assert.equal(reader.next(), false);
  return { session, sequence, timeMs, ...command };
}

test("numbers of any length stand in front of the writes, and touch no other batch", () => {
  const numbers = [
    { session: 1, sequence: 1 },
    { session: Number.MAX_SAFE_INTEGER, sequence: Number.MAX_SAFE_INTEGER },
    { session: 1, sequence: Number.MAX_SAFE_INTEGER },
    { session: 12_345, sequence: 678 },
  ];
  const all = batches(numbers.length);
  // The last one first: what is in front of it is another one's.
  for (const i of [3, 1, 0, 2]) all[i]!.number(numbers[i]!.session, numbers[i]!.sequence);
  all.forEach((batch, i) => {
    const { session, sequence } = numbers[i]!;
    assert.deepEqual(said(batch.payload), { session, sequence, timeMs: 0, db: 3, value: String(i) });
    const place = batch.placeOf(0);
    assert.equal(batch.payload[place], 3);
    assert.equal(batch.payload.toString("latin1", place + 1, place + 5), "*3\r\n");
  });
});

test("a number that is free again leaves nothing behind, and another one takes its place", () => {
  const [, batch] = batches(3);
  writeBatchTime(batch!.payload, 5);
  batch!.number(123_456_789, 1);
  writeBatchTime(batch!.payload, 7);
  batch!.forgetNumber();
  assert.deepEqual(said(batch!.payload), { session: 0, sequence: 0, timeMs: 0, db: 3, value: "1" });
  batch!.number(9, 2);
  assert.deepEqual(said(batch!.payload), { session: 9, sequence: 2, timeMs: 0, db: 3, value: "1" });
});

test("what is in a log stays as it is when the batch is proposed again", () => {
  const [batch] = batches(1);
  batch!.number(7, 1);
  const first = batch!.takePayload();
  writeBatchTime(first, 1_000);
  batch!.isLogged = true;
  const logged = Buffer.from(first);
  writeBatchTime(batch!.takePayload(), 2_000);
  assert.deepEqual(first, logged);
});

test("reads alone take no room from the entries between them", () => {
  const slab = new Slab();
  const get = encodeArguments(["GET", "key"].map((word) => Buffer.from(word)));
  const set = encodeArguments(["SET", "key", "1"].map((word) => Buffer.from(word)));
  const payloads = [0, 1].map(() => {
    for (let i = 0; i < 50_000; i++) {
      const reads = new Batch(slab);
      reads.addRead(get, 0, nobody, "linearizable", 0);
      reads.seal();
    }
    const batch = new Batch(slab);
    batch.addWrite(set, 0, nobody);
    batch.seal();
    return batch.payload;
  });
  assert.ok(payloads[0]!.buffer === payloads[1]!.buffer, "one slab for both");
});
