import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeptReplyWriter, writeKept } from "./kept-reply.ts";
import { ReplyWriter } from "./reply-writer.ts";

/** Something that a handler writes; `toString` tells what. */
type Writing = (out: ReplyWriter) => void;

const text = fc.string({ unit: fc.constantFrom("a", "b", "$", "*", " ", "-", "1"), maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));

const leaf: fc.Arbitrary<Writing> = fc.oneof(
  fc.constant<Writing>((out) => out.ok()),
  fc.constant<Writing>((out) => out.null()),
  fc.constant<Writing>((out) => out.nullArray()),
  text.map(
    (t): Writing =>
      (out) =>
        out.simple(t),
  ),
  text.map(
    (t): Writing =>
      (out) =>
        out.error(`ERR ${t}`),
  ),
  fc.maxSafeInteger().map(
    (n): Writing =>
      (out) =>
        out.integer(n),
  ),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(
    (n): Writing =>
      (out) =>
        out.bigInteger(n),
  ),
  bytes.map(
    (b): Writing =>
      (out) =>
        out.bulk(b, 0, b.length),
  ),
  bytes.map(
    (b): Writing =>
      (out) =>
        out.bulkText(b.toString("latin1")),
  ),
  fc.boolean().map(
    (b): Writing =>
      (out) =>
        out.boolean(b),
  ),
  fc.double().map(
    (d): Writing =>
      (out) =>
        out.double(String(d)),
  ),
  text.map(
    (t): Writing =>
      (out) =>
        out.verbatim("txt", t),
  ),
);

const anyReply = fc.letrec<{ reply: Writing; many: Writing }>((tie) => ({
  reply: fc.oneof({ depthSize: "small" }, leaf, tie("many")),
  many: fc
    .tuple(fc.constantFrom("array", "map", "set", "push"), fc.array(tie("reply"), { maxLength: 4 }))
    .map(([kind, items]): Writing => {
      const all = kind === "map" ? [...items, ...items] : items;
      return (out) => {
        out[kind as "array"](items.length);
        for (const write of all) write(out);
      };
    }),
})).reply;

function written(out: ReplyWriter): string {
  return out.buffer.toString("latin1", 0, out.length);
}

test("a reply that was kept is, in either protocol, the one that was given first", () => {
  const kept = new KeptReplyWriter();
  fc.assert(
    fc.property(anyReply, fc.constantFrom(2, 3), (write, protocol) => {
      const [direct, again] = [new ReplyWriter(), new ReplyWriter()];
      direct.protocol = protocol;
      again.protocol = protocol;
      write(direct);
      kept.clear();
      write(kept);
      writeKept(again, kept.buffer, kept.length);
      assert.equal(written(again), written(direct));
      assert.equal(again.errors, direct.errors);
    }),
    { numRuns: 500 },
  );
});
