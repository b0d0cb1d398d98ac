import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { duplexTwin } from "./duplex-twin.ts";
import { Filler } from "./filler.ts";

const options = { keysPerBatch: 2, batchesInFlight: 2, withDeadlines: false };

test("so many batches are on their way, and a new one goes when the oldest is acknowledged", async () => {
  const { socket } = duplexTwin();
  const filler = new Filler(socket, options, () => socket.emit("taken"));
  filler.send(0, 2);
  assert.ok(filler.hasRoom);
  filler.send(2, 2);
  assert.ok(!filler.hasRoom);
  await push("+OK\r\n+O");
  assert.equal(filler.acknowledgedKeys, 1);
  assert.ok(!filler.hasRoom, "half a batch frees nothing");
  await push("K\r\n");
  assert.equal(filler.acknowledgedKeys, 2);
  assert.ok(filler.hasRoom);

  async function push(text: string): Promise<void> {
    socket.push(text);
    await once(socket, "taken");
  }
});

test("an answer that is not OK ends the fill", async () => {
  const { socket } = duplexTwin();
  const filler = new Filler(socket, options, () => {});
  filler.send(0, 1);
  const data = socket.listeners("data")[0] as (chunk: Buffer) => void;
  assert.throws(() => data(Buffer.from("-OOM command not allowed\r\n")), /answered with "-OOM command/);
});
