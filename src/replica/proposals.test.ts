import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeArguments } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { Origin } from "./contract.ts";
import { Proposals } from "./proposals.ts";

class Caller implements Origin {
  readonly out: ReplyWriter = new ReplyWriter();
  readonly isGone = false;
  readonly isWaiting = true;
  answered = 0;

  perform(_command: Command, args: Arguments): void {
    this.out.simple(args.count === 1 ? "OK" : "QUEUED");
  }

  settled(count: number): void {
    this.answered += count;
  }

  drain(): void {}

  get said(): string {
    return this.out.buffer.toString("latin1", 0, this.out.length);
  }
}

function words(line: string): Arguments {
  return encodeArguments(line.split(" ").map((word) => Buffer.from(word)));
}

test("what a caller has decided by itself is said, also where those before it come to nothing", () => {
  const proposals = new Proposals();
  const caller = new Caller();
  const { open } = proposals;
  open.addWrite(words("SET a 1"), 0, caller);
  open.addRead(words("MULTI"), 0, caller, "stale", 0);
  open.addRead(words("MULTI QUEUED"), 0, caller, "stale", 0);
  open.addRead(words("GET a"), 0, caller, "linearizable", 0);
  proposals.seal(0);
  proposals.fail("CLUSTERDOWN no leader");
  const error = "-CLUSTERDOWN no leader\r\n";
  assert.equal(caller.said, `${error}+OK\r\n+QUEUED\r\n${error}`);
  assert.equal(caller.answered, 4);
});

test("replies that were kept back are given out when all is given up, and what has none is told so", () => {
  const proposals = new Proposals();
  const [half, none] = [new Caller(), new Caller()];
  for (const caller of [half, none]) {
    proposals.open.addWrite(words("SET a 1"), 0, caller);
    proposals.open.addRead(words("GET a"), 0, caller, "stale", 0);
    proposals.seal(0);
  }
  // Applied in part, while its replies wait for more voters; and given up behind it.
  const [first, second] = proposals.sealed;
  first!.replies = [Buffer.from("+OK\r\n")];
  first!.next = 1;
  second!.replies = [];
  second!.isApplied = true;
  proposals.failAll("UNKNOWN_OUTCOME", "CLUSTERDOWN");
  assert.equal(half.said, "+OK\r\n-CLUSTERDOWN\r\n");
  assert.equal(none.said, "-CLUSTERDOWN\r\n".repeat(2));
  assert.deepEqual([half.answered, none.answered], [2, 2]);
});
