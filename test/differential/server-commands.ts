import { commandRows } from "../../src/protocol/spec/rows.ts";
import type { Word } from "./conversation.ts";
import { keyCommands } from "./key-commands.ts";
import { stringCommands } from "./string-commands.ts";
import type { Maker, Words } from "./words.ts";

export const serverCommands: readonly Maker[] = [
  { name: "SWAPDB", weight: 5, make: (w) => [w.db(), w.db()] },
  { name: "DBSIZE", weight: 8, make: () => [] },
  { name: "FLUSHDB", weight: 3, make: (w) => w.options(1, w.flags("ASYNC", "SYNC")) },
  { name: "FLUSHALL", weight: 1, make: (w) => w.options(1, w.flags("ASYNC", "SYNC")) },
  { name: "MEMORY", weight: 4, make: (w) => [w.word("USAGE"), w.key(), ...w.options(2, memoryOptions(w))] },
  { name: "TIME", weight: 1, make: () => [] },
  { name: "LASTSAVE", weight: 1, make: () => [] },
  {
    name: "INFO",
    weight: 1,
    make: (w) => w.options(2, w.flags("server", "keyspace", "nothing", "everything")),
  },
  { name: "ROLE", weight: 1, make: () => [] },
  { name: "COMMAND", weight: 1, make: (w) => [w.word("COUNT")] },
  { name: "COMMAND", weight: 3, make: (w) => [w.word("INFO"), ...w.options(3, [() => [commandName(w)]])] },
  {
    name: "COMMAND",
    weight: 6,
    make: (w) => [w.word(w.chance.pick(["GETKEYS", "GETKEYSANDFLAGS"])), ...inner(w)],
  },
  { name: "COMMAND", weight: 1, make: (w) => [w.word("LIST"), w.word("FILTERBY"), ...filter(w)] },
  {
    name: "CONFIG",
    weight: 2,
    make: (w) => [w.word("GET"), w.chance.pick(["databases", "nothing", "x*y", ""])],
  },
  { name: "CONFIG", weight: 1, make: (w) => [w.word("RESETSTAT")] },
  { name: "CONFIG", weight: 1, make: (w) => [w.word("SET"), "nonsense", w.value()] },
  { name: "SLOWLOG", weight: 1, make: (w) => [w.word("LEN")] },
  { name: "SLOWLOG", weight: 1, make: (w) => [w.word("GET"), w.chance.pick<Word>([0, -2, "x"])] },
  { name: "SLOWLOG", weight: 1, make: (w) => [w.word("RESET")] },
  { name: "LATENCY", weight: 1, make: (w) => [w.word("LATEST")] },
  { name: "LATENCY", weight: 1, make: (w) => [w.word("HISTORY"), "command"] },
  { name: "LATENCY", weight: 1, make: (w) => [w.word("RESET"), ...w.options(2, [() => ["command"]])] },
  {
    name: "LATENCY",
    weight: 1,
    make: (w) => [w.word(w.chance.pick(["DOCTOR", "GRAPH"])), ...w.options(1, [() => ["command"]])],
  },
  { name: "CONFIG", weight: 1, make: (w) => [w.word("REWRITE")] },
  { name: "DEBUG", weight: 1, make: (w) => [w.word("SLEEP"), 0] },
  { name: "NONSENSE", weight: 2, make: (w) => [w.value(), w.value()] },
  { name: "", weight: 1, make: () => [] },
  { name: "constructor", weight: 1, make: (w) => [w.value()] },
  { name: "with 'quotes'\r\n\0", weight: 1, make: (w) => w.keys() },
  { name: "n".repeat(200), weight: 1, make: () => ["x".repeat(100), "y".repeat(100), "z"] },
  ...["OBJECT", "COMMAND", "CONFIG", "SLOWLOG", "LATENCY", "MEMORY"].map((name) => ({
    name,
    weight: 1,
    make: (w: Words): Word[] => [w.chance.percent(30) ? "HELP" : w.odd()],
  })),
];

function memoryOptions(w: Words): (() => readonly Word[])[] {
  return [() => [w.word("SAMPLES"), w.integer()]];
}

/** Names of commands that Redis 7.0 has as well. */
const names: readonly string[] = commandRows
  .filter(({ since }) => since !== "kvorum" && since < "7.0.1")
  .map(({ name }) => name);

function commandName(w: Words): Word {
  return w.chance.percent(85) ? w.word(w.chance.pick(names)) : w.odd();
}

/** A command behind COMMAND GETKEYS. */
function inner(w: Words): readonly Word[] {
  if (w.chance.percent(10)) return [commandName(w), ...w.keys(2)];
  const { name, make } = w.chance.pickWeighted([...stringCommands, ...keyCommands]);
  return [w.word(name), ...make(w)];
}

function filter(w: Words): readonly Word[] {
  return w.chance.pick<Word[]>([
    ["PATTERN", "get"],
    ["PATTERN", "nothing*"],
    ["MODULE", "x"],
    ["PATTERN", "*e*"],
    ["ACLCAT", "string"],
    ["ACLCAT", "fast"],
    ["ACLCAT", "x"],
    ["X", "y"],
    [],
  ]);
}
