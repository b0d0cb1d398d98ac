import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock } from "../../test/log-harness.ts";
import { encodeArguments } from "../engine/transaction.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { LATER, type Origin } from "./contract.ts";
import { Offers, type OffersParts } from "./offers.ts";
import { Proposals } from "./proposals.ts";

class Caller implements Origin {
  readonly out: ReplyWriter = new ReplyWriter();
  readonly isGone = false;
  readonly isWaiting = false;

  perform(): void {}
  settled(): void {}
  drain(): void {}
}

test("a write that joins an entry of the time alone is not late before its time", () => {
  const clock = new HandClock();
  const proposals = new Proposals();
  // Nobody proposes anything: of all parts only these are looked at.
  const parts = { clock, proposals, consensus: () => undefined, onTurn() {} };
  const offers = new Offers(parts as unknown as OffersParts);
  clock.move(60_000);
  offers.wantTick();
  const args = encodeArguments(["SET", "a", "1"].map((word) => Buffer.from(word)));
  assert.equal(offers.addWrite(args, 0, new Caller(), 0), LATER);
  const batch = proposals.seal(0);
  clock.move(10);
  offers.giveUp(5_000, false);
  assert.equal(batch.error, undefined);
  clock.move(5_000);
  offers.giveUp(5_000, false);
  assert.match(batch.error ?? "", /^CLUSTERDOWN/);
});
