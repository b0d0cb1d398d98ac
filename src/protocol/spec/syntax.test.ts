import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSyntax, type SyntaxArgument } from "./syntax.ts";
import { commands } from "./table.ts";

test("names become arguments of the type that the name has everywhere", () => {
  assert.deepEqual(shapes("key value increment pattern unix-time-seconds float-increment"), [
    "key:key",
    "value:string",
    "increment:integer",
    "pattern:pattern",
    "unix-time-seconds:unix-time",
    "float-increment:double",
  ]);
});

test("brackets make an argument optional", () => {
  assert.deepEqual(shapes("[message]"), ["message:string?"]);
  assert.deepEqual(shapes("[username] password"), ["username:string?", "password:string"]);
});

test("a word in capitals is an argument itself, or the token of what follows", () => {
  assert.deepEqual(shapes("[GET]"), ["GET get:pure-token?"]);
  assert.deepEqual(shapes("[EX seconds]"), ["EX seconds:integer?"]);
  assert.deepEqual(shapes("[AUTH username password]"), [
    "AUTH auth:block(username:string, password:string)?",
  ]);
  assert.deepEqual(shapes("[TYPE <NORMAL | PUBSUB>]"), [
    "TYPE type:oneof(NORMAL normal:pure-token, PUBSUB pubsub:pure-token)?",
  ]);
});

test("bars separate alternatives, optional or not", () => {
  assert.deepEqual(shapes("<ON | OFF>"), ["on_off:oneof(ON on:pure-token, OFF off:pure-token)"]);
  assert.deepEqual(shapes("[NX | IFEQ value]"), ["nx_value:oneof(NX nx:pure-token, IFEQ value:string)?"]);
});

test("optional arguments nest", () => {
  assert.deepEqual(shapes("[protover [SETNAME clientname]]"), [
    "protover_clientname:block(protover:integer, SETNAME clientname:string?)?",
  ]);
});

test("dots repeat one argument, several, a choice, or one with its token", () => {
  assert.deepEqual(shapes("key [key ...]"), ["key:key*"]);
  assert.deepEqual(shapes("[section [section ...]]"), ["section:string*?"]);
  assert.deepEqual(shapes("key value [key value ...]"), ["key_value:block(key:key, value:string)*"]);
  assert.deepEqual(shapes("<A a | B> [...]"), ["a_b:oneof(A a:string, B b:pure-token)*"]);
  assert.deepEqual(shapes("[ID client-id [client-id ...]]"), ["ID client-id:integer*?"]);
  assert.deepEqual(shapes("[PREFIX prefix [PREFIX prefix ...]]"), ["PREFIX prefix:string**?"]);
});

test("a slip in a row's syntax is found", () => {
  for (const syntax of ["[key", "key]", "<ON | OFF]", "key [value ...]", "[]", "[A |]", "key GET"]) {
    assert.throws(() => parseSyntax(syntax), { name: "AssertionError" }, syntax);
  }
});

test("the syntax of every row agrees with its arity", () => {
  // QUIT takes any words, as in Redis, and documents none.
  const wrong = commands
    .filter((command) => command.children.length === 0 && command.name !== "quit")
    .filter(({ fullName, syntax, arity }) => arityOf(fullName, parseSyntax(syntax)) !== arity);
  assert.deepEqual(
    wrong.map((command) => command.fullName),
    [],
  );
});

test("the keys in the syntax of every row are where the row says", () => {
  for (const { fullName, syntax, firstKey } of commands) {
    const before = fullName.split("|").length;
    const found = parseSyntax(syntax).findIndex((argument) => /:key\b|\(\w+:key/.test(shapeOf(argument)));
    assert.equal(firstKey, found < 0 ? 0 : before + found, fullName);
  }
});

/** Arguments as text: "TOKEN name:type(parts)", then * multiple, ** with its token, ? optional. */
function shapes(syntax: string): string[] {
  return parseSyntax(syntax).map(shapeOf);
}

function shapeOf({ token, name, type, parts, ...flags }: SyntaxArgument): string {
  const stars = `${flags.multiple ? "*" : ""}${flags.multipleToken ? "*" : ""}`;
  const inner = parts.length > 0 ? `(${parts.map(shapeOf).join(", ")})` : "";
  return `${token === undefined ? "" : `${token} `}${name}:${type}${inner}${stars}${flags.optional ? "?" : ""}`;
}

/** The arity that a syntax means, in Redis' way of writing it. */
function arityOf(fullName: string, syntax: readonly SyntaxArgument[]): number {
  const [least, most] = words(syntax);
  const names = fullName.split("|").length;
  return least === most ? names + least : -(names + least);
}

type Range = readonly [least: number, most: number];

/** How many words a sequence of arguments takes. */
function words(list: readonly SyntaxArgument[]): Range {
  const ranges = list.map(wordsOf);
  return [ranges.reduce((sum, [least]) => sum + least, 0), ranges.reduce((sum, [, most]) => sum + most, 0)];
}

function wordsOf(argument: SyntaxArgument): Range {
  const { token, type, optional, multiple, parts } = argument;
  const [least, most] = type === "oneof" ? alternatives(parts) : type === "block" ? words(parts) : [1, 1];
  const before = token !== undefined && type !== "pure-token" ? 1 : 0;
  return [optional ? 0 : before + least, multiple ? Number.POSITIVE_INFINITY : before + most];
}

function alternatives(parts: readonly SyntaxArgument[]): Range {
  const ranges = parts.map(wordsOf);
  return [Math.min(...ranges.map(([least]) => least)), Math.max(...ranges.map(([, most]) => most))];
}
