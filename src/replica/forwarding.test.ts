import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../sim/prng.ts";
import { HandClock } from "../../test/log-harness.ts";
import { writeBatchTime } from "../engine/batch.ts";
import { Engine } from "../engine/engine.ts";
import { entryKinds } from "../log/entry.ts";
import type { Forward, PeerMessage } from "../peers/message.ts";
import type { EntryKind, LogIndex, Refusal } from "../raft/types.ts";
import type { Batch } from "./batch.ts";
import { Forwarding } from "./forwarding.ts";
import { Proposals } from "./proposals.ts";
import { decodeSessionEntry } from "./session-entry.ts";

const session = 7;

/** A node that forwards, and whoever leads as it knows. */
class Node {
  readonly clock: HandClock = new HandClock();
  readonly sent: PeerMessage[] = [];
  readonly proposed: EntryKind[] = [];
  readonly forwarding: Forwarding;
  readonly #line: Proposals = new Proposals();
  leads = false;
  leaderId: string | undefined = "n2";
  term = 1;
  propose: (kind: EntryKind, payload: Buffer) => LogIndex | Refusal = () => 1;

  constructor() {
    this.clock.move(1_000);
    this.forwarding = new Forwarding({
      ...{ id: "n1", incarnation: "i", boot: 3, nodeSessionMs: 60_000, clock: this.clock },
      leads: () => this.leads,
      leaderId: () => this.leaderId,
      term: () => this.term,
      propose: (kind, payload) => {
        this.proposed.push(kind);
        return this.propose(kind, payload);
      },
      send: (message) => this.sent.push(message),
    });
  }

  /** With a session to forward under. */
  static withSession(): Node {
    const node = new Node();
    node.forwarding.opened(session, "n1:i:3");
    return node;
  }

  batch(): Batch {
    const { open } = this.#line;
    open.isTick = true;
    return this.#line.seal(0);
  }

  /** Numbers of the batches that were sent, in order. */
  get numbers(): number[] {
    return this.#forwards.map(({ sequence }) => sequence);
  }

  get #forwards(): Forward[] {
    return this.sent.filter((message): message is Forward => message.type === "forward");
  }

  reply(sequence: number, refusal?: Refusal): boolean {
    const envelope = { from: "n2", to: "n1", session, sequence, refusal };
    return this.forwarding.replied({ type: "forwardReply", ...envelope });
  }

  lead(term: number): void {
    this.term = term;
    this.leads = true;
    this.leaderId = "n1";
  }

  follow(term: number, leaderId: string | undefined): void {
    this.term = term;
    this.leads = false;
    this.leaderId = leaderId;
  }
}

test("a session comes first, opened in the node's name, and asked for again when nobody answers", () => {
  const node = new Node();
  const { forwarding } = node;
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(node.sent.length, 1);
  const [asked] = node.sent as Forward[];
  assert.deepEqual(
    [asked!.to, asked!.session, asked!.sequence, asked!.kind],
    ["n2", 0, 0, entryKinds.session],
  );
  assert.deepEqual(decodeSessionEntry(asked!.payload), { ttlMs: 60_000, label: "n1:i:3" });
  node.clock.move(200);
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(node.sent.length, 2);
  // Another start's, and another node's.
  forwarding.opened(5, "n1:i:2");
  forwarding.opened(6, "n2:i:3");
  assert.equal(forwarding.offer(node.batch()), false);
  forwarding.opened(session, "n1:i:3");
  const batch = node.batch();
  assert.equal(forwarding.offer(batch), true);
  assert.deepEqual([batch.session, batch.sequence], [session, 1]);
});

test("the leader gets one batch at a time: the next one when it has said that it proposed the one before", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  assert.equal(forwarding.offer(node.batch()), true);
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(node.reply(2), false);
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(node.reply(1), true);
  assert.equal(forwarding.offer(node.batch()), true);
  assert.deepEqual(node.numbers, [1, 2]);
  // A refusal proves nothing: it may have been proposed by an earlier leader. It is sent again.
  assert.equal(node.reply(2, "notLeader"), false);
  assert.equal(forwarding.isAtRest, false);
  node.clock.move(200);
  forwarding.goOn();
  assert.deepEqual(node.numbers, [1, 2, 2]);
});

