import assert from "node:assert/strict";
import { test } from "node:test";
import { hasChanged, type Operation } from "../history.ts";
import { Prng } from "../prng.ts";
import { checkHistory } from "./history.ts";
import { RightHistory } from "./right-history.ts";

const tolerance = { drift: 0, lateMs: 0 };

function textsOf(history: readonly Operation[]): string[] {
  return [...checkHistory(history, { tolerance })].flatMap(({ name, violations }) =>
    violations.map(({ text }) => `${name}: ${text}`),
  );
}

/** One of the operations that this holds for, changed; undefined where there is none. */
function changed(
  history: readonly Operation[],
  random: Prng,
  holds: (operation: Operation) => boolean,
  change: (operation: Operation) => Operation,
): Operation[] | undefined {
  const candidates = history.filter(holds);
  if (candidates.length === 0) return undefined;
  const chosen = random.pick(candidates);
  return history.map((operation) => (operation === chosen ? change(operation) : operation));
}

test("right histories of every kind are accepted", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { operations } = new RightHistory(seed, 150);
    assert.deepEqual(textsOf(operations), [], `seed ${seed}`);
  }
});

test("a value that never was is found, in every mode of reading", () => {
  for (const mode of ["linearizable", "quorum", "stale"] as const) {
    for (let seed = 1; seed <= 30; seed++) {
      const { operations } = new RightHistory(seed, 150);
      const isRead = (one: Operation): boolean =>
        one.mode === mode && one.action.type === "get" && one.outcome === "known";
      const wrong = changed(operations, new Prng(seed), isRead, (one) => ({ ...one, reply: "never" }));
      assert.match(textsOf(wrong!).join("\n"), /"never"/, `${mode}, seed ${seed}`);
    }
  }
});

test("a revision that two writes have, or that comes too early, is found", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { operations } = new RightHistory(seed, 150);
    const isLate = (one: Operation): boolean =>
      one.outcome === "known" && hasChanged(one) === true && one.start > 50_000;
    const wrong = changed(operations, new Prng(seed), isLate, (one) => ({ ...one, revision: 1 }));
    assert.match(textsOf(wrong!).join("\n"), /revisions: (?:Two writes|A later write)/, `seed ${seed}`);
  }
});
