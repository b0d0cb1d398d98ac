import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { startRedis } from "../peers/redis.ts";
import { parseCsv, redisBenchmark, redisBenchmarkCommand } from "./redis-benchmark.ts";

const redisBenchmarkProgram = requireProgram("redis-benchmark");
const load = {
  command: "set",
  connections: 2,
  pipeline: 4,
  keys: 100,
  valueBytes: 64,
  requests: 2_000,
} as const;

const head =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"';

test("the one result is read, whatever is printed around it", () => {
  const output = `WARNING: Could not fetch server CONFIG\n${head}\n"SET","88417.33","0.302","0.080","0.287","0.415","0.543","3.639"\n`;
  assert.deepEqual(parseCsv(output), {
    opsPerSecond: 88_417.33,
    latencyMs: { p50: 0.287, p95: 0.415, p99: 0.543, max: 3.639 },
  });
});

test("anything but one result is an error that shows it", () => {
  assert.throws(() => parseCsv("Could not connect to Redis\n"), /something else[\s\S]*Could not connect/);
  assert.throws(() => parseCsv(`${head}\n"SET","1"\n"GET","2"\n`), /something else/);
  assert.throws(() => parseCsv(`${head}\n"SET","many"\n`), /printed no rps/);
});

test("the command says all that matters", () => {
  assert.equal(
    redisBenchmarkCommand("6379", load).join(" "),
    "redis-benchmark -p 6379 -t set -d 64 -r 100 -c 2 -P 4 -n 2000 --precision 3 --csv",
  );
});

test("the installed redis-benchmark is understood", redisBenchmarkProgram, async () => {
  await using server = await startRedis();
  const measured = await redisBenchmark(server, load);
  assert.ok(measured.opsPerSecond > 0);
  assert.ok(measured.latencyMs.p50 <= measured.latencyMs.max);
  assert.ok(measured.cpuMicrosPerOp >= 0 && measured.serverBusy >= 0);
});
