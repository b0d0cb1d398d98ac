import assert from "node:assert/strict";
import { test } from "node:test";
import { startKvorum } from "../peers/kvorum.ts";
import { clientLoad } from "./client-load.ts";
import type { ClientKind } from "./clients.ts";
import { fill } from "./fill.ts";

const kinds: readonly ClientKind[] = [
  "kvorum",
  "kvorum-stale",
  "kvorum-stale-leader",
  "ioredis",
  "node-redis",
  "unpooled",
];

test("each client takes a load, and its operations are counted and weighed", async () => {
  await using server = await startKvorum();
  await fill(server, { from: 0, to: 10 });
  for (const client of kinds)
    for (const command of ["set", "get"] as const) {
      const load = { client, command, callers: 3, keys: 10, requests: 60 };
      const seen = await clientLoad([server.port], load);
      assert.ok(seen.opsPerSecond > 0 && seen.latencyMs.p50 > 0 && seen.cpuMicrosPerOp > 0, client);
      assert.ok(seen.allocatedBytesPerOp > 100, `${client} has allocated ${seen.allocatedBytesPerOp} bytes`);
    }
});

test("a key that does not exist is no answer", async () => {
  await using server = await startKvorum();
  const load = { client: "kvorum", command: "get", callers: 1, keys: 10, requests: 10 } as const;
  await assert.rejects(clientLoad([server.port], load), /does not exist/);
});
