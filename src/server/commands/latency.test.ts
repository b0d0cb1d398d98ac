import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";
import { LatencyEvent } from "../latency.ts";
import { drawing } from "./latency-words.ts";

testBesideRedis({
  "LATENCY of nothing": [
    "latency latest",
    "latency history command",
    "latency graph nonsense",
    "latency reset",
    "latency reset command nonsense",
    "latency",
    "latency nonsense",
    "latency history",
    "latency latest x",
  ],
});

test("a command over the threshold is an event, and one below is none", async () => {
  await using node = await LiveServer.start({ latencyThresholdMs: 20 });
  using client = await RawClient.connect(node.port);
  const before = Math.floor(Date.now() / 1000);
  await client.call("debug", "sleep", "0.001");
  assert.deepEqual(await client.call("latency", "latest"), []);
  await client.call("debug", "sleep", "0.03");
  const [latest] = (await client.call("latency", "latest")) as [[string, number, number, number]];
  const [name, seconds, latestMs, worstMs] = latest;
  assert.equal(name, "command");
  assert.ok(seconds >= before && seconds <= Date.now() / 1000);
  assert.ok(latestMs >= 29 && worstMs === latestMs, `${latestMs} ${worstMs}`);
  assert.deepEqual(await client.call("latency", "history", "command"), [[seconds, latestMs]]);
  assert.deepEqual(await client.call("latency", "history", "fast-command"), []);
  assert.equal(await client.call("latency", "reset", "fast-command"), 0);
  assert.equal(await client.call("latency", "reset", "command"), 1);
  assert.deepEqual(await client.call("latency", "latest"), []);
});

test("LATENCY GRAPH draws a bar for each sample, the latest at the right", () => {
  const event = new LatencyEvent("command");
  [10, 40, 1, 21].forEach((latencyMs, second) => {
    event.add(second, latencyMs);
  });
  assert.equal(drawing(event), "command: up to 40 ms\n #\n # #\n # #\n####\n");
});

test("LATENCY DOCTOR tells in words what was slow", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  const doctor = (): Promise<unknown> => client.call("latency", "doctor");
  assert.match(String(await doctor()), /^Nothing is noted: /);
  await client.call("config", "set", "latency-monitor-threshold", "500");
  assert.equal(await doctor(), "Nothing took 500 ms or longer.\n");
  await client.call("config", "set", "latency-monitor-threshold", "15");
  await client.call("latency", "reset");
  await client.call("debug", "sleep", "0.02");
  assert.match(
    String(await doctor()),
    /^command: 1 slow seconds within 1 s, (\d+) ms on average, \1 ms at worst\.\nSLOWLOG /,
  );
  assert.match(String(await client.call("latency", "graph", "command")), /^command: up to \d+ ms\n(#\n){4}$/);
});

test("without a threshold nothing is noted", async () => {
  await using node = await LiveServer.start({ latencyThresholdMs: 0 });
  using client = await RawClient.connect(node.port);
  await client.call("debug", "sleep", "0.02");
  assert.equal(await client.call("latency", "reset"), 0);
});

test("an event keeps the worst of each second, the latest of them, and the worst of all", () => {
  const event = new LatencyEvent("command");
  event.add(1, 900);
  event.add(1, 30);
  assert.deepEqual(event.samples, [{ seconds: 1, latencyMs: 900 }]);
  for (let second = 2; second <= limits.latencySamples + 1; second++) event.add(second, second);
  assert.equal(event.samples.length, limits.latencySamples);
  assert.deepEqual(event.samples[0], { seconds: 2, latencyMs: 2 });
  assert.equal(event.latest.latencyMs, limits.latencySamples + 1);
  assert.equal(event.worstMs, 900);
});