test("what is not answered is sent again after a while, and not before", () => {
  const node = Node.withSession();
  node.forwarding.offer(node.batch());
  node.clock.move(100);
  node.forwarding.goOn();
  assert.deepEqual(node.numbers, [1]);
  node.clock.move(100);
  node.forwarding.goOn();
  node.forwarding.goOn();
  assert.deepEqual(node.numbers, [1, 1]);
});

test("the next leader gets all that is not applied, in its order, whatever the one before had taken", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  const batches = [node.batch(), node.batch(), node.batch()];
  for (const [i, batch] of batches.entries()) {
    assert.equal(forwarding.offer(batch), true);
    node.reply(i + 1);
  }
  forwarding.settled(batches[0]!);
  node.follow(2, undefined);
  forwarding.goOn();
  assert.deepEqual(node.numbers, [1, 2, 3]);
  node.follow(2, "n3");
  forwarding.goOn();
  node.reply(2);
  forwarding.goOn();
  assert.deepEqual(node.numbers, [1, 2, 3, 2, 3]);
  assert.equal(node.sent.at(-1)!.to, "n3");
});

test("who leads itself proposes what it had sent to others, in front of what is new", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  const [first, second] = [node.batch(), node.batch()];
  forwarding.offer(first);
  node.lead(2);
  assert.equal(forwarding.offer(second), false);
  forwarding.goOn();
  assert.equal(forwarding.offer(second), true);
  assert.deepEqual(node.proposed, [entryKinds.time, entryKinds.time]);
  assert.deepEqual([first.sequence, second.sequence], [1, 2]);
});

test("a batch that was refused where it would be proposed has no number, and the next one gets it", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  node.lead(1);
  node.propose = () => "tooMuch" as Refusal;
  const [refused, taken] = [node.batch(), node.batch()];
  const before = Buffer.from(refused.payload);
  assert.equal(forwarding.offer(refused), false);
  assert.deepEqual([refused.session, refused.sequence, refused.isProposed], [0, 0, false]);
  assert.deepEqual(refused.payload, before);
  assert.equal(forwarding.isAtRest, true);
  node.propose = () => 1;
  assert.equal(forwarding.offer(taken), true);
  assert.equal(taken.sequence, 1);
});

test("a session that nobody has used for long is not begun with any more: another one is opened", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  const batch = node.batch();
  forwarding.offer(batch);
  node.clock.move(19_000);
  forwarding.settled(batch);
  node.clock.move(19_000);
  assert.equal(forwarding.offer(node.batch()), true);
  const last = forwarding.find(session, 2)!;
  node.clock.move(21_000);
  // What is under way goes on under the old one.
  assert.equal(forwarding.offer(node.batch()), false);
  assert.equal(node.numbers.at(-1), 2);
  forwarding.settled(last);
  node.clock.move(21_000);
  assert.equal(forwarding.offer(node.batch()), false);
  assert.deepEqual([node.numbers.at(-1), (node.sent.at(-1) as Forward).session], [0, 0]);
});

test("a session that is gone gives back what was sent under it, and knows none of it afterwards", () => {
  const node = Node.withSession();
  const { forwarding } = node;
  const batch = node.batch();
  forwarding.offer(batch);
  assert.equal(forwarding.find(session, 1), batch);
  assert.equal(forwarding.find(session + 1, 1), undefined);
  assert.deepEqual(forwarding.drop(), [batch]);
  assert.equal(forwarding.find(session, 1), undefined);
  assert.equal(node.reply(1), false);
  assert.equal(forwarding.isAtRest, true);
});

