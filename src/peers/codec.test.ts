import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyMessage, ends, messageKinds, sent } from "../../test/peer-messages.ts";
import { limits } from "../base/limits.ts";
import { writeU32 } from "../base/numbers.ts";
import { crc32 } from "../platform/crc32.ts";
import { encodeFrame, headBytes } from "./codec.ts";
import { PeerDecoder } from "./decoder.ts";
import type { PeerMessage } from "./message.ts";

/** What a decoder makes of bytes that come in pieces that end at these places; each piece is overwritten behind it. */
function decoded(bytes: Buffer, cuts: readonly number[] = []): { messages: PeerMessage[]; damage?: string } {
  const messages: PeerMessage[] = [];
  const decoder = new PeerDecoder(ends, (message) => messages.push(message));
  const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) {
    const piece = Buffer.from(bytes.subarray(places[i - 1]!, places[i]!));
    const isGood = decoder.push(piece);
    assert.equal(isGood, decoder.damage === undefined);
    piece.fill(0xee);
  }
  return decoder.damage === undefined ? { messages } : { messages, damage: decoder.damage };
}

/** A frame whose checksums are right, whatever it says. */
function forged(kind: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(headBytes);
  writeU32(head, 4, length);
  writeU32(head, 8, crc32(body, 0, body.length));
  head[12] = kind;
  writeU32(head, 0, crc32(head, 4, headBytes));
  return Buffer.concat([head, body]);
}

test("every kind of message is what it was, over any split of the bytes", () => {
  const seen = new Set<string>();
  const property = fc.property(
    fc.array(anyMessage, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(300), { maxLength: 8 }),
    (messages, cuts) => {
      for (const message of messages) seen.add(kindOf(message));
      assert.deepEqual(decoded(Buffer.concat(messages.map(sent)), cuts), { messages });
    },
  );
  fc.assert(property, { numRuns: 2_000 });
  assert.deepEqual([...seen].sort(), [...messageKinds].sort());
});

test("a split at every byte changes nothing", () => {
  const messages = fc.sample(anyMessage, { numRuns: 40, seed: 7 });
  const bytes = Buffer.concat(messages.map(sent));
  const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
  assert.deepEqual(decoded(bytes, everywhere), { messages });
  for (const cut of everywhere) assert.equal(decoded(bytes, [cut]).messages.length, messages.length);
});

test("no single flipped bit passes", () => {
  const frame = sent(fc.sample(anyMessage, { numRuns: 1, seed: 3 })[0]!);
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const bad = Buffer.from(frame);
    bad[bit >> 3]! ^= 1 << (bit & 7);
    const { messages, damage } = decoded(bad);
    assert.equal(messages.length, 0);
    assert.match(damage ?? "", /checksum|length/, `bit ${bit}`);
  }
});

test("after damage nothing of the stream is taken", () => {
  const good = sent(fc.sample(anyMessage, { numRuns: 1, seed: 3 })[0]!);
  const bad = Buffer.from(good);
  bad[bad.length - 1]! ^= 1;
  const decoder = new PeerDecoder(ends, () => assert.fail("nothing is taken"));
  assert.equal(decoder.push(bad), false);
  assert.equal(decoder.push(good), false);
});

test("payloads are not copied on the way out", () => {
  const payload = Buffer.alloc(100_000, "x");
  const parts = encodeFrame({
    type: "forward",
    ...ends,
    session: 1,
    sequence: 1,
    kind: 1,
    voters: 0,
    payload,
  });
  assert.equal(parts[1], payload);
  assert.equal(parts.length, 2);
});

test("a heartbeat is small", () => {
  const heartbeat = {
    type: "heartbeat",
    ...ends,
    term: 5,
    commitIndex: 9,
    isConfirmed: true,
    round: 0,
  } as const;
  assert.equal(sent({ type: "consensus", ...ends, message: heartbeat, timeMs: 1 }).length, 38);
});

