import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { testBesideRedis } from "../../../test/server-harness.ts";
import { limits } from "../../base/limits.ts";
import { LatencyEvent } from "../latency.ts";

testBesideRedis({
  "LATENCY of nothing": [
    "latency latest",
    "latency history command",
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
