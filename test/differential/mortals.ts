import { type Step, step, toBytes, type Word } from "./conversation.ts";
import type { Words } from "./words.ts";

/** Longer than a pipeline takes, shorter than anybody wants to wait. */
const spanMs = 30;

/** Commands after which all the keys will soon be gone, whatever they were before. */
export function mortals(words: Words): { readonly steps: readonly Step[]; readonly keys: readonly Buffer[] } {
  const names = [...new Set(words.keys(3))];
  const steps = names.flatMap((key) => words.chance.pick(ways)(key, words));
  if (!words.chance.percent(40)) return { steps, keys: names.map(toBytes) };
  // A copy and a new name keep the deadline.
  const [from, other] = [names[0]!, "another name"];
  const moved = words.chance.percent(50) ? step("COPY", from, other, "REPLACE") : step("RENAME", from, other);
  return { steps: [...steps, moved], keys: [...names, other].map(toBytes) };
}

type Way = (key: Word, words: Words) => readonly Step[];

const ways: readonly Way[] = [
  (key, words) => [step("SET", key, words.value(), "PX", spanMs)],
  (key, words) => [step("PSETEX", key, spanMs, words.value())],
  (key, words) => [step("SET", key, words.value()), step("PEXPIRE", key, spanMs)],
  (key, words) => [step("SET", key, words.value(), "EX", 50_000), step("PEXPIRE", key, spanMs, "LT")],
  (key, words) => [step("SET", key, words.value()), step("GETEX", key, "PX", spanMs)],
  (key, words) => [
    step("SET", key, words.value(), "PX", spanMs),
    step("SET", key, words.value(), "KEEPTTL"),
    step("APPEND", key, words.value()),
    step("SETRANGE", key, 3, words.value()),
  ],
  (key) => [step("SET", key, 10, "PX", spanMs), step("INCR", key), step("INCRBYFLOAT", key, "0.5")],
  (key, words) => [step("SET", key, words.value()), step("EXPIRE", key, words.chance.pick([0, -1]))],
  (key, words) => [step("SET", key, words.value(), "PXAT", words.chance.pick([1, 1_000_000]))],
];
