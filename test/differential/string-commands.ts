import type { Word } from "./conversation.ts";
import type { Maker, Words } from "./words.ts";

export const stringCommands: readonly Maker[] = [
  { name: "GET", weight: 40, make: (w) => [w.key()] },
  { name: "SET", weight: 60, make: (w) => [w.key(), w.value()] },
  { name: "SET", weight: 60, make: (w) => [w.key(), w.value(), ...w.options(3, setOptions(w))] },
  { name: "SET", weight: 30, make: (w) => [w.key(), w.value(), w.word("PXAT"), w.point(1)] },
  { name: "SETNX", weight: 8, make: (w) => [w.key(), w.value()] },
  { name: "SETEX", weight: 8, make: (w) => [w.key(), w.span(1_000), w.value()] },
  { name: "PSETEX", weight: 8, make: (w) => [w.key(), w.span(1), w.value()] },
  { name: "GETSET", weight: 8, make: (w) => [w.key(), w.value()] },
  { name: "GETDEL", weight: 10, make: (w) => [w.key()] },
  { name: "GETEX", weight: 20, make: (w) => [w.key(), ...w.options(2, getexOptions(w))] },
  { name: "MGET", weight: 10, make: (w) => w.keys() },
  { name: "MSET", weight: 10, make: pairs },
  { name: "MSET", weight: 2, make: (w) => w.crowd().flatMap((key) => [key, w.chance.below(1_000)]) },
  { name: "MSETNX", weight: 10, make: pairs },
  { name: "APPEND", weight: 20, make: (w) => [w.key(), w.value()] },
  { name: "STRLEN", weight: 10, make: (w) => [w.key()] },
  { name: "GETRANGE", weight: 15, make: (w) => [w.key(), w.integer(), w.integer()] },
  { name: "SUBSTR", weight: 5, make: (w) => [w.key(), w.integer(), w.integer()] },
  { name: "SETRANGE", weight: 20, make: (w) => [w.key(), w.offset(), w.value()] },
  { name: "INCR", weight: 20, make: (w) => [w.key()] },
  { name: "DECR", weight: 20, make: (w) => [w.key()] },
  { name: "INCRBY", weight: 20, make: (w) => [w.key(), w.integer()] },
  { name: "DECRBY", weight: 20, make: (w) => [w.key(), w.integer()] },
  { name: "INCRBYFLOAT", weight: 30, make: (w) => [w.key(), w.float()] },
  { name: "LCS", weight: 25, make: (w) => [w.key(), w.key(), ...w.options(4, lcsOptions(w))] },
];

function setOptions(w: Words): (() => readonly Word[])[] {
  return [...w.flags("NX", "XX", "GET", "KEEPTTL"), ...timeOptions(w)];
}

function getexOptions(w: Words): (() => readonly Word[])[] {
  return [...w.flags("PERSIST"), ...timeOptions(w)];
}

function timeOptions(w: Words): (() => readonly Word[])[] {
  return [
    () => [w.word("EX"), w.span(1_000)],
    () => [w.word("PX"), w.span(1)],
    () => [w.word("EXAT"), w.point(1_000)],
    () => [w.word("PXAT"), w.point(1)],
  ];
}

function lcsOptions(w: Words): (() => readonly Word[])[] {
  return [
    ...w.flags("LEN", "IDX", "IDX", "WITHMATCHLEN"),
    () => [w.word("MINMATCHLEN"), w.chance.percent(70) ? w.chance.below(6) : w.integer()],
  ];
}

function pairs(w: Words): readonly Word[] {
  return w.keys().flatMap((key) => [key, w.value()]);
}
