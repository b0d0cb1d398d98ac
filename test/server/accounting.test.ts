import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { commandNamed } from "../../src/protocol/spec/table.ts";
import { Conversation, late, local, type MakeReplica } from "./conversation.ts";

/** What SLOWLOG, LATENCY and INFO are told of commands, and what that costs. */
type Words = readonly (string | Buffer)[];

/** A look at the clock takes so long here, and nothing else does. */
const msPerLook = 5;

/** One client of a server that notes what takes as long as two looks are apart, and no quicker ones. */
async function watched(makeReplica: MakeReplica = local): Promise<Conversation> {
  const conversation = new Conversation(makeReplica, "calm", {
    slowlogMicros: 4_000,
    slowlogEntries: 1_000,
  });
  await conversation.open(1);
  return conversation;
}

function say(conversation: Conversation, ...commands: readonly Words[]): void {
  conversation.take({ client: 0, sends: Buffer.concat(commands.map((words) => encodeRequest(words))) });
}

/** Name and time of what the slow log holds, the oldest first. */
function slowCommands({ server }: Conversation): string[] {
  const entries = server.slowlog.latest(1_000).reverse();
  return entries.map(({ words, micros }) => `${words[0]} ${micros / 1_000}`);
}

const value = (bytes: number): string => "v".repeat(bytes);
const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);

test("a fast command of few arguments and bytes costs no look at the clock", async () => {
  const conversation = await watched();
  const looksFor = (times: number): number => {
    const before = conversation.clock.looks;
    const commands: Words[] = [
      ["SET", "a", value(1_000)],
      ["GET", "a"],
      ["INCR", "n"],
      ["SET", "b", "1", "EX", "1000"],
      ["MGET", ...keys(limits.quickArgumentsMax - 1)],
      ["EXISTS", "a"],
      ["TTL", "a"],
      ["PING"],
    ];
    say(conversation, ...Array.from({ length: times }, () => commands).flat());
    return conversation.clock.looks - before;
  };
  // A turn costs one, for the time of its commands; 320 commands take a few turns at most.
  const looks = looksFor(40);
  assert.ok(looks < 8, `${looks} looks for 320 commands`);
});

const slow: readonly Words[] = [
  ["MGET", ...keys(limits.quickArgumentsMax)],
  ["EXISTS", ...keys(limits.quickArgumentsMax)],
  ["SET", "a", value(limits.quickBytesMax)],
  ["APPEND", "a", "x"],
  ["SETRANGE", "a", "1000000", "x"],
  ["EXPIRE", "a", "1000"],
  ["PERSIST", "a"],
  ["GETEX", "a", "EX", "1000"],
  ["COPY", "a", "b"],
  ["RENAME", "b", "c"],
  ["MOVE", "c", "1"],
  ["DEL", "a"],
  ["SCAN", "0"],
  ["ECHO", value(limits.quickBytesMax)],
  ["CLIENT", "LIST"],
];

for (const [name, makeReplica] of [
  ["", local],
  [" (late replica)", late(7)],
] as const) {
  test(`whatever may take long is timed: its kind, its arguments or its bytes say so${name}`, async () => {
    const conversation = await watched(makeReplica);
    conversation.clock.msPerLook = msPerLook;
    say(conversation, ...slow);
    assert.deepEqual(
      slowCommands(conversation),
      slow.map(([word]) => `${String(word)} ${msPerLook}`),
    );
  });

  test(`the commands of a transaction are timed one by one, and EXEC is not in the slow log${name}`, async () => {
    const conversation = await watched(makeReplica);
    conversation.clock.msPerLook = msPerLook;
    say(
      conversation,
      ["MULTI"],
      ["SET", "a", "1"],
      ["COPY", "a", "b"],
      ["CLIENT", "LIST"],
      ["GET", "a"],
      ["EXEC"],
    );
    assert.deepEqual(slowCommands(conversation), [`COPY ${msPerLook}`, `CLIENT ${msPerLook}`]);
    const { calls, micros } = conversation.server.stats;
    const seen = ["set", "copy", "client|list", "get", "exec", "multi"].map((full) => {
      const { id } = commandNamed(full)!;
      return [full, calls[id], micros[id]! / 1_000 / msPerLook];
    });
    // EXEC: from its own first look to its last one, with the four between.
    assert.deepEqual(seen, [
      ["set", 1, 0],
      ["copy", 1, 1],
      ["client|list", 1, 1],
      ["get", 1, 0],
      ["exec", 1, 5],
      ["multi", 1, 0],
    ]);
  });

  test(`a command that is answered in slices has taken the time of all of them${name}`, async () => {
    const conversation = await watched(makeReplica);
    const slices = 5;
    const count = limits.keysPerSlice * (slices - 1) + 1;
    for (let from = 0; from < count; from += 1_000) {
      const pairs = Array.from({ length: Math.min(1_000, count - from) }, (_, i) => [`k${from + i}`, ""]);
      say(conversation, ["MSET", ...pairs.flat()]);
    }
    conversation.server.slowlog.reset();
    conversation.clock.msPerLook = msPerLook;
    say(conversation, ["KEYS", "nothing*"]);
    assert.deepEqual(slowCommands(conversation), [`KEYS ${slices * msPerLook}`]);
    const { id } = commandNamed("keys")!;
    assert.deepEqual(conversation.server.stats.calls[id], 1);
    assert.equal(conversation.server.slowlog.latest(1)[0]!.words[1], "nothing*");
  });
}

test("LATENCY is told of slow commands of every kind", async () => {
  const conversation = new Conversation(local, "calm", { latencyThresholdMs: 1 });
  await conversation.open(1);
  conversation.clock.msPerLook = msPerLook;
  say(conversation, ["GET", "a"], ["DEL", "a"]);
  const { events } = conversation.server.latency;
  assert.deepEqual(
    [...events.values()].map(({ name, worstMs }) => [name, worstMs]),
    [
      ["fast-command", msPerLook],
      ["command", msPerLook],
    ],
  );
});
