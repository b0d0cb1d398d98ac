import assert from "node:assert/strict";
import { test } from "node:test";
import { killAgainAndAgain } from "./kill-loop.ts";

test("so does one that takes snapshots and drops its log all the time, killed 100 times", async (t) => {
  const seed = Date.now() & 0xffff;
  t.diagnostic(`seed ${seed}`);
  const sets = await killAgainAndAgain({ rounds: 100, seed, options: ["--snapshot-log-size", "100kb"] });
  assert.ok(sets > 2_000, `${sets} acknowledged writes`);
});

test("with fsync interval the end of the process loses nothing either", async (t) => {
  const seed = Date.now() & 0xffff;
  t.diagnostic(`seed ${seed}`);
  const sets = await killAgainAndAgain({ rounds: 15, seed, options: ["--fsync", "interval"] });
  assert.ok(sets > 300, `${sets} acknowledged writes`);
});
