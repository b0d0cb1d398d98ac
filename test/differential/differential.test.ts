import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Cluster } from "../cluster/cluster.ts";
import { redis, startRedis } from "../redis-server.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { compare } from "./compare.ts";
import { generate } from "./generator.ts";
import { type OpenPair, openPair } from "./pair.ts";
import { regressions } from "./regressions.ts";
import { explain, freshSeed, runSeed } from "./run.ts";
import { readScript } from "./script.ts";
import { showConversation, showDifference } from "./show.ts";
import { shrink } from "./shrink.ts";

/** Conversations that every run of the tests holds, and those with a seed of its own. */
const fixedSeeds = 60;
const freshSeeds = 40;
const durableSeeds = 25;
const clusterSeeds = 20;
const ids = ["n1", "n2", "n3"];
const shrinkMs = 20_000;

describe("kvorum and Redis answer the same bytes", redis, () => {
  let pair: OpenPair;
  before(async () => {
    pair = await openPair();
  });
  after(() => pair[Symbol.asyncDispose]());

  for (const { about, says } of regressions) {
    test(about, async () => {
      const conversation = readScript(says);
      const difference = await compare(pair, conversation);
      assert.ok(
        difference === undefined,
        difference && `${showDifference(difference)}\n${showConversation(conversation)}`,
      );
    });
  }

  test("in random conversations that are always the same", () => runSeeds(pair, 1, fixedSeeds));

  test("in random conversations that nobody has held before", async (t) => {
    const first = freshSeed();
    t.diagnostic(`seeds ${first} to ${first + freshSeeds - 1}`);
    await runSeeds(pair, first, freshSeeds);
  });
});

describe("so does a node that has every write on its disk before it answers", redis, () => {
  const folder = new TemporaryFolder();
  let pair: OpenPair;
  before(async () => {
    pair = await openPair({ data: join(folder.path, "n1") });
  });
  after(async () => {
    await pair[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test("in random conversations that are always the same", () => runSeeds(pair, 1001, durableSeeds));
});

describe("so does a cluster, whose members serve every client", redis, () => {
  let cluster: Cluster;
  let leader: string;
  before(async () => {
    cluster = await Cluster.start(...ids);
    leader = await cluster.leader("n1");
  });
  after(() => cluster[Symbol.asyncDispose]());

  test("through a member that follows", async () => {
    const follower = ids.find((id) => id !== leader)!;
    await using pair = await openPair({ subject: [cluster.addressOf(follower)] });
    await runSeeds(pair, 2001, clusterSeeds);
  });

  test("through all members at once", async () => {
    await using pair = await openPair({ subject: ids.map((id) => cluster.addressOf(id)) });
    await runSeeds(pair, 3001, clusterSeeds);
  });
});

async function runSeeds(pair: OpenPair, first: number, count: number): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    const failure = await runSeed(pair, seed);
    if (failure !== undefined) assert.fail(await explain(pair, seed, failure, shrinkMs));
  }
}

test("a seed repeats its conversation", () => {
  assert.deepEqual(generate(7), generate(7));
  assert.notDeepEqual(generate(7), generate(8));
});

test(
  "two servers that differ are told apart, and the difference is boiled down to one command",
  redis,
  async () => {
    await using few = await startRedis("--enable-debug-command", "yes", "--databases", "3");
    await using pair = await openPair({ subject: [{ host: "127.0.0.1", port: few.port }] });
    let seed = 1;
    let failure = await runSeed(pair, seed);
    while (failure === undefined) failure = await runSeed(pair, ++seed);
    const { conversation, difference } = await shrink(pair, failure, shrinkMs);
    const commands = conversation.flatMap((turn) => (turn.kind === "pipeline" ? turn.steps : []));
    assert.deepEqual(
      [conversation.length, commands.length],
      [1, 1],
      `${showDifference(difference)}\n${showConversation(conversation)}`,
    );
  },
);
