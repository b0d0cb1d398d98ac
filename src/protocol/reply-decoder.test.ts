import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../base/limits.ts";
import { type Reply, ReplyError, Verbatim } from "./reply.ts";
import { BROKEN, type BulkForm, PARTIAL, PUSH, REPLY, ReplyDecoder } from "./reply-decoder.ts";
import { ReplyWriter } from "./reply-writer.ts";

test("every reply, cut at every place, decodes to itself", () => {
  fc.assert(
    fc.property(replies("bytes"), (reply) => {
      const bytes = encodeReply(reply);
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.deepStrictEqual(decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)], "bytes"), [reply]);
      }
      const single = Array.from(bytes, (byte) => Buffer.of(byte));
      assert.deepStrictEqual(decodeAll(single, "bytes"), [reply]);
    }),
    { numRuns: 60 },
  );
});

test("a pipeline of replies in random chunks comes out in order", () => {
  const chunkSizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(replies("text"), { maxLength: 20 }), chunkSizes, (list, sizes) => {
      const bytes = Buffer.concat(list.map(encodeReply));
      assert.deepStrictEqual(decodeAll(chunksOf(bytes, sizes), "text"), list);
    }),
  );
});

test("bulks come as text or as bytes, simple strings always as text", () => {
  const bytes = Buffer.from("+OK\r\n$3\r\n\xff\x00\n\r\n", "latin1");
  assert.deepEqual(decodeAll([bytes], "bytes"), ["OK", Buffer.from([255, 0, 10])]);
  assert.deepEqual(decodeAll([Buffer.from("$3\r\n\u20ac\r\n")], "text"), ["€"]);
});

test("each type of RESP3 has its value", () => {
  const cases: readonly (readonly [string, Reply])[] = [
    ["_\r\n", null],
    ["$-1\r\n", null],
    ["*-1\r\n", null],
    ["#t\r\n", true],
    ["#f\r\n", false],
    [":-12\r\n", -12],
    [":-0\r\n", 0],
    [":9223372036854775807\r\n", 9223372036854775807n],
    ["(3492890328409238509324850943850943825024385\r\n", 3492890328409238509324850943850943825024385n],
    [",3.25\r\n", 3.25],
    [",1e-7\r\n", 1e-7],
    [",inf\r\n", Infinity],
    [",-inf\r\n", -Infinity],
    [",nan\r\n", NaN],
    ["=7\r\ntxt:abc\r\n", new Verbatim("txt", "abc")],
    ["-WRONGTYPE no\r\n", new ReplyError("WRONGTYPE no")],
    ["!10\r\nERR a\r\nbcd\r\n", new ReplyError("ERR a\r\nbcd")],
    ["*0\r\n", []],
    ["~2\r\n:1\r\n:2\r\n", new Set([1, 2])],
    ["%1\r\n*1\r\n:1\r\n+x\r\n", new Map([[[1], "x"]])],
    ["*2\r\n*1\r\n:1\r\n-ERR x\r\n", [[1], new ReplyError("ERR x")]],
  ];
  for (const [wire, value] of cases)
    assert.deepStrictEqual(decodeAll([Buffer.from(wire)], "text"), [value], wire);
});

test("a push is told apart from the replies around it", () => {
  const decoder = new ReplyDecoder("text");
  decoder.push(Buffer.from("+a\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n>0\r\n+b\r\n"));
  assert.equal(decoder.next(), REPLY);
  assert.equal(decoder.next(), PUSH);
  assert.deepEqual(decoder.value, ["invalidate", ["k"]]);
  assert.equal(decoder.next(), PUSH);
  assert.deepEqual(decoder.value, []);
  assert.equal(decoder.next(), REPLY);
  assert.equal(decoder.value, "b");
  assert.equal(decoder.next(), PARTIAL);
});

test("attributes are dropped, and what they describe takes their place", () => {
  const wire = "|1\r\n+ttl\r\n*1\r\n:9\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n|0\r\n:2\r\n";
  assert.deepEqual(decodeAll([Buffer.from(wire)], "text"), [[1, 2]]);
});

test("the code of an error is its first word, where that is a code", () => {
  assert.equal(new ReplyError("MOVED 1 a:1").code, "MOVED");
  assert.equal(new ReplyError("NOAUTH").code, "NOAUTH");
  assert.equal(new ReplyError("Something else").code, "ERR");
});

test("what is no RESP is refused with its reason, and stays refused", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["HTTP/1.1 400 Bad Request\r\n", /no reply begins with "HTTP/],
    ["\r\n", /no reply begins with/],
    [":12a\r\n", /":12a"/],
    [",1,5\r\n", /",1,5"/],
    ["#y\r\n", /"#y"/],
    ["+ab\n", /CRLF/],
    ["\n", /CRLF/],
    ["$-2\r\n", /announces no length/],
    ["$x\r\n", /announces no length/],
    ["$?\r\n", /announces no length/],
    ["$2\r\nabcd", /does not end in CRLF/],
    ["=3\r\nabc\r\n", /no reply begins/],
    ["*-2\r\n", /announces no number/],
    ["*1\r\n>1\r\n+a\r\n", /push stands inside/],
  ];
  for (const [wire, reason] of cases) {
    const decoder = new ReplyDecoder("text");
    decoder.push(Buffer.from(wire));
    assert.equal(decoder.next(), BROKEN, wire);
    assert.match(decoder.error, reason);
    decoder.push(Buffer.from("+OK\r\n"));
    assert.equal(decoder.next(), BROKEN, "later bytes do not heal it");
  }
});

