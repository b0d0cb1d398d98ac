import assert from "node:assert/strict";
import { test } from "node:test";
import { duplexTwin } from "./duplex-twin.ts";
import { Filler } from "./filler.ts";

const options = { keysPerBatch: 2, batchesInFlight: 2, withDeadlines: false };

test("so many batches are on their way, and a new one goes when the oldest is acknowledged", async () => {
  const { socket, answer } = duplexTwin();
  let acknowledged = 0;
  const filler = new Filler(socket, options, () => acknowledged++);
  filler.send(0, 2);
  assert.ok(filler.hasRoom);
  filler.send(2, 2);
  assert.ok(!filler.hasRoom);
  await answer("+OK\r\n+O");
  assert.equal(filler.acknowledgedKeys, 1);
  assert.ok(!filler.hasRoom, "half a batch frees nothing");
  await answer("K\r\n");
  assert.equal(filler.acknowledgedKeys, 2);
  assert.ok(filler.hasRoom);
  assert.equal(acknowledged, 2);
});

test("an answer that is not OK ends the fill", async () => {
  const { socket } = duplexTwin();
  const filler = new Filler(socket, options, () => {});
  filler.send(0, 1);
  const data = socket.listeners("data")[0] as (chunk: Buffer) => void;
  assert.throws(() => data(Buffer.from("-OOM command not allowed\r\n")), /answered with "-OOM command/);
});
