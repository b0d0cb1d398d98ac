import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { COMMAND, PARTIAL, RequestDecoder } from "./request-decoder.ts";
import { encodeRequest, RequestWriter } from "./request-encoder.ts";

test("a command of text, bytes and numbers is an array of bulks", () => {
  const bytes = encodeRequest(["SET", Buffer.from([0, 255]), 12.5, -7, 2n ** 63n, "€", ""]);
  const expected =
    "*7\r\n$3\r\nSET\r\n$2\r\n\x00\xff\r\n$4\r\n12.5\r\n$2\r\n-7\r\n$19\r\n9223372036854775808\r\n$3\r\n\xe2\x82\xac\r\n$0\r\n\r\n";
  assert.equal(bytes.toString("latin1"), expected);
});

test("infinity is spelled as Redis reads it", () => {
  assert.equal(encodeRequest([Infinity, -Infinity]).toString(), "*2\r\n$3\r\ninf\r\n$4\r\n-inf\r\n");
});

test("whole numbers and what was encoded before are arguments like others", () => {
  const digits = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 99, 100, 2 ** 53 - 1));
  fc.assert(
    fc.property(digits, fc.array(fc.string(), { maxLength: 4 }), (number, words) => {
      const before = new RequestWriter(1);
      for (const word of words) before.text(word);
      const writer = new RequestWriter(1);
      writer.begin(1 + words.length);
      writer.integer(number);
      writer.raw(before.written);
      assert.deepEqual(writer.written, encodeRequest([number, ...words]));
    }),
  );
});

test("an empty command and NaN are refused", () => {
  assert.throws(() => encodeRequest([]), { name: "KvorumError", message: /at least its name/ });
  assert.throws(() => encodeRequest(["SET", "a", NaN]), { name: "KvorumError", message: /argument 2/ });
});

test("a pipeline of commands, cut at every place, decodes to itself", () => {
  const argument = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.maxSafeInteger(),
  );
  const command = fc.array(argument, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 3 }), (commands) => {
      const bytes = Buffer.concat(commands.map(encodeRequest));
      const expected = commands.map((args) => args.map((arg) => Buffer.from(toBytes(arg))));
      for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(decodeWithCut(bytes, cut), expected);
    }),
    { numRuns: 60 },
  );
});

function toBytes(argument: Buffer | string | number): Buffer {
  return Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument));
}

/** Decodes what is there before the cut, then all. */
function decodeWithCut(bytes: Buffer, cut: number): Buffer[][] {
  const decoder = new RequestDecoder();
  const commands: Buffer[][] = [];
  let at = 0;
  for (const end of [cut, bytes.length]) {
    let found = decoder.next(bytes, at, end);
    for (; found === COMMAND; found = decoder.next(bytes, at, end)) {
      commands.push(Array.from({ length: decoder.args.count }, (_, i) => decoder.args.copyOf(i)));
      at = decoder.position;
    }
    assert.equal(found, PARTIAL, decoder.error);
    at = decoder.position;
  }
  return commands;
}
