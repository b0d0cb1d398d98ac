import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerMessage } from "../peers/message.ts";
import { Batch, Slab } from "./batch.ts";
import { type OwnState, QuorumRounds } from "./quorum-rounds.ts";

const usual: OwnState = {
  ...{ id: "n2", boot: 1, voters: ["n1", "n2", "n3"], lastIndex: 10, heldIndex: 10 },
  ...{ configurationIndex: 1, knownConfigurationIndex: 1 },
};

interface Scene {
  own: OwnState;
  readonly rounds: QuorumRounds;
  readonly batch: Batch;
  readonly sent: PeerMessage[];
}

/** A read waits for a round, which has begun. */
function asked(own: OwnState): Scene {
  const sent: PeerMessage[] = [];
  const rounds = new QuorumRounds(
    () => scene.own,
    (message) => sent.push(message),
  );
  const scene: Scene = { own, rounds, sent, batch: new Batch(new Slab()) };
  rounds.want(scene.batch);
  rounds.begin(false);
  return scene;
}

function answer(from: string, configurationIndex: number, lastIndex: number, round = 1) {
  return {
    type: "logEnd",
    from,
    to: "n2",
    boot: 1,
    round,
    lastIndex,
    heldIndex: 1,
    configurationIndex,
  } as const;
}

/**
 * n3 has members in its log (entry 12) that it does not know to be committed. They are, and the majority among them has
 * acknowledged more since, of which neither n3 nor n2 has heard: their two ends do not tell what is acknowledged.
 */
test("a voter whose log has newer members than are committed here does not count for a quorum read", () => {
  const { rounds, batch } = asked(usual);
  assert.equal(rounds.answered(answer("n3", 12, 12)), false);
  assert.equal(batch.readIndex, Number.POSITIVE_INFINITY);
  assert.equal(rounds.answered(answer("n1", 1, 11)), true);
  assert.equal(batch.readIndex, 11);
});

/**
 * n1 has lost its disk, and is to be a learner of another incarnation (entry 12). n2 knows that, and hears the new n1; by the
 * members that are committed here, n1 is a voter still. The write that n1 and n2 had is nowhere else.
 */
test("while this node's own log has newer members, nobody counts, and it says so to others", () => {
  const scene = asked({ ...usual, knownConfigurationIndex: 12, lastIndex: 12 });
  const { rounds, batch, sent } = scene;
  assert.equal(rounds.answered(answer("n1", 0, 0)), false);
  assert.equal(rounds.answered(answer("n3", 1, 9)), false);
  assert.equal(batch.readIndex, Number.POSITIVE_INFINITY);
  rounds.requested({ type: "logEndRequest", from: "n1", to: "n2", boot: 3, round: 7 });
  assert.deepEqual(sent.at(-1), {
    ...{ type: "logEnd", from: "n2", to: "n1", boot: 3, round: 7 },
    ...{ lastIndex: 12, heldIndex: 10, configurationIndex: 12 },
  });
  scene.own = { ...usual, configurationIndex: 12, knownConfigurationIndex: 12, lastIndex: 12 };
  rounds.begin(false);
  assert.equal(rounds.answered(answer("n3", 12, 12, 2)), true);
  assert.equal(batch.readIndex, 12);
});

test("newer members that come to this node's log after the round began spoil it", () => {
  const scene = asked(usual);
  scene.own = { ...usual, knownConfigurationIndex: 12, lastIndex: 12 };
  assert.equal(scene.rounds.answered(answer("n1", 0, 0)), false);
  assert.equal(scene.batch.readIndex, Number.POSITIVE_INFINITY);
});

test("answers to a round that began under other members are of no use", () => {
  const scene = asked(usual);
  scene.own = { ...usual, configurationIndex: 12, knownConfigurationIndex: 12 };
  assert.equal(scene.rounds.answered(answer("n3", 12, 12)), false);
  scene.rounds.begin(false);
  assert.equal(scene.rounds.answered(answer("n3", 12, 13, 2)), true);
  assert.equal(scene.batch.readIndex, 13);
});
