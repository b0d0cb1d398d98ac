import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fifo } from "./fifo.ts";

test("items leave in the order in which they came, whatever the mix of both", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const [i, isPush] of steps.entries()) {
        if (isPush) {
          fifo.push(i);
          model.push(i);
        } else {
          assert.equal(fifo.shift(), model.shift());
        }
        assert.equal(fifo.size, model.length);
        assert.equal(fifo.peek(), model[0]);
      }
    }),
  );
});

test("a queue that never gets empty does not grow", () => {
  const fifo = new Fifo<number>();
  fifo.push(0);
  // Kept slots would make this quadratic, or fill the memory.
  for (let i = 1; i < 1_000_000; i++) {
    fifo.push(i);
    assert.equal(fifo.shift(), i - 1);
  }
  assert.equal(fifo.size, 1);
});
