import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RawClient } from "./raw-client.ts";
import { SpawnedNode } from "./spawned-node.ts";

/** The timer of the node's end of a connection, and in how many seconds it runs out (Linux, as /proc is read). */
function timerOf(port: number): { readonly kind: string; readonly seconds: number } {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const row = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, , state]) => local?.endsWith(`:${hex}`) && state === established);
  const [kind, ticks] = row![5]!.split(":");
  return { kind: kind!, seconds: Number.parseInt(ticks!, 16) / ticksPerSecond };
}

const established = "01";
const keepAlive = "02";
/** What Linux counts in for programs. */
const ticksPerSecond = 100;

test("silent connections are probed after --tcp-keepalive seconds", async () => {
  await using node = await SpawnedNode.start("--tcp-keepalive", "100");
  using client = await RawClient.connect(node.port);
  assert.equal(await client.call("PING"), "PONG");
  while (timerOf(node.port).kind !== keepAlive);
  const { seconds } = timerOf(node.port);
  assert.ok(seconds > 50 && seconds <= 100, `${seconds} s`);
});

test("and never with --tcp-keepalive 0", async () => {
  await using node = await SpawnedNode.start("--tcp-keepalive", "0");
  using client = await RawClient.connect(node.port);
  assert.equal(await client.call("PING"), "PONG");
  // Another timer may run first: that of an acknowledgement that is on its way.
  while (timerOf(node.port).kind !== "00") assert.notEqual(timerOf(node.port).kind, keepAlive);
});
