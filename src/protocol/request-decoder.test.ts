import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import { BROKEN, COMMAND, PARTIAL, RequestDecoder, TOO_LARGE } from "./request-decoder.ts";

function encode(command: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command)
    parts.push(Buffer.from(`$${argument.length}\r\n`), argument, Buffer.from("\r\n"));
  return Buffer.concat(parts);
}

/** Feeds bytes in pieces, as a connection does: what PARTIAL wants to keep is moved to a fresh buffer. */
function decode(pieces: readonly Buffer[]): (string[] | string)[] {
  const decoder = new RequestDecoder();
  const found: (string[] | string)[] = [];
  let kept: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    // Some bytes in front, so that a mistake between offsets and positions shows.
    const gap = Buffer.alloc(found.length % 5, "#");
    const bytes = Buffer.concat([gap, kept, piece]);
    let at = gap.length;
    for (;;) {
      const what = decoder.next(bytes, at, bytes.length);
      at = decoder.position;
      if (what === PARTIAL) break;
      if (what === TOO_LARGE) found.push(decoder.error);
      if (what === BROKEN) return [...found, decoder.error];
      if (what === COMMAND && decoder.args.count > 0) {
        const { args } = decoder;
        found.push(Array.from({ length: args.count }, (_, i) => args.text(i)));
      }
    }
    kept = Buffer.from(bytes.subarray(at));
  }
  return found;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  const ends = [...sorted, bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

const argument = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const command = fc.array(argument, { minLength: 1, maxLength: 40 });

test("commands come out as they went in, whatever way their bytes are split", () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (commands, places) => {
        const bytes = Buffer.concat(commands.map(encode));
        assert.deepEqual(
          decode(cut(bytes, places)),
          commands.map((c) => c.map((a) => a.toString("latin1"))),
        );
      },
    ),
  );
});

test("one byte at a time is a split like any other", () => {
  const bytes = Buffer.from(
    "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\nSET a 'b c'\r\n*0\r\n*-1\r\n*1\r\n$1\r\nx\r\n",
  );
  assert.deepEqual(decode([...bytes].map((byte) => Buffer.from([byte]))), [
    ["GET", "a"],
    ["PING"],
    ["SET", "a", "b c"],
    ["x"],
  ]);
});

const broken: readonly [bytes: string, error: string][] = [
  ["*1\r\n$-2\r\n", "invalid bulk length"],
  ["*1\r\n$-1\r\n", "invalid bulk length"],
  ["*1\r\n$1000000000000\r\n", "invalid bulk length"],
  ["*1\r\n$1073741824\r\n", "invalid bulk length"],
  ["*1\r\n$NaN\r\n", "invalid bulk length"],
  ["*1\r\n$\r\n", "invalid bulk length"],
  ["*1\r\n$+1\r\n", "invalid bulk length"],
  ["*1\r\n$01\r\n", "invalid bulk length"],
  ["*1\r\n$3\rGET\r\n", "invalid bulk length"],
  ["*1\r\n$99999999999999999999999", "invalid bulk length"],
  ["*1\r\n$3\r\nGETxx", "expected CRLF after bulk"],
  ["*1\r\nGET\r\n", "expected '$', got 'G'"],
  ["*NaN\r\n", "invalid multibulk length"],
  ["*1048577\r\n", "invalid multibulk length"],
  ["*2147483648\r\n", "invalid multibulk length"],
  ["SET a 'b\r\n", "unbalanced quotes in request"],
  ['SET a "b"c\r\n', "unbalanced quotes in request"],
  ["x".repeat(70_000), "too big inline request"],
];

test("bytes that are no RESP are told in one line", () => {
  for (const [bytes, error] of broken) {
    assert.deepEqual(decode([Buffer.from(bytes)]), [`ERR Protocol error: ${error}`], bytes.slice(0, 40));
    // And when they come in two parts.
    const half = Math.floor(bytes.length / 2);
    const parts = [Buffer.from(bytes.slice(0, half)), Buffer.from(bytes.slice(half))];
    assert.deepEqual(decode(parts), [`ERR Protocol error: ${error}`], bytes.slice(0, 40));
  }
});

test("a value over the limit is skipped as it comes, and the next command is heard", () => {
  const size = limits.valueBytesMax + 1;
  const decoder = new RequestDecoder();
  const head = Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${size}\r\n`);
  assert.equal(decoder.next(head, 0, head.length), PARTIAL);
  assert.equal(decoder.position, head.length, "nothing is kept");
  const piece = Buffer.alloc(1 << 20);
  let left = size + 2;
  while (left > piece.length) {
    assert.equal(decoder.next(piece, 0, piece.length), PARTIAL);
    assert.equal(decoder.position, piece.length, "nothing is kept");
    left -= piece.length;
  }
  const tail = Buffer.concat([Buffer.alloc(left), encode([Buffer.from("PING")])]);
  assert.equal(decoder.next(tail, 0, tail.length), TOO_LARGE);
  assert.match(decoder.error, /^TOO_LARGE an argument may have 8388608 bytes/);
  assert.equal(decoder.next(tail, decoder.position, tail.length), COMMAND);
  assert.equal(decoder.args.text(0), "PING");
});

test("a command with too many arguments is skipped as a whole", () => {
  const many = Array.from({ length: limits.argumentsMax + 1 }, () => Buffer.from("x"));
  const bytes = Buffer.concat([encode(many), encode([Buffer.from("PING")])]);
  const [refusal, next] = decode(cut(bytes, [10, 100_000, 200_000]));
  assert.match(String(refusal), /^TOO_LARGE a command may have 65536 arguments/);
  assert.deepEqual(next, ["PING"]);
});

test("a command of many arguments within its limits is taken", () => {
  const many = Array.from({ length: limits.argumentsMax }, (_, i) => Buffer.from(String(i)));
  assert.equal(decode(cut(encode(many), [17, 5000, 333_333]))[0]?.length, limits.argumentsMax);
});

test("the room of very many arguments is given back with the next command", () => {
  const decoder = new RequestDecoder();
  const many = encode(Array.from({ length: limits.argumentsMax }, () => Buffer.from("x")));
  assert.equal(decoder.next(many, 0, many.length), COMMAND);
  assert.ok(decoder.args.start.length >= limits.argumentsMax);
  assert.equal(decoder.next(many, many.length, many.length), PARTIAL);
  assert.equal(decoder.args.start.length, limits.argumentsKept);
});

test("announced numbers take no memory before their bytes come", () => {
  const decoder = new RequestDecoder();
  const bytes = Buffer.from(`*${limits.argumentsMax}\r\n$${limits.valueBytesMax}\r\n`);
  assert.equal(decoder.next(bytes, 0, bytes.length), PARTIAL);
  assert.ok(decoder.args.start.length <= 16);
});

test("inline commands are split as redis-cli users write them", () => {
  const line = String.raw`SET "a\x41\n\"b" 'it\'s' plain`;
  assert.deepEqual(decode([Buffer.from(`${line}\r\n`)]), [["SET", 'aA\n"b', "it's", "plain"]]);
  assert.deepEqual(decode([Buffer.from("\r\n  \r\nPING\n")]), [["PING"]]);
});
