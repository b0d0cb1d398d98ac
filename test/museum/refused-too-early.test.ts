import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeArguments } from "../../src/engine/transaction.ts";
import { ReplyWriter } from "../../src/protocol/reply-writer.ts";
import { commandOf } from "../../src/protocol/spec/table.ts";
import { DONE, FULL, type Origin, type Verdict } from "../../src/replica/contract.ts";
import type { Durable } from "../../src/replica/durable.ts";
import { ClusterRun } from "../replica/cluster-run.ts";

/**
 * A write that wants more voters than can be reached was refused at once, also where replies of the same connection
 * were still to come: the client took the refusal for the answer to an earlier command. Found by the simulator as a
 * reply of the wrong kind (seed 40 of its first day).
 */
test("a write that is refused for want of voters is answered behind what came before it", async () => {
  const cluster = await ClusterRun.start(["n1", "n2", "n3"]);
  const leader = await cluster.leader();
  const { durable } = cluster.nodes.get(leader)!;
  const connection = new Pipeline(durable);
  await connection.answers(["SET", "a", "1"], 0);
  for (const id of [...cluster.nodes.keys()].filter((other) => other !== leader).slice(0, 1))
    cluster.kill(id);
  for (;;) {
    // Until the leader has missed the dead one: then all three voters are too many.
    const replies = await Promise.all([
      connection.answers(["SET", "a", "2"], 0),
      connection.answers(["SET", "a", "3"], 3),
    ]);
    assert.equal(replies[0], "+OK\r\n");
    if (replies[1]!.startsWith("-NOREPLICAS")) break;
  }
  await cluster.close();
});

/** Sends commands without waiting, each with its W, and hands out replies in the order in which they come. */
class Pipeline implements Origin {
  readonly out: ReplyWriter = new ReplyWriter();
  readonly isGone = false;
  readonly #durable: Durable;
  readonly #line: (() => Verdict)[] = [];
  readonly #waiting: ((reply: string) => void)[] = [];
  #unsettled = 0;

  constructor(durable: Durable) {
    this.#durable = durable;
  }

  get isWaiting(): boolean {
    return this.#unsettled > 0;
  }

  answers(words: readonly string[], writeQuorum: number): Promise<string> {
    const args = encodeArguments(words.map((word) => Buffer.from(word)));
    const reads = { readQuorum: 0, readLagMs: 0 };
    const request = { command: commandOf(args), args, db: 0, origin: this, ...reads, writeQuorum };
    this.#line.push(() => this.#durable.member.submit({ ...request, readMode: "linearizable" }));
    const reply = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.drain();
    return reply;
  }

  drain(): void {
    while (this.#line.length > 0) {
      const verdict = this.#line[0]!();
      if (verdict === FULL) return;
      this.#line.shift();
      if (verdict === DONE) this.#read();
      else this.#unsettled++;
    }
  }

  settled(count: number): void {
    this.#unsettled -= count;
    this.#read();
  }

  perform(): void {}

  #read(): void {
    const replies = this.out.buffer.toString("latin1", 0, this.out.length).split(/(?<=\r\n)/);
    this.out.truncate(0);
    for (const reply of replies) if (reply !== "") this.#waiting.shift()!(reply);
  }
}
