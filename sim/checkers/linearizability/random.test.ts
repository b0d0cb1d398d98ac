import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeyAction, Operation, PartReply } from "../../history.ts";
import { Prng } from "../../prng.ts";
import { checkLinearizability } from "./index.ts";

/** The plainest model of one key, for the plainest judge: it shares nothing with the checker. */
type Value = string | null;

function run(value: Value, action: KeyAction): { value: Value; reply: PartReply } {
  switch (action.type) {
    case "get":
      return { value, reply: value };
    case "set":
      return { value: action.argument, reply: "OK" };
    case "cas":
      return value === action.argument[0]
        ? { value: action.argument[1], reply: "OK" }
        : { value, reply: null };
    case "incr":
      if (!/^(?:0|[1-9]\d*)$/.test(value ?? "0")) return { value, reply: { error: "" } };
      return { value: String(Number(value) + action.argument), reply: Number(value) + action.argument };
    case "append":
      return { value: (value ?? "") + action.argument, reply: (value ?? "").length + action.argument.length };
    default:
      return { value: null, reply: value === null ? 0 : 1 };
  }
}

/** Tries every order of every choice of unknown operations. */
function isLinearizable(history: readonly Operation[], value: Value = null): boolean {
  const known = history.filter(({ outcome }) => outcome === "known");
  if (known.length === 0) return true;
  return history.some((operation) => {
    if (known.some(({ end }) => end < operation.start)) return false;
    const after = run(value, operation.action as KeyAction);
    const isSame = JSON.stringify(after.reply) === JSON.stringify(operation.reply);
    if (operation.outcome === "known" && !isSame) return false;
    return isLinearizable(
      history.filter((other) => other !== operation),
      after.value,
    );
  });
}

function drawAction(random: Prng): KeyAction {
  const key = "x";
  const digit = (): string => String(random.below(3));
  const type = random.pick(["get", "get", "set", "cas", "incr", "append", "del"] as const);
  switch (type) {
    case "set":
    case "append":
      return { type, key, argument: digit() };
    case "cas":
      return { type, key, argument: [random.chance(0.3) ? null : digit(), digit()] };
    case "incr":
      return { type, key, argument: 1 };
    default:
      return { type, key };
  }
}

/** What a right store answers: each operation happens at one moment between its start and its end, or never. */
function rightHistory(random: Prng, count: number, overlap: number, unknowns: number): Operation[] {
  let value: Value = null;
  return Array.from({ length: count }, (_, position) => {
    const action = drawAction(random);
    const moment = position * 10;
    const isUnknown = random.chance(unknowns);
    const isApplied = !isUnknown || random.chance(0.5);
    const after = isApplied ? run(value, action) : { value, reply: null };
    value = after.value;
    return {
      ...{ process: `p${position % 5}`, position, action, mode: "linearizable" },
      ...{ outcome: isUnknown ? "unknown" : "known", reply: isUnknown ? null : after.reply },
      ...{ start: Math.max(0, moment - random.below(overlap)), end: moment + random.below(overlap) },
    } satisfies Operation;
  });
}

/** One thing changed that may make it wrong. */
function mutated(random: Prng, history: readonly Operation[]): Operation[] {
  const at = random.below(history.length);
  const operation = history[at]!;
  const known = history.filter(
    ({ outcome, action }) => outcome === "known" && action.type === operation.action.type,
  );
  const other = known.length === 0 ? operation : random.pick(known);
  switch (random.below(5)) {
    case 0:
      return history.filter((_, i) => i !== at);
    case 1:
      return history.with(at, { ...operation, start: operation.start + 40, end: operation.end + 40 });
    case 2:
      return history.with(at, { ...operation, action: { ...other.action } });
    default:
      return history.with(at, { ...operation, outcome: "known", reply: other.reply });
  }
}

function isAccepted(history: readonly Operation[]): boolean {
  return checkLinearizability(history).violations.length === 0;
}

test("small histories are judged as by trying every order", () => {
  const counts = { right: 0, wrong: 0 };
  for (let seed = 1; seed <= 4_000; seed++) {
    const random = new Prng(seed);
    const right = rightHistory(random, 2 + random.below(6), 2 + random.below(30), 0.2);
    assert.ok(isAccepted(right), `seed ${seed}: right as it was made\n${JSON.stringify(right)}`);
    const mutant = mutated(random, right);
    const expected = isLinearizable(mutant);
    counts[expected ? "right" : "wrong"]++;
    assert.equal(isAccepted(mutant), expected, `seed ${seed}\n${JSON.stringify(mutant)}`);
  }
  assert.ok(counts.right > 500 && counts.wrong > 500, JSON.stringify(counts));
});

test("long histories with many clients at once and unknown outcomes are accepted", () => {
  for (let seed = 1; seed <= 30; seed++) {
    assert.ok(isAccepted(rightHistory(new Prng(seed), 400, 60, 0.05)), `seed ${seed}`);
  }
});

test("a stale value in a long history is found", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Prng(seed);
    const history = rightHistory(random, 400, 30, 0);
    const last = history.at(-1)!.end;
    const read = {
      ...history[0]!,
      position: 400,
      action: { type: "get", key: "x" },
      reply: "never",
    } as const;
    assert.ok(!isAccepted([...history, { ...read, start: last + 1, end: last + 2 }]), `seed ${seed}`);
  }
});

test("100,000 operations on one key are a matter of seconds, right or wrong", () => {
  const start = performance.now();
  assert.ok(isAccepted(rightHistory(new Prng(1), 100_000, 12, 0.0005)));
  const history = rightHistory(new Prng(2), 100_000, 12, 0);
  const at = history.findLastIndex(({ action, reply }) => action.type === "get" && reply !== null);
  const wrong = history.with(at, { ...history[at]!, reply: "never" });
  assert.match(checkLinearizability(wrong).violations[0]!.text, /✗ p\d get x → "never"/);
  const ms = performance.now() - start;
  assert.ok(ms < 120_000, `${ms} ms, on a machine that may be busy`);
});

test("a wrong history with unknown outcomes is decided", () => {
  const history = rightHistory(new Prng(3), 2_000, 12, 0.004);
  const at = history.findLastIndex(({ action, reply }) => action.type === "get" && reply !== null);
  const wrong = history.with(at, { ...history[at]!, reply: "never" });
  assert.match(checkLinearizability(wrong).violations[0]!.text, /✗ p\d get x → "never"/);
});
