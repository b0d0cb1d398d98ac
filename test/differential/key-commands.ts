import type { Word } from "./conversation.ts";
import type { Maker, Words } from "./words.ts";

export const keyCommands: readonly Maker[] = [
  { name: "DEL", weight: 12, make: (w) => w.keys() },
  { name: "DEL", weight: 2, make: (w) => w.crowd() },
  { name: "UNLINK", weight: 6, make: (w) => w.keys() },
  { name: "EXISTS", weight: 10, make: (w) => w.keys() },
  { name: "TYPE", weight: 6, make: (w) => [w.key()] },
  { name: "TOUCH", weight: 5, make: (w) => w.keys() },
  { name: "EXPIRE", weight: 25, make: (w) => [w.key(), w.span(1_000), ...conditions(w)] },
  { name: "PEXPIRE", weight: 25, make: (w) => [w.key(), w.span(1), ...conditions(w)] },
  { name: "EXPIREAT", weight: 25, make: (w) => [w.key(), w.point(1_000), ...conditions(w)] },
  { name: "PEXPIREAT", weight: 25, make: (w) => [w.key(), w.point(1), ...conditions(w)] },
  { name: "TTL", weight: 10, make: (w) => [w.key()] },
  { name: "PTTL", weight: 10, make: (w) => [w.key()] },
  { name: "EXPIRETIME", weight: 10, make: (w) => [w.key()] },
  { name: "PEXPIRETIME", weight: 10, make: (w) => [w.key()] },
  { name: "PERSIST", weight: 10, make: (w) => [w.key()] },
  { name: "KEYS", weight: 8, make: (w) => [w.pattern()] },
  { name: "SCAN", weight: 6, make: (w) => [0, w.word("COUNT"), 1_000, ...w.options(2, scanOptions(w))] },
  { name: "SCAN", weight: 4, make: (w) => [w.odd(), ...w.options(3, scanOptions(w))] },
  { name: "RANDOMKEY", weight: 3, make: () => [] },
  { name: "RENAME", weight: 12, make: (w) => [w.key(), w.key()] },
  { name: "RENAMENX", weight: 10, make: (w) => [w.key(), w.key()] },
  { name: "COPY", weight: 25, make: (w) => [w.key(), w.key(), ...w.options(2, copyOptions(w))] },
  { name: "MOVE", weight: 12, make: (w) => [w.key(), w.db()] },
  { name: "OBJECT", weight: 20, make: (w) => [w.word("ENCODING"), w.key()] },
  { name: "OBJECT", weight: 3, make: (w) => [w.word("REFCOUNT"), w.key()] },
  { name: "OBJECT", weight: 3, make: (w) => [w.word("IDLETIME"), w.key()] },
  { name: "OBJECT", weight: 3, make: (w) => [w.word("FREQ"), w.key()] },
  { name: "OBJECT", weight: 1, make: (w) => [w.word("HELP")] },
  { name: "OBJECT", weight: 1, make: (w) => [w.odd(), w.key()] },
  {
    name: "WAIT",
    weight: 2,
    make: (w) => [w.chance.pick<Word>([0, 1, "x", -1]), w.chance.pick<Word>([1, "x", -1])],
  },
];

/** SCAN's options, also for walks. */
export function scanOptions(w: Words): (() => readonly Word[])[] {
  return [
    () => [w.word("MATCH"), w.pattern()],
    () => [w.word("COUNT"), w.chance.percent(80) ? 1 + w.chance.below(20) : w.integer()],
    () => [w.word("TYPE"), w.chance.pick(["string", "STRING", "list", "hash", "x"])],
  ];
}

function conditions(w: Words): Word[] {
  const share = w.chance.below(100);
  if (share < 30) return [];
  if (share < 80) return [w.word(w.chance.pick(["NX", "XX", "GT", "LT"]))];
  return w.options(3, w.flags("NX", "XX", "GT", "LT"));
}

function copyOptions(w: Words): (() => readonly Word[])[] {
  return [...w.flags("REPLACE", "REPLACE"), () => [w.word("DB"), w.db()]];
}
