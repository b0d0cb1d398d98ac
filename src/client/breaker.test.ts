import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "./breaker.ts";

test("each failure makes the rest twice as long, up to a bound; one attempt goes first, and a success ends it", () => {
  const breaker = new Breaker(() => 0.5);
  assert.ok(breaker.tries(0) && breaker.isClosed);
  let nowMs = 0;
  const rests: number[] = [];
  for (let failure = 0; failure < 10; failure++) {
    breaker.failed(nowMs);
    assert.ok(!breaker.isClosed && breaker.isResting(nowMs) && !breaker.tries(nowMs));
    const sinceMs = nowMs;
    while (breaker.isResting(nowMs)) nowMs++;
    rests.push(nowMs - sinceMs);
    assert.ok(breaker.tries(nowMs), "the first one tries");
    assert.ok(!breaker.tries(nowMs), "and nobody beside it");
  }
  assert.deepEqual(rests, [50, 100, 200, 400, 800, 1_600, 3_200, 4_000, 4_000, 4_000]);
  breaker.succeeded();
  assert.ok(breaker.isClosed && breaker.tries(nowMs) && breaker.tries(nowMs));
});

test("clients that lost a node together do not come back together", () => {
  const rests = [0, 0.25, 0.99].map((chance) => {
    const breaker = new Breaker(() => chance);
    breaker.failed(0);
    let nowMs = 0;
    while (breaker.isResting(nowMs)) nowMs++;
    return nowMs;
  });
  assert.deepEqual(rests, [25, 38, 75]);
});
