import assert from "node:assert/strict";
import { test } from "node:test";
import { Running } from "../command-line.ts";
import { requireProgram } from "../programs.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

const benchmark = requireProgram("redis-benchmark");

const rows = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"];

const ways: readonly (readonly [how: string, options: readonly string[]])[] = [
  ["one command at a time", []],
  ["16 commands at a time", ["-P", "16"]],
  ["16 commands at a time in RESP3", ["-P", "16", "-3"]],
  ["many keys and large values", ["-r", "1000", "-d", "2000"]],
];

for (const [how, options] of ways) {
  test(`redis-benchmark, ${how}`, benchmark, async () => {
    await using node = await SpawnedNode.start();
    const tests = "ping_inline,ping_mbulk,set,get,incr,mset";
    const running = new Running(
      benchmark.path,
      ["-p", String(node.port), "-t", tests, "-n", "3000", "-q", ...options],
      {},
    );
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [0, ""], stdout);
    for (const row of rows) {
      const escaped = row.replace(/[()]/g, "\\$&");
      const [, rate] = new RegExp(`${escaped}: ([\\d.]+) requests per second`).exec(stdout) ?? [];
      assert.ok(Number(rate) > 100, `${row} in ${stdout}`);
    }
    using client = await RawClient.connect(node.port);
    // Whole pipelines are sent, so that the last may go over the number asked for.
    const fixed = Number(await client.call("GET", "counter:__rand_int__"));
    if (options.includes("-r")) assert.ok(Number(await client.call("DBSIZE")) > 1_000);
    else assert.ok(fixed >= 3_000 && fixed < 3_016, String(fixed));
  });
}
