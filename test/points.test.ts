import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stormFaults } from "../sim/knobs.ts";
import { points } from "../src/base/points.ts";
import { observeReached, reached } from "../src/base/reached.ts";

const source = join(import.meta.dirname, "../../src");

/** The names in all calls of `reached`, where what is called with is written in place. */
function namesIn(text: string): string[] {
  const calls = [...text.matchAll(/\breached\(([^;]*?)\);/g)].map(([, inside]) => inside!);
  return calls.flatMap((inside) => [...inside.matchAll(/"([^"]+)"/g)].map(([, name]) => name!));
}

/** Words in the comparisons of such calls, which are no names of states. */
const otherWords = new Set(["candidate"]);

test("each named state stands in its file, once, and nothing else is said to be reached", () => {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const names = namesIn(readFileSync(join(source, file), "utf8")).filter((name) => !otherWords.has(name));
    if (names.length > 0) found.set(file.replaceAll("\\", "/"), names.sort());
  }
  const expected = Object.entries(points).map(([file, names]) => [file, Object.keys(names).sort()] as const);
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
  const all = expected.flatMap(([, names]) => names);
  assert.equal(new Set(all).size, all.length, "a name stands for one state");
});

test("each point of the checklist, and each kind of fault that a storm has, leads to a state that is named", () => {
  const causes: readonly (number | string)[] = Object.values(points)
    .flatMap((names) => Object.values(names))
    .flatMap(({ of }) => of);
  const missing = Array.from({ length: 25 }, (_, i) => i + 1).filter((item) => !causes.includes(item));
  assert.deepEqual(missing, []);
  assert.deepEqual(
    stormFaults.filter((fault) => !causes.includes(fault)),
    [],
  );
});

test("whoever observes is told of each state, and of none afterwards", () => {
  const told: string[] = [];
  reached("leader-gone");
  observeReached((point) => told.push(point));
  reached("leader-gone");
  reached("torn-tail-cut");
  observeReached(undefined);
  reached("leader-gone");
  assert.deepEqual(told, ["leader-gone", "torn-tail-cut"]);
});
