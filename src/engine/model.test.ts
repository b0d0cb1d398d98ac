import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Pair, type Step, steps } from "../../test/engine-steps.ts";

function play(pair: Pair, taken: readonly Step[]): void {
  for (const take of taken) take(pair);
  pair.check();
  // What is left expires in the order of its deadlines.
  pair.advance(1500);
  for (const most of [7, 100, 100_000]) {
    pair.expire(most);
    pair.check();
  }
}

test("the engine answers and holds what a Map for each database does, over long random histories", () => {
  const history = fc.array(steps, { minLength: 50, maxLength: 400, size: "max" });
  fc.assert(
    fc.property(history, (taken) => play(new Pair(), taken)),
    { numRuns: 25, interruptAfterTimeLimit: 100_000 },
  );
});

test("it does so too while the records of sparse pages are moved together", () => {
  const history = fc.array(steps, { minLength: 50, maxLength: 200, size: "max" });
  fc.assert(
    fc.property(history, fc.integer({ min: 3, max: 6 }), (taken, kept) => {
      const pair = new Pair();
      const value = "x".repeat(900);
      for (let i = 0; i < 16_000; i++) pair.run("SET", `key:${i}`, value, "PX", String(1 + (i % 7000)));
      for (let i = 0; i < 16_000; i++) if (i % kept !== 0) pair.run("DEL", `key:${i}`);
      const { arena } = pair.client.engine.keyspaces[0]!;
      assert.ok(arena.residentBytes - arena.usedBytes < 9.5e6, "pages were given back");
      play(pair, taken);
    }),
    { numRuns: 4, interruptAfterTimeLimit: 60_000 },
  );
});
