import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Config,
  type Entry,
  RawNode,
  type Ready,
  type Restored,
  type Write,
} from "../../../src/raft/index.ts";
import { Chaos } from "../../../test/raft/chaos.ts";
import { coreAt } from "../../../test/raft/core.ts";
import type { Core } from "../../../test/raft/member.ts";
import type { MemoryDisk } from "../../../test/raft/memory-disk.ts";
import { mutants, withMutant } from "../../../test/raft/mutants.ts";
import { ClusterCheckers } from "./index.ts";
import type { Observation } from "./observation.ts";

/**
 * The checkers beside the random runs of the core's own tests: they find nothing in a right core, and planted bugs in
 * wrong ones.
 */

/** A member as the checkers want it: what its disk has, and over it the writes that are under way. */
function observationOf(node: RawNode, disk: MemoryDisk, boot: number, given?: Write): Observation {
  const status = node.status();
  const entries = new Map<number, Entry>(disk.all.map((entry) => [entry.index, entry]));
  let { firstIndex, lastIndex } = disk;
  for (const write of given === undefined ? disk.pending : [...disk.pending, given]) {
    if (write.snapshot !== undefined) {
      entries.clear();
      lastIndex = write.snapshot.index;
      firstIndex = lastIndex + 1;
    }
    for (const entry of write.entries) entries.set(entry.index, entry);
    lastIndex = write.entries.at(-1)?.index ?? lastIndex;
  }
  const at = (index: number): Entry | undefined => (index <= lastIndex ? entries.get(index) : undefined);
  return {
    ...{ node: status.id, incarnation: "", boot, role: status.role, term: status.term, vote: status.vote },
    ...{ durableTerm: disk.hardState.term, durableVote: disk.hardState.vote },
    ...{ firstIndex, lastIndex, stableIndex: Math.min(status.stableIndex, lastIndex) },
    ...{ commitIndex: status.commitIndex, appliedIndex: status.applyIndex },
    termOf: (index) => at(index)?.term,
    hashOf: (index) => `${at(index)?.kind}:${at(index)?.payload.toString("latin1")}`,
  };
}

/** A core that shows itself to the checkers whenever its host asks what there is to do. */
function watched(core: Core, checkers: ClusterCheckers): Core {
  class Watched extends core.RawNode {
    readonly #disk: MemoryDisk;
    readonly #boot: number;

    constructor(config: Config, restored: Restored) {
      super(config, restored);
      this.#disk = restored.log as MemoryDisk;
      this.#boot = config.boot;
    }

    override ready(): Ready | undefined {
      const ready = super.ready();
      checkers.observe(observationOf(this, this.#disk, this.#boot, ready?.write));
      if (this.role === "leader") this.#acknowledge();
      for (const { type, from, to, term, ...rest } of ready?.messages ?? []) {
        if (type === "requestVote") checkers.votes.sent({ node: from, term, candidate: from });
        else if (type === "voteReply" && "isGranted" in rest && rest.isGranted)
          checkers.votes.sent({ node: from, term, candidate: to });
      }
      return ready;
    }

    /** As if a client had waited for everything that is committed. */
    #acknowledge(): void {
      const voters = this.configuration.members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
      const quorum = Math.floor(voters.length / 2) + 1;
      if (this.commitIndex > 0)
        checkers.acknowledged.acknowledged({ index: this.commitIndex, quorums: [{ voters, quorum }] });
    }
  }
  return { RawNode: Watched };
}

function run(core: Core, seed: number): string[] {
  const checkers = new ClusterCheckers({ convergeWithinUs: 0 });
  try {
    new Chaos(watched(core, checkers), seed).run(3_000);
  } catch (error) {
    // What the core's own tests say; here it counts what the checkers say.
    if (core.RawNode === RawNode) throw error;
  }
  return checkers.finish().map(({ checker, text }) => `${checker}: ${text}`);
}

test("a right core is found to be right", () => {
  for (let seed = 1; seed <= 60; seed++) assert.deepEqual(run({ RawNode }, seed), [], `seed ${seed}`);
});

/** Who has to find what. */
const planted: readonly [name: string, checker: RegExp][] = [
  ["votes twice in a term", /^votes: /m],
  ["a vote is told before it is durable", /^votes: .*before it was durable/m],
  ["forgets its vote when it loses an election", /^votes: .*forgot its vote/m],
  ["votes for any log", /^(?:leader-completeness|acknowledged): /m],
  [
    "acknowledges before the entries are durable",
    /^acknowledged: .*was acknowledged while it was durable on/m,
  ],
  [
    "the leader counts what is not on its own disk",
    /^acknowledged: .*was acknowledged while it was durable on/m,
  ],
];

for (const [name, checker] of planted) {
  test(`the checkers find: ${name}`, async () => {
    const core = await withMutant(mutants.find((mutant) => mutant.name === name)!, coreAt);
    for (let seed = 1; seed <= 300; seed++) if (checker.test(run(core, seed).join("\n"))) return;
    assert.fail("not found");
  });
}
