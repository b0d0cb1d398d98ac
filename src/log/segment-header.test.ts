import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterId } from "../../test/log-harness.ts";
import {
  decodeSegmentHeader,
  decodeSuccessor,
  encodeSegmentHeader,
  encodeSuccessor,
  segmentHeaderFault,
  segmentName,
  sequenceInName,
} from "./segment-header.ts";

const header = {
  firstSequence: 0x1234_5678_9abc,
  fileBytes: 4096,
  clusterId,
  salt: 77,
  previousSalt: 0xffffffff,
};

test("a header is read as it was written", () => {
  const sector = encodeSegmentHeader(header);
  assert.equal(segmentHeaderFault(sector), undefined);
  assert.deepEqual(decodeSegmentHeader(sector), header);
});

test("every flipped bit of a header is found", () => {
  const sector = encodeSegmentHeader(header);
  for (let bit = 0; bit < sector.length * 8; bit++) {
    sector[bit >> 3]! ^= 1 << (bit & 7);
    assert.deepEqual(segmentHeaderFault(sector), {
      reason: "the segment's header has a wrong checksum",
      isForeign: false,
    });
    sector[bit >> 3]! ^= 1 << (bit & 7);
  }
});

test("a successor is read as it was written, and any flipped bit makes it none", () => {
  const sector = Buffer.concat([encodeSuccessor(0x1234_5678_9abc, 77), Buffer.alloc(100)]);
  assert.equal(decodeSuccessor(sector, 0, 77), 0x1234_5678_9abc);
  assert.equal(decodeSuccessor(sector, 0, 78), 0, "with the salt of another segment");
  assert.equal(decodeSuccessor(Buffer.alloc(512), 0, 77), 0);
  for (let bit = 0; bit < 18 * 8; bit++) {
    sector[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(decodeSuccessor(sector, 0, 77), 0);
    sector[bit >> 3]! ^= 1 << (bit & 7);
  }
});

test("names tell the sequence, and other names none", () => {
  assert.equal(segmentName(0x2a), "000000000000002a.log");
  assert.equal(sequenceInName("000000000000002a.log"), 0x2a);
  assert.equal(sequenceInName(segmentName(2 ** 48 - 1)), 2 ** 48 - 1);
  for (const name of [
    "spare",
    "2a.log",
    "000000000000002A.log",
    "000000000000002a.log.bak",
    "100000000000002a.log",
  ])
    assert.equal(sequenceInName(name), undefined, name);
});
