import assert from "node:assert/strict";
import { test } from "node:test";
import type { Batch } from "./batch.ts";
import { Proposals } from "./proposals.ts";
import { ReadRounds } from "./read-rounds.ts";

function sealed(): Batch {
  return new Proposals().seal(0);
}

test("a batch of reads is told which entry it has to see, by the answer to its own question", () => {
  const asked: number[] = [];
  const rounds = new ReadRounds((token) => asked.push(token));
  const [first, second] = [sealed(), sealed()];
  rounds.begin(first);
  rounds.begin(second);
  assert.deepEqual(asked, [1, 2]);
  rounds.confirmed(2, 8);
  assert.deepEqual([first.readIndex, second.readIndex], [Number.POSITIVE_INFINITY, 8]);
  // Told twice, of a question that has its answer.
  rounds.confirmed(2, 9);
  rounds.confirmed(1, 7);
  assert.deepEqual([first.readIndex, second.readIndex], [7, 8]);
});

test("who could not ask asks again, with another question: an answer to the first one counts no more", () => {
  const asked: number[] = [];
  const rounds = new ReadRounds((token) => asked.push(token));
  const batch = sealed();
  rounds.begin(batch);
  rounds.failed(1);
  assert.deepEqual(asked, [1]);
  rounds.repeat();
  rounds.repeat();
  assert.deepEqual(asked, [1, 2]);
  rounds.confirmed(1, 3);
  assert.equal(batch.readIndex, Number.POSITIVE_INFINITY);
  rounds.confirmed(2, 5);
  assert.equal(batch.readIndex, 5);
});

test("nobody asks again for those who were answered in the meantime", () => {
  const asked: number[] = [];
  const rounds = new ReadRounds((token) => asked.push(token));
  const batch = sealed();
  rounds.begin(batch);
  rounds.failed(1);
  batch.error = "CLUSTERDOWN";
  rounds.repeat();
  assert.deepEqual(asked, [1]);
});

test("a question that fails while it is being asked waits for its turn like any other one", () => {
  const asked: number[] = [];
  const rounds = new ReadRounds((token) => {
    asked.push(token);
    if (token < 3) rounds.failed(token);
  });
  const batch = sealed();
  rounds.begin(batch);
  rounds.repeat();
  assert.deepEqual(asked, [1, 2]);
  rounds.repeat();
  rounds.confirmed(3, 4);
  assert.equal(batch.readIndex, 4);
});
