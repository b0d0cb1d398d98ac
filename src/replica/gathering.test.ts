import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Gathering } from "./gathering.ts";

/** Lets turns pass until an entry of so many writes leaves. Returns how many there were. */
function turnsUntilOver(gathering: Gathering, writes: number): number {
  let turns = 0;
  while (!gathering.isOver(writes)) {
    gathering.passTurn();
    turns++;
  }
  gathering.left(writes);
  return turns;
}

test("one client alone never waits", () => {
  const gathering = new Gathering();
  for (let i = 0; i < 100; i++) {
    assert.equal(turnsUntilOver(gathering, 1), 0);
    gathering.answered(1, 0);
  }
});

test("who has just been answered is waited for by those who wait already, and leaves with them", () => {
  const gathering = new Gathering();
  gathering.answered(25, 25);
  assert.ok(!gathering.isOver(25));
  gathering.passTurn();
  assert.ok(!gathering.isOver(49));
  gathering.passTurn();
  assert.ok(gathering.isOver(50));
  gathering.left(50);
  assert.ok(gathering.isOver(1), "nobody was answered since");
});

test("who does not come is waited for a bounded time, and ever more rarely", () => {
  const gathering = new Gathering();
  const waits: number[] = [];
  for (let entry = 0; entry < 1000; entry++) {
    gathering.answered(10, 10);
    if (turnsUntilOver(gathering, 10) > 0) waits.push(entry);
  }
  assert.ok(waits.length < 25, `${waits.length} of 1000 entries waited`);
  // They come again: waiting pays, and the next entries wait as well.
  let isAtOnce = true;
  for (let entry = 0; isAtOnce && entry < 100; entry++) {
    gathering.answered(10, 10);
    isAtOnce = gathering.isOver(10);
    gathering.passTurn();
    gathering.left(20);
  }
  gathering.answered(10, 10);
  assert.ok(!gathering.isOver(10));
});
