import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Runs } from "./runs.ts";

/** The same as a plain list of what was written, with its sequence. */
class Twin {
  readonly runs = new Runs();
  live: { term: number; index: number; sequence: number }[] = [];
  before = { term: 0, index: 0 };
  sequence = 0;

  constructor() {
    this.runs.reset(this.before);
  }

  get lastIndex(): number {
    return this.before.index + this.live.length;
  }

  add(index: number, term: number): void {
    this.live.length = index - this.before.index - 1;
    this.live.push({ term, index, sequence: ++this.sequence });
    this.runs.add(term, index, this.sequence);
  }

  reset(index: number, term: number): void {
    this.sequence++;
    this.live = [];
    this.before = { term, index };
    this.runs.reset(this.before);
  }

  dropBefore(sequence: number): void {
    while (this.live.length > 0 && this.live[0]!.sequence < sequence) this.before = this.live.shift()!;
    this.runs.dropBefore(sequence);
  }

  check(): void {
    const { runs, live, before } = this;
    assert.equal(runs.firstIndex, before.index + 1);
    assert.equal(runs.lastIndex, this.lastIndex);
    assert.equal(runs.nextIndex, this.lastIndex + 1);
    assert.equal(runs.lastTerm, live.at(-1)?.term ?? before.term);
    assert.equal(runs.termOf(before.index), before.term);
    assert.equal(runs.termOf(before.index - 1), undefined);
    assert.equal(runs.termOf(this.lastIndex + 1), undefined);
    for (const { index, term, sequence } of live) {
      assert.equal(runs.termOf(index), term);
      assert.equal(runs.sequenceOf(index), sequence);
      const end = runs.endOfRun(index);
      for (let i = index; i <= end; i++) {
        assert.equal(runs.termOf(i), term);
        assert.equal(runs.sequenceOf(i), sequence + i - index);
      }
    }
    for (let sequence = 0; sequence <= this.sequence; sequence++) {
      const written = live.filter((entry) => entry.sequence <= sequence);
      assert.equal(runs.indexAt(sequence), written.at(-1)?.index ?? before.index);
    }
  }
}

test("runs know what a list of all entries knows", () => {
  const step = fc.tuple(
    fc.constantFrom("add", "add", "add", "again", "reset", "drop"),
    fc.nat(30),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const twin = new Twin();
      let term = 1;
      for (const [what, number, isNewTerm] of steps) {
        if (isNewTerm) term++;
        if (what === "add") for (let i = 0; i <= number % 4; i++) twin.add(twin.lastIndex + 1, term);
        if (what === "again")
          twin.add(Math.max(twin.before.index + 1, twin.lastIndex + 1 - (number % 6)), ++term);
        if (what === "reset") twin.reset(twin.before.index + number, term);
        if (what === "drop") twin.dropBefore(twin.sequence - number);
        twin.check();
      }
    }),
    { numRuns: 500 },
  );
});

test("a log of which nothing is known takes any first entry", () => {
  const runs = new Runs();
  assert.equal(runs.nextIndex, undefined);
  assert.equal(runs.objection({ term: 3, index: 70 }), undefined);
  runs.add(3, 70, 900);
  assert.deepEqual([runs.firstIndex, runs.lastIndex, runs.termOf(69)], [70, 70, undefined]);
  // It may have been cut behind an entry that this one took the place of.
  assert.equal(runs.objection({ term: 4, index: 65 }), undefined);
  runs.add(4, 65, 901);
  assert.deepEqual([runs.firstIndex, runs.lastIndex, runs.sequenceOf(65)], [65, 65, 901]);
});

test("an entry that leaves a gap, or whose term goes back, is objected to", () => {
  const runs = new Runs();
  runs.reset({ term: 2, index: 10 });
  assert.equal(runs.objection({ term: 2, index: 12 }), "entry 12 follows entry 10");
  assert.equal(runs.objection({ term: 1, index: 11 }), "term 1 follows term 2");
  assert.equal(runs.objection({ term: 2, index: 0 }), "an entry before the first one");
  runs.add(2, 11, 1);
  runs.add(3, 12, 2);
  assert.equal(runs.objection({ term: 2, index: 13 }), "term 2 follows term 3");
  assert.equal(runs.objection({ term: 2, index: 12 }), undefined);
});

test("many entries of one term are one run", () => {
  const runs = new Runs();
  for (let i = 1; i <= 100_000; i++) runs.add(1, i, i + 5);
  assert.equal(runs.endOfRun(1), 100_000);
});