test("whatever comes, it never throws, and every split of it ends alike", () => {
  const piece = fc.constantFrom(..."$*%~>|+-:,#_(=!", "\r\n", "1", "2", "-1", "t", "inf", "txt:a", "x", "\0");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (pieces, size) => {
      const bytes = Buffer.from(pieces.join(""));
      assert.deepStrictEqual(outcomeOf(chunksOf(bytes, [size])), outcomeOf([bytes]));
    }),
    { numRuns: 2_000 },
  );
});

test("limits are enforced on what is announced, before it arrives", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [`$${limits.replyBytesMax + 1}\r\n`, /over the limit/],
    ["$999999999999\r\n", /over the limit/],
    ["*999999999\r\n", /announces no number/],
    ["*1\r\n".repeat(limits.replyDepthMax + 1), /levels of nesting/],
    [`+${"x".repeat(limits.replyLineBytesMax + 1)}`, /line is too long/],
  ];
  for (const [wire, reason] of cases) {
    const decoder = new ReplyDecoder("text");
    decoder.push(Buffer.from(wire));
    assert.equal(decoder.next(), BROKEN, wire.slice(0, 20));
    assert.match(decoder.error, reason);
  }
});

test("the deepest reply that is allowed decodes", () => {
  const wire = `${"*1\r\n".repeat(limits.replyDepthMax)}:7\r\n`;
  let [reply] = decodeAll([Buffer.from(wire)], "text");
  for (let depth = 0; depth < limits.replyDepthMax; depth++) reply = (reply as Reply[])[0];
  assert.equal(reply, 7);
});

test("a large bulk in small chunks costs no more than its size", () => {
  const body = Buffer.alloc(8 * 1024 * 1024, "kvorum");
  const wire = Buffer.concat([Buffer.from(`$${body.length}\r\n`), body, Buffer.from("\r\n:1\r\n")]);
  const [reply, next] = decodeAll(chunksOf(wire, [1000]), "bytes");
  assert.ok(body.equals(reply as Buffer));
  assert.equal(next, 1);
});

test("what the server writes, the client reads", () => {
  for (const protocol of [2, 3]) {
    const writer = new ReplyWriter();
    writer.protocol = protocol;
    writer.map(1);
    writer.bulkText("size");
    writer.double("1.5");
    writer.null();
    writer.verbatim("txt", "a\r\nb");
    writer.boolean(true);
    writer.set(1);
    writer.integer(-7);
    writer.error("ERR no");
    const expected =
      protocol === 2
        ? [["size", "1.5"], null, "a\r\nb", 1, [-7], new ReplyError("ERR no")]
        : [
            new Map([["size", 1.5]]),
            null,
            new Verbatim("txt", "a\r\nb"),
            true,
            new Set([-7]),
            new ReplyError("ERR no"),
          ];
    assert.deepStrictEqual(decodeAll([writer.buffer.subarray(0, writer.length)], "text"), expected);
  }
});

function decodeAll(chunks: readonly Buffer[], form: BulkForm): Reply[] {
  const decoder = new ReplyDecoder(form);
  const values: Reply[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    let found = decoder.next();
    for (; found === REPLY; found = decoder.next()) values.push(decoder.value);
    assert.equal(found, PARTIAL, decoder.error);
  }
  return values;
}

/** All that is found in the chunks, and the error they end with. */
function outcomeOf(chunks: readonly Buffer[]): unknown[] {
  const decoder = new ReplyDecoder("bytes");
  const outcome: unknown[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let found = decoder.next(); found !== PARTIAL && found !== BROKEN; found = decoder.next()) {
      outcome.push(found, decoder.value);
    }
  }
  return [...outcome, decoder.error];
}

function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = sizes[chunks.length % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** Random replies of every type but null in two spellings, nested. */
function replies(form: BulkForm): fc.Arbitrary<Reply> {
  const line = fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, " "));
  const bulk: fc.Arbitrary<Reply> =
    form === "text" ? line : fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
  const scalar = fc.oneof(
    bulk,
    line,
    fc.maxSafeInteger(),
    fc.double().filter((value) => !Number.isInteger(value)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }),
    fc.boolean(),
    fc.constant(null),
    line.map((text) => new ReplyError(`ERR ${text}`)),
    fc.string({ maxLength: 12 }).map((text) => new Verbatim("txt", text)),
  );
  const { tree } = fc.letrec<{ tree: Reply }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.array(tie("tree"), { maxLength: 3 }).map((items) => new Set(items)),
      fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    ),
  }));
  return tree;
}

function encodeReply(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, lineEnd]);
  if (Array.isArray(reply)) return encodeAll("*", reply.length, reply);
  if (reply instanceof Set) return encodeAll("~", reply.size, [...reply]);
  if (reply instanceof Map) return encodeAll("%", reply.size, [...reply].flat(1) as Reply[]);
  return Buffer.from(`${encodeScalar(reply)}\r\n`);
}

const lineEnd = Buffer.from("\r\n");

function encodeAll(kind: string, size: number, items: readonly Reply[]): Buffer {
  return Buffer.concat([Buffer.from(`${kind}${size}\r\n`), ...items.map(encodeReply)]);
}

function encodeScalar(reply: Reply): string {
  if (reply === null) return "_";
  if (reply instanceof ReplyError) return `-${reply.message}`;
  if (reply instanceof Verbatim) return `=${Buffer.byteLength(reply.text) + 4}\r\ntxt:${reply.text}`;
  if (typeof reply === "string") return `+${reply}`;
  if (typeof reply === "boolean") return reply ? "#t" : "#f";
  if (typeof reply === "bigint") return `(${reply}`;
  if (Number.isInteger(reply)) return `:${reply}`;
  return `,${String(reply).replace("Infinity", "inf").toLowerCase()}`;
}