test("another member's entry is proposed where this node leads, and it is told either way", () => {
  const node = Node.withSession();
  const forward = { type: "forward", from: "n3", to: "n1", session: 9, sequence: 4, voters: 0 } as const;
  const payload = Buffer.from("payload");
  node.propose = () => "notLeader";
  node.forwarding.forwarded({ ...forward, kind: entryKinds.commands, payload });
  node.propose = () => 12;
  node.forwarding.forwarded({ ...forward, kind: entryKinds.commands, payload });
  const reply = { type: "forwardReply", from: "n1", to: "n3", session: 9, sequence: 4 };
  assert.deepEqual(node.sent, [
    { ...reply, refusal: "notLeader" },
    { ...reply, refusal: undefined },
  ]);
});

/** Leaders come and go, and lose what was not committed; messages are lost, repeated and late. */
test("each batch is applied once, in its order, whatever becomes of leaders and messages", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Prng(seed);
    const node = Node.withSession();
    const { forwarding } = node;
    const engine = new Engine([1, 2]);
    engine.advance(1_000, 0);
    const { sessions } = engine;
    sessions.open(session, 60_000);
    let log: number[] = [];
    let committed = 0;
    const applied: number[] = [];
    const late: Forward[] = [];
    const waiting = Array.from({ length: 12 }, () => node.batch());
    const all = [...waiting];
    node.propose = (_kind, payload) => log.push(sequenceOf(payload));
    const applyTo = (index: number): void => {
      for (; committed < index; committed++) {
        const sequence = log[committed]!;
        if (sessions.admit(session, sequence) !== "apply") continue;
        applied.push(sequence);
        forwarding.settled(forwarding.find(session, sequence)!);
      }
    };
    const step = (): void => {
      const kind = random.below(6);
      if (kind === 0) {
        // Another leader: what was not committed may be gone.
        log = log.slice(0, committed + random.below(log.length - committed + 1));
        if (random.chance(0.3)) node.lead(node.term + 1);
        else node.follow(node.term + 1, random.chance(0.2) ? undefined : "n2");
      } else if (kind === 1) applyTo(Math.min(log.length, committed + 1 + random.below(3)));
      else if (kind === 2) node.clock.move(100);
      else if (kind === 3 && waiting.length > 0) {
        if (forwarding.offer(waiting[0]!)) waiting.shift();
      } else forwarding.goOn();
      for (const message of node.sent.splice(0) as Forward[]) late.push(message);
      if (late.length > 0 && random.chance(0.6)) {
        const [message] = random.chance(0.3) ? [late[0]!] : late.splice(random.below(late.length), 1);
        if (node.leads || message!.session === 0) return;
        log.push(message!.sequence);
        if (random.chance(0.7)) node.reply(message!.sequence);
      }
    };
    for (let i = 0; applied.length < all.length && i < 100_000; i++) step();
    assert.deepEqual(
      applied,
      all.map((_, i) => i + 1),
      `seed ${seed}`,
    );
    assert.ok(forwarding.isAtRest);
  }
});

function sequenceOf(payload: Buffer): number {
  return Number(/BATCH\r\n\$1\r\n7\r\n\$\d\r\n(\d+)/.exec(payload.toString("latin1"))![1]);
}

test("what has left for another node stays as it is when this one proposes it with its own time", () => {
  const node = Node.withSession();
  node.forwarding.offer(node.batch());
  const [sent] = node.sent as Forward[];
  const before = Buffer.from(sent!.payload);
  node.propose = (_kind, payload) => {
    writeBatchTime(payload, 2_000);
    return 1;
  };
  node.lead(2);
  node.forwarding.goOn();
  assert.equal(node.proposed.length, 1);
  assert.deepEqual(sent!.payload, before);
});

test("an entry that another node has brought is proposed with this one's time, and its message stays as it is", () => {
  const node = Node.withSession();
  const payload = node.batch().payload;
  const before = Buffer.from(payload);
  node.propose = (_kind, taken) => {
    writeBatchTime(taken, 2_000);
    return 1;
  };
  node.lead(2);
  const forward = {
    from: "n2",
    to: "n1",
    session: 9,
    sequence: 1,
    kind: entryKinds.time,
    voters: 0,
    payload,
  };
  node.forwarding.forwarded({ type: "forward", ...forward });
  assert.equal(node.proposed.length, 1);
  assert.deepEqual(payload, before);
});
