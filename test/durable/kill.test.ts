import assert from "node:assert/strict";
import { test } from "node:test";
import { killAgainAndAgain } from "./kill-loop.ts";

test("a node that is killed 110 times under load keeps all that it acknowledged", async (t) => {
  const seed = Date.now() & 0xffff;
  t.diagnostic(`seed ${seed}`);
  const sets = await killAgainAndAgain({ rounds: 110, seed, options: [] });
  assert.ok(sets > 2_000, `${sets} acknowledged writes`);
});
