import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hasBlankSector, isBlank, masked, maskFor, sectorBytes } from "./blank.ts";

/** Where payloads begin: behind a header of 64 bytes at a multiple of 64. */
const positions = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => 1024 + 64 + i * 64);

/** The bytes of the file in sectors, of which `payload` fills some from `position` on. */
function innerSectors(payload: Buffer, position: number): Buffer[] {
  const recordStart = position - 64;
  const lastByte = position + payload.length;
  const sectors: Buffer[] = [];
  for (let at = 0; at < lastByte; at += sectorBytes) {
    const isInner = at > recordStart && at >= position && at + sectorBytes <= lastByte;
    if (isInner) sectors.push(payload.subarray(at - position, at - position + sectorBytes));
  }
  return sectors;
}

function notZero(bytes: Buffer): number {
  return bytes.filter((byte) => byte !== 0).length;
}

/** Payloads with zeros, with repeated words, and with a few bytes in between. */
const payloads = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 0xffffffff })), { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 4 }),
    fc.nat(200),
  )
  .map(([stretches, bytes, end]) => {
    const payload = Buffer.concat(
      stretches.map(([words, word]) => {
        const four = Buffer.alloc(4);
        four.writeUInt32LE(words % 3 === 0 ? 0 : word);
        return Buffer.alloc(words * 64, four);
      }),
    );
    for (const [at, byte] of bytes) if (at < payload.length) payload[at] = byte;
    return Buffer.concat([payload, Buffer.alloc(end)]);
  });

test("no inner sector of a stored payload looks as if it had been left out, even after a flip", () => {
  fc.assert(
    fc.property(payloads, fc.constantFrom(...positions), (payload, position) => {
      const mask = maskFor(payload, position);
      const stored = mask === 0 ? payload : masked(payload, mask);
      for (const sector of innerSectors(stored, position)) assert.ok(notZero(sector) >= 3);
      assert.deepEqual(masked(stored, mask), payload);
      assert.equal(hasBlankSector(stored, 0, stored.length, position), false);
    }),
    { numRuns: 1000 },
  );
});

test("a payload is masked only where it must be", () => {
  for (const position of positions) {
    assert.equal(maskFor(Buffer.alloc(5000, "text"), position), 0);
    // Zeros without a whole inner sector: the last byte of the record stands for the last sector.
    const largest = sectorBytes - (position % sectorBytes || sectorBytes) + sectorBytes - 1;
    assert.equal(maskFor(Buffer.alloc(largest), position), 0, `${largest} zeros at ${position}`);
    assert.notEqual(maskFor(Buffer.alloc(largest + 1), position), 0, `${largest + 1} zeros at ${position}`);
  }
  const sector = (bytes: number): Buffer =>
    Buffer.concat([Buffer.alloc(bytes, 7), Buffer.alloc(1536 - bytes)]);
  assert.notEqual(maskFor(sector(514).subarray(512), 1536), 0, "two bytes in a sector are not enough");
  assert.equal(
    maskFor(Buffer.concat([sector(3), Buffer.alloc(512, 1)]).subarray(0, 512), 1536),
    0,
    "three are",
  );
});

test("a payload that spoils mask after mask still gets one", () => {
  // Every inner sector repeats the mask that the sectors before it would get.
  let payload = Buffer.alloc(512);
  const seen = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const mask = maskFor(payload, 1536);
    assert.notEqual(mask, 0);
    assert.ok(!seen.has(mask), "each sector has spoiled another mask");
    seen.add(mask);
    const word = Buffer.alloc(4);
    word.writeUInt32LE(mask);
    payload = Buffer.concat([payload, Buffer.alloc(512, word)]);
  }
});

test("an inner sector that was left out is found, wherever a payload begins", () => {
  for (const position of positions) {
    const payload = Buffer.alloc(5000, "text");
    for (const sector of innerSectors(payload, position)) {
      const kept = Buffer.from(sector);
      sector.fill(0);
      assert.ok(hasBlankSector(payload, 0, payload.length, position));
      sector[77] = 8;
      assert.ok(hasBlankSector(payload, 0, payload.length, position), "with a flipped bit too");
      kept.copy(sector);
    }
  }
});

test("blank bytes are zeros, or zeros but for one", () => {
  const bytes = Buffer.alloc(64);
  assert.ok(isBlank(bytes, 0, 64));
  for (let i = 0; i < 64; i++) {
    bytes[i] = 1;
    assert.ok(isBlank(bytes, 0, 64));
    bytes[(i + 1) % 64] = 128;
    assert.ok(!isBlank(bytes, 0, 64));
    bytes.fill(0);
  }
});
