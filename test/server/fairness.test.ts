import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { slowness } from "../work.ts";
import { Conversation, local } from "./conversation.ts";
import { fill } from "./fill.ts";
import { LiveServer } from "./live-server.ts";
import { Neighbour } from "./neighbour.ts";
import { RawClient } from "./raw-client.ts";
import { SpawnedNode } from "./spawned-node.ts";
import { WorkClock } from "./turn-clock.ts";

/** Whatever one client asks for, the others are served in between. */
const keys = 200_000;

test("KEYS over 200,000 keys lets others in between, and answers all that were there", async () => {
  await using node = await SpawnedNode.start();
  using client = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  await fill(client, keys);
  // Both are received in one piece: when the first is answered, the second has begun.
  client.send("*1\r\n$6\r\nDBSIZE\r\n*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n*1\r\n$6\r\nDBSIZE\r\n");
  assert.equal(await client.reply(), keys);
  let between = 0;
  while (client.buffered === 0 && between < 3) {
    assert.equal(await other.call("SET", `new:${between}`, "x"), "OK");
    if (client.buffered === 0) between++;
  }
  assert.equal(between, 3, "commands of another client that were answered before KEYS was");
  const [found, size] = await client.replies(2);
  const listed = new Set(found as string[]);
  assert.equal(listed.size, (found as string[]).length, "no key twice");
  for (let i = 0; i < keys; i++) assert.ok(listed.has(`key:${i}`), `key:${i}`);
  assert.ok(Number(size) >= keys + 3);
});

test("many KEYS at once take turns, and others are served between any two slices", async () => {
  await using node = await SpawnedNode.start();
  using client = await RawClient.connect(node.port);
  await fill(client, keys);
  const neighbour = await Neighbour.moveIn(node.port);
  await neighbour.answeredAgain(20);
  const listers = await Promise.all(Array.from({ length: 30 }, () => RawClient.connect(node.port)));
  const before = neighbour.answered;
  const lists = await Promise.all(listers.map((lister) => lister.call("KEYS", "none*such")));
  const answered = neighbour.answered - before;
  assert.ok(lists.every((list) => (list as string[]).length === 0));
  assert.ok(answered > 3 * (keys / limits.keysPerSlice), `${answered} answers meanwhile`);
  await neighbour.moveOut();
  for (const lister of listers) lister[Symbol.dispose]();
});

test("a client that leaves while its KEYS is answered leaves nothing behind", async () => {
  await using live = await LiveServer.start();
  using client = await RawClient.connect(live.port);
  await fill(client, keys);
  for (let i = 0; i < 5; i++) {
    using lister = await RawClient.connect(live.port);
    lister.send("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n*1\r\n$6\r\nDBSIZE\r\n");
  }
  while (live.server.clients.size > 1) assert.equal(await client.call("DBSIZE"), keys);
  assert.equal(((await client.call("KEYS", "key:77?")) as string[]).length, 10);
});

test("FLUSHALL of a large database removes nothing key by key", async () => {
  await using node = await SpawnedNode.start();
  using client = await RawClient.connect(node.port);
  // The best of some: whatever else the machine does comes and goes.
  let share = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 && share > 1 / 3; i++) {
    let startMs = performance.now();
    await fill(client, keys);
    const fillMs = performance.now() - startMs;
    startMs = performance.now();
    assert.equal(await client.call("FLUSHALL"), "OK");
    share = Math.min(share, (performance.now() - startMs) / fillMs);
  }
  // Less than a hundredth, where it is done at once.
  assert.ok(share <= 1 / 3, `${share.toFixed(3)} of the time that filling it took`);
  assert.equal(await client.call("DBSIZE"), 0);
  await fill(client, 5_000);
  assert.equal(await client.call("DBSIZE"), 5_000);
});

test("DEBUG SLEEP keeps its own connection waiting, in order, and no other", async () => {
  await using node = await SpawnedNode.start();
  using sleeper = await RawClient.connect(node.port);
  using other = await RawClient.connect(node.port);
  sleeper.send("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$3\r\n0.4\r\n*1\r\n$6\r\nDBSIZE\r\n");
  let between = 0;
  while (sleeper.buffered === 0) {
    assert.equal(await other.call("SET", "k", "v"), "OK");
    between++;
  }
  assert.ok(between > 3, `${between} commands of another client were answered meanwhile`);
  assert.deepEqual(await sleeper.replies(2), ["OK", 1]);
});

type Words = readonly (string | number | Buffer)[];

/** What one client sends at once. */
interface Burden {
  readonly what: string;
  /** Beside key:0, key:1 and so on. */
  readonly before?: readonly Words[];
  readonly commands: readonly Words[];
}

const huge = Buffer.alloc(limits.valueBytesMax, "v");
const times = (count: number, make: (i: number) => Words): Words[] =>
  Array.from({ length: count }, (_, i) => make(i));
