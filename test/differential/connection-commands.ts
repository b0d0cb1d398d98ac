import type { Word } from "./conversation.ts";
import type { Maker, Words } from "./words.ts";

/** Commands about the connection, with those that open and end transactions. */
export const connectionCommands: readonly Maker[] = [
  { name: "MULTI", weight: 10, make: () => [] },
  { name: "EXEC", weight: 12, make: () => [] },
  { name: "DISCARD", weight: 5, make: () => [] },
  { name: "WATCH", weight: 6, make: (w) => w.keys() },
  { name: "UNWATCH", weight: 3, make: () => [] },
  { name: "PING", weight: 6, make: (w) => (w.chance.percent(50) ? [] : [w.value()]) },
  { name: "ECHO", weight: 6, make: (w) => [w.value()] },
  { name: "SELECT", weight: 20, make: (w) => [w.db()] },
  {
    name: "HELLO",
    weight: 6,
    make: (w) => [w.chance.pick<Word>([2, 3, 3, 3]), ...w.options(2, helloOptions(w))],
  },
  { name: "HELLO", weight: 2, make: (w) => w.chance.pick<Word[]>([[], [1], [4], ["x"], ["3.0"], [""]]) },
  { name: "AUTH", weight: 1, make: (w) => w.chance.pick([["x"], ["default", "x"], ["nobody", "x"]]) },
  { name: "RESET", weight: 1, make: () => [] },
  { name: "QUIT", weight: 1, make: () => [] },
  { name: "CLIENT", weight: 2, make: (w) => [w.word("ID")] },
  {
    name: "CLIENT",
    weight: 3,
    make: (w) => [w.word("SETNAME"), w.chance.pick([clientName(w), clientName(w), w.value()])],
  },
  { name: "CLIENT", weight: 3, make: (w) => [w.word("GETNAME")] },
  { name: "CLIENT", weight: 1, make: (w) => [w.word("INFO")] },
  { name: "CLIENT", weight: 1, make: (w) => [w.word("LIST"), ...w.options(2, listOptions(w))] },
  {
    name: "CLIENT",
    weight: 4,
    make: (w) => [w.word("REPLY"), w.word(w.chance.pick(["ON", "OFF", "SKIP", "X"]))],
  },
  { name: "CLIENT", weight: 1, make: (w) => [w.word("NO-EVICT"), w.word(w.chance.pick(["ON", "OFF", "X"]))] },
  { name: "CLIENT", weight: 2, make: (w) => [w.word("KILL"), ...killFilters(w)] },
  {
    name: "CLIENT",
    weight: 1,
    make: (w) => [w.word("UNBLOCK"), farId(w), ...w.options(1, unblockOptions(w))],
  },
  {
    name: "CLIENT",
    weight: 2,
    make: (w) => [
      w.word("TRACKING"),
      w.word(w.chance.pick(["OFF", "X"])),
      ...w.options(1, w.flags("BCAST", "OPTIN")),
    ],
  },
  { name: "CLIENT", weight: 1, make: (w) => [w.word(w.chance.pick(["TRACKINGINFO", "GETREDIR"]))] },
  { name: "CLIENT", weight: 1, make: (w) => [w.odd()] },
];

function clientName(w: Words): Word {
  return w.chance.pick(["", "me", "worker-1", "a b", "line\n"]);
}

function helloOptions(w: Words): (() => readonly Word[])[] {
  return [
    () => [w.word("SETNAME"), clientName(w)],
    () => [w.word("AUTH"), w.chance.pick(["default", "nobody"]), "x"],
  ];
}

/** The id of no client that ever comes, or no id. */
function farId(w: Words): Word {
  return w.chance.pick<Word>([1_000_000_000, 0, -1, "x", "9223372036854775808"]);
}

function unblockOptions(w: Words): (() => readonly Word[])[] {
  return w.flags("TIMEOUT", "ERROR");
}

function listOptions(w: Words): (() => readonly Word[])[] {
  return [
    () => [w.word("TYPE"), w.chance.pick(["normal", "master", "replica", "pubsub", "x"])],
    () => [w.word("ID"), farId(w)],
  ];
}

/** Filters that fit no client: whom one server closes, the other one would have to close too. */
function killFilters(w: Words): readonly Word[] {
  const { chance } = w;
  if (chance.percent(20)) return [chance.pick(["1.2.3.4:5", "nonsense", ""])];
  const [id, no]: Word[] = [w.word("ID"), farId(w)];
  const more = w.options(2, [
    () => [w.word("TYPE"), chance.pick(["normal", "slave", "x"])],
    () => [w.word("SKIPME"), chance.pick(["yes", "no", "maybe"])],
    () => [w.word("ADDR"), "1.2.3.4:5"],
    () => [w.word("LADDR"), "1.2.3.4:5"],
    () => [w.word("USER"), chance.pick(["default", "nobody"])],
  ]);
  return [id!, no!, ...more];
}
