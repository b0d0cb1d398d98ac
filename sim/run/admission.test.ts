import assert from "node:assert/strict";
import { test } from "node:test";
import { type End, mayHear } from "./admission.ts";

/** An end whose configuration of this entry names these members and their incarnations. */
function end(id: string, incarnation: string, index: number, abouts: Record<string, string>): End {
  const members = Object.entries(abouts).map(([name, about]) => ({ id: name, isVoter: true, about }));
  return { id, incarnation, placed: { index, configuration: { members } } };
}

const before = { n1: "1", n2: "1", n3: "1" };
const after = { ...before, n2: "2" };

test("members hear each other, and a node that knows no members hears and is heard", () => {
  const empty = end("n4", "1", 0, {});
  assert.ok(mayHear(end("n1", "1", 5, before), end("n2", "1", 5, before), false));
  assert.ok(mayHear(empty, end("n1", "1", 5, before), false));
  assert.ok(mayHear(end("n1", "1", 5, before), empty, true));
});

test("an empty node under a known name is not asked for its former self's vote, and not heard", () => {
  const again = end("n2", "2", 0, {});
  const other = end("n1", "1", 5, before);
  assert.ok(!mayHear(again, other, false));
  assert.ok(!mayHear(other, again, false));
  assert.ok(!mayHear(other, again, true));
});

test("who was away while a node began anew hears it, asks nobody of that name, and answers", () => {
  const [away, again] = [end("n3", "1", 5, before), end("n2", "2", 9, after)];
  assert.ok(mayHear(away, again, false));
  assert.ok(!mayHear(again, away, false));
  assert.ok(mayHear(again, away, true));
});

test("the former self is heard by nobody who knows of the new one", () => {
  assert.ok(!mayHear(end("n1", "1", 9, after), end("n2", "1", 5, before), false));
});