const someKeys = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `key:${(i * 7919) % keys}`);
const inTransaction = (commands: readonly Words[]): Words[] => [["MULTI"], ...commands, ["EXEC"]];

/** As many as are told to take no longer than may be. */
const burdens: readonly Burden[] = [
  {
    what: "LCS of values as long as may be",
    before: [["MSET", "a", "ab".repeat(1_000), "b", "ba".repeat(1_000)]],
    commands: times(20, () => ["LCS", "a", "b", "IDX"]),
  },
  {
    what: "SCAN with the largest COUNT",
    commands: times(100, () => ["SCAN", 0, "COUNT", limits.scanCountMax]),
  },
  {
    what: "SCAN with a nasty pattern",
    before: [["SET", "a".repeat(60_000), "x"]],
    commands: times(5, () => ["SCAN", 0, "COUNT", limits.scanCountMax, "MATCH", "*a*a*a*a*a*a*a*b"]),
  },
  { what: "KEYS with a nasty pattern", commands: times(3, () => ["KEYS", "*k*e*y*1*2*3*4*5*x"]) },
  {
    what: "MGET of as many bytes as may be",
    before: [["SET", "half", huge.subarray(limits.valueBytesMax / 2)]],
    commands: times(3, () => ["MGET", "half", "half"]),
  },
  { what: "SET of the largest value", commands: times(3, () => ["SET", "huge", huge]) },
  {
    what: "SETRANGE of the largest value",
    commands: times(10, (i) => ["SETRANGE", `r${i}`, huge.length - 1, "x"]),
  },
  {
    what: "COPY of the largest value",
    before: [["SET", "huge", huge]],
    commands: times(20, (i) => ["COPY", "huge", `c${i % 4}`, "REPLACE"]),
  },
  {
    what: "APPEND and EXPIRE to the largest value",
    before: [["SET", "huge", huge.subarray(1000)]],
    commands: times(20, (i) => (i % 2 === 0 ? ["APPEND", "huge", "x"] : ["EXPIRE", "huge", 1000])),
  },
  {
    what: "WATCH of as many keys as may be",
    commands: [["WATCH", ...someKeys(limits.watchedKeysMax)], ["UNWATCH"]],
  },
  { what: "DEL of 16,000 keys", commands: [["DEL", ...someKeys(16_000)]] },
  { what: "10^6 commands at once", commands: times(1_000_000, () => ["INCR", "n"]) },
  { what: "FLUSHALL", commands: [["FLUSHALL"]] },
  {
    what: "a transaction of as many SETs as may be",
    commands: inTransaction(times(limits.transactionCommandsMax, (i) => ["SET", `t${i}`, "v".repeat(32)])),
  },
  {
    what: "a transaction of LCS, as long as may be",
    before: [["MSET", "a", "ab".repeat(200), "b", "ba".repeat(200)]],
    commands: inTransaction(times(25, () => ["LCS", "a", "b"])),
  },
];

/**
 * The turn's own limit, and one command that goes over it: ten times that. New code is slow at first, collecting
 * garbage is counted, and so is the network's copy of the replies, which the system makes in truth. What is not
 * bounded takes seconds. How long turns really take is judged by the benchmark `pause`.
 */
const turnMsMax = 10 * (limits.turnMsMax + limits.commandMicrosMax / 1000);

for (const { what, before = [], commands } of burdens) {
  test(`no turn takes longer than it may, and others come between: ${what}`, async () => {
    let longestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3 && longestMs > turnMsMax; round++) {
      const clock = new WorkClock();
      const conversation = new Conversation(local, "calm", {}, clock);
      await conversation.open(1);
      const filling = Array.from({ length: keys / 5_000 }, (_, i) => ["MSET", ...pairs(i * 5_000, 5_000)]);
      conversation.take({ client: 0, sends: inOnePiece([...filling, ...before]) });
      const { replies } = conversation.clients[0]!;
      replies.length = 0;
      clock.longestTurnMs = 0;
      conversation.take({ client: 0, sends: inOnePiece(commands) });
      assert.equal(refusals(replies), 0);
      longestMs = Math.min(longestMs, clock.longestTurnMs / slowness());
    }
    assert.ok(longestMs <= turnMsMax, `a turn took ${longestMs.toFixed(1)} ms`);
  });
}

function pairs(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`key:${from + i}`, "x"]).flat();
}

function inOnePiece(commands: readonly Words[]): Buffer {
  return Buffer.concat(commands.map((words) => encodeRequest(words.map(argument))));
}

/** Errors among the replies, that a pattern is too costly excepted. */
function refusals(replies: readonly Buffer[]): number {
  return replies.filter((reply) => reply.includes("TOO_LARGE") && !reply.includes("pattern")).length;
}

function argument(word: string | number | Buffer): string | Buffer {
  return typeof word === "number" ? String(word) : word;
}