test("a largest entry fits, and nothing larger is sent", () => {
  const append = (length: number): PeerMessage => {
    const previous = { term: 1, index: 1 };
    const entry = { term: 2, index: 2, kind: 1, payload: Buffer.alloc(length) } as const;
    const message = { type: "appendEntries", ...ends, term: 2, previous, commitIndex: 1 } as const;
    return { type: "consensus", ...ends, message: { ...message, entries: [entry] }, timeMs: 1 };
  };
  const { messages } = decoded(sent(append(limits.logPayloadBytesMax)), [20, 1_000_000]);
  assert.equal(messages.length, 1);
  assert.throws(() => sent(append(limits.peerBodyBytesMax)), /within its bounds/);
});

test("what is not meant for this connection is not encoded", () => {
  const message = { type: "timeoutNow", from: "a", to: "c", term: 1 } as const;
  assert.throws(() => encodeFrame({ type: "consensus", from: "a", to: "b", message, timeMs: 1 }), /envelope/);
});

/** Frames with right checksums, and what is wrong with each. */
const wrong: readonly (readonly [kind: number, body: Buffer, damage: RegExp])[] = [
  [99, Buffer.alloc(5), /^frames of kind 99 are unknown$/],
  [7, Buffer.alloc(24), /^heartbeat: a length of 24 cannot be$/],
  [7, Buffer.alloc(25, 2), /^heartbeat: a flag is 2$/],
  [6, Buffer.alloc(20), /^appendReply: 1 bytes too many$/],
  [6, Buffer.alloc(19, 1), /^appendReply: it ends in the middle of a field$/],
  [5, Buffer.alloc(40, 0xff), /^appendEntries: 4294967295 entries do not fit into it$/],
  [5, appendWith(9, 0), /^appendEntries: an entry is of unknown kind 9$/],
  [5, appendWith(1, 0xffff), /^appendEntries: it ends in the middle of a field$/],
  [
    9,
    Buffer.concat([Buffer.alloc(24), Buffer.from([5, 0, 0, 0]), Buffer.from("[1,2]")]),
    /: a configuration is none$/,
  ],
  [9, Buffer.concat([Buffer.alloc(24), Buffer.from([0, 0, 2, 0])]), /: a text of 131072 bytes is too long$/],
];

function appendWith(kind: number, length: number): Buffer {
  const body = Buffer.alloc(12 + 18 + 4 + 11);
  body[30] = 1;
  body[40] = kind;
  writeU32(body, 41, length);
  return body;
}

test("what cannot be is refused, and the reason is told", () => {
  for (const [kind, body, damage] of wrong) assert.match(decoded(forged(kind, body)).damage ?? "", damage);
});

test("a length is looked at before memory is taken for it", () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 50 }, () => new PeerDecoder(ends, () => {}));
  for (const decoder of decoders)
    assert.equal(decoder.push(forged(34, Buffer.alloc(0), limits.peerBodyBytesMax + 1)), false);
  assert.ok(process.memoryUsage().arrayBuffers - before < limits.peerBodyBytesMax);
});

test("hostile bodies behind right checksums are damage or messages, and never more than that", () => {
  const kinds = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 32, 33, 34, 35, 36, 37, 38, 255);
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), nearlyRight());
  const property = fc.property(kinds, bytes, fc.nat(100), (kind, body, cut) => {
    const { messages, damage } = decoded(forged(kind, Buffer.from(body)), [cut]);
    assert.equal(messages.length, damage === undefined ? 1 : 0);
  });
  fc.assert(property, { numRuns: 5_000 });
});

/** Bodies of real messages with some bytes changed. */
function nearlyRight(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(anyMessage, fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 3 }))
    .map(([message, changes]) => {
      const body = sent(message).subarray(headBytes);
      for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
      return body;
    });
}

test("hostile streams end with one reason", () => {
  const property = fc.property(
    fc.uint8Array({ minLength: headBytes, maxLength: 500 }),
    fc.array(fc.nat(500)),
    (bytes, cuts) => {
      const { messages, damage } = decoded(Buffer.from(bytes), cuts);
      assert.deepEqual(messages, []);
      assert.equal(damage, "the head of a frame has a wrong checksum");
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});

function kindOf(message: PeerMessage): string {
  return message.type === "consensus" ? message.message.type : message.type;
}
