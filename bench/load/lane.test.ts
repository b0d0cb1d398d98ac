import assert from "node:assert/strict";
import { test } from "node:test";
import { duplexTwin } from "./duplex-twin.ts";
import { Lane } from "./lane.ts";

const bytes = Buffer.from("request");
const value = `$64\r\n${"v".repeat(64)}\r\n`;

test("requests leave without waiting, and latency counts from the time they were meant to leave", async () => {
  const { socket, written, answer } = duplexTwin();
  const latencies: number[] = [];
  const lane = new Lane(socket, (latencyMs) => latencies.push(latencyMs));
  const now = performance.now();
  for (const lateMs of [5_000, 3_000]) lane.send({ bytes, kind: "set", intendedMs: now - lateMs });
  assert.equal(written.length, 2);
  assert.ok(!lane.isIdle);
  await answer("+OK\r\n+OK\r\n");
  assert.ok(latencies[0]! >= 5_000 && latencies[1]! >= 3_000, String(latencies));
  assert.ok(lane.isIdle);
});

test("answers are told apart wherever the bytes are split", async () => {
  const text = `${value}+OK\r\n`;
  for (let split = 1; split < text.length; split++) {
    const { socket, answer } = duplexTwin();
    let answers = 0;
    const lane = new Lane(socket, () => answers++);
    for (const kind of ["get", "set"] as const) lane.send({ bytes, kind, intendedMs: 0 });
    for (const part of [text.slice(0, split), text.slice(split)]) await answer(part);
    assert.equal(answers, 2, `split at ${split}`);
  }
});

test("an error, a missing key, or an answer that nobody asked for ends the load", () => {
  const receive = (answer: string, asked: boolean): void => {
    const { socket } = duplexTwin();
    const lane = new Lane(socket, () => {});
    if (asked) lane.send({ bytes, kind: "get", intendedMs: 0 });
    const data = socket.listeners("data")[0] as (chunk: Buffer) => void;
    data(Buffer.from(answer));
  };
  assert.throws(() => receive("-ERR no\r\n", true), /unexpected answer: "-ERR no/);
  assert.throws(() => receive("$-1\r\n", true), /unexpected answer: "\$-1/);
  assert.throws(() => receive("+OK\r\n", false), /unexpected answer/);
});
