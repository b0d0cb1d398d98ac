import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import { type Reply, ReplyError, Verbatim } from "../protocol/reply.ts";
import { json } from "./print-json.ts";
import { pretty, quoted } from "./print-pretty.ts";
import { raw } from "./print-raw.ts";
import { splitLine } from "./words.ts";

const plain = pc.createColors(false);
const bulk = (text: string): Buffer => Buffer.from(text);

/** reply, at a terminal, in a pipe, as JSON */
const cases: readonly (readonly [Reply, string, string, string])[] = [
  ["OK", "OK", "OK", '"OK"'],
  [bulk("hello"), '"hello"', "hello", '"hello"'],
  [null, "(nil)", "", "null"],
  [5, "(integer) 5", "5", "5"],
  [2n ** 63n, "(integer) 9223372036854775808", "9223372036854775808", "9223372036854775808"],
  [1.5, "(double) 1.5", "1.5", "1.5"],
  [-Infinity, "(double) -inf", "-inf", '"-Infinity"'],
  [NaN, "(double) nan", "nan", '"NaN"'],
  [true, "(true)", "(true)", "true"],
  [new ReplyError("ERR no"), "(error) ERR no", "ERR no", '{"error":"ERR no"}'],
  [new Verbatim("txt", "a\r\nb"), "a\nb", "a\r\nb", '"a\\r\\nb"'],
  [[], "(empty array)", "", "[]"],
  [new Set(), "(empty set)", "", "[]"],
  [new Map(), "(empty hash)", "", "{}"],
  [[bulk("a"), null], '1) "a"\n2) (nil)', "a\n", '["a",null]'],
  [new Set([1, 2]), "1~ (integer) 1\n2~ (integer) 2", "1\n2", "[1,2]"],
  [new Map([[bulk("k"), bulk("v")]]), '1# "k" => "v"', "k v", '{"k":"v"}'],
  [new Map([[1, true]]), "1# (integer) 1 => (true)", "1 (true)", "[[1,true]]"],
];

test("every type of reply is printed for a person, for a program and as JSON", () => {
  for (const [reply, forPerson, forProgram, asJson] of cases) {
    assert.equal(pretty(reply, plain), forPerson);
    assert.equal(String(raw(reply)), forProgram);
    assert.equal(json(reply), asJson);
    JSON.parse(asJson);
  }
});

test("nested replies are indented as redis-cli does it", () => {
  const nested: Reply = [
    [bulk("a"), [1]],
    new Map<Reply, Reply>([
      [bulk("list"), [bulk("x"), bulk("y")]],
      [bulk("none"), []],
    ]),
  ];
  const expected = `
1) 1) "a"
   2) 1) (integer) 1
2) 1# "list" =>
      1) "x"
      2) "y"
   2# "none" => (empty array)`;
  assert.equal(`\n${pretty(nested, plain)}`, expected);
  const lines = pretty(
    Array.from({ length: 10 }, (_, i) => i),
    plain,
  ).split("\n");
  assert.equal(lines[0], " 1) (integer) 0");
  assert.equal(lines[9], "10) (integer) 9");
});

test("bulks are quoted so that they can be typed again", () => {
  for (const bytes of [
    bulk('a"b\\c\n\r\t\u0007\b'),
    Buffer.from([0, 127, 128, 255]),
    bulk("grün 😀"),
    bulk("\u200b\u2028"),
  ]) {
    assert.deepEqual(splitLine(quoted(bytes)), [bytes], quoted(bytes));
  }
  assert.equal(quoted(bulk("grün 😀")), '"grün 😀"');
  assert.equal(quoted(Buffer.from([0, 255, 65])), '"\\x00\\xffA"');
  assert.equal(quoted(bulk("\u200b")), '"\\xe2\\x80\\x8b"');
});

test("a server cannot steer the terminal", () => {
  for (const reply of [
    "\x1b[2J",
    new ReplyError("ERR \x1b]0;x\x07"),
    new Verbatim("txt", "\x9b1m"),
    bulk("\x1b[2J"),
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(pretty(reply, plain), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  }
});

test("errors are in colour where there is colour", () => {
  assert.equal(pretty(new ReplyError("ERR no"), pc.createColors(true)), "\x1b[31m(error) ERR no\x1b[39m");
});

test("bytes that are no text keep their value in JSON", () => {
  assert.equal(json([Buffer.from([255, 0])]), '[{"base64":"/wA="}]');
});
