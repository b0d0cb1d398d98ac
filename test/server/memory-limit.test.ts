import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { commands } from "../../src/protocol/spec/table.ts";
import type { Replica } from "../../src/replica/contract.ts";
import { redis, startRedis } from "../redis-server.ts";
import { Conversation, late, local, type MakeReplica } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";

/** What is refused while memory is over `maxmemory`, and what is not. */
const oom = "-OOM command not allowed when used memory > 'maxmemory'.";
const discarded = `-EXECABORT Transaction discarded because of: ${oom.slice(1)}`;
const broken = "-EXECABORT Transaction discarded because of previous errors.";

/** What one client says; `full` and `roomy` are what another one does to maxmemory meanwhile. */
type Said = "full" | "roomy" | readonly [line: string, reply: unknown];

const conversations: Readonly<Record<string, readonly Said[]>> = {
  "growth is refused; reads and deletes are not": [
    "full",
    ["SET k 2", oom],
    ["APPEND k 2", oom],
    ["GET k", "1"],
    ["DEL k", 1],
    ["EXPIRE k 1", 0],
    ["FLUSHALL", "OK"],
    ["COPY k l", oom],
    ["WATCH k", "OK"],
    ["UNWATCH", "OK"],
  ],
  "EXEC with a command that may grow is refused, and the transaction is over": [
    ["MULTI", "OK"],
    ["GET k", "QUEUED"],
    ["SET k 2", "QUEUED"],
    "full",
    ["EXEC", discarded],
    ["GET k", "1"],
    ["EXEC", "-ERR EXEC without MULTI"],
  ],
  "EXEC of reads and deletes is carried out": [
    ["MULTI", "OK"],
    ["GET k", "QUEUED"],
    ["DEL k", "QUEUED"],
    "full",
    ["EXEC", ["1", 1]],
  ],
  "EXEC with room again is carried out": [
    ["MULTI", "OK"],
    ["SET k 2", "QUEUED"],
    "full",
    "roomy",
    ["EXEC", ["OK"]],
  ],
  "nothing is queued": [
    ["MULTI", "OK"],
    "full",
    ["GET k", oom],
    ["PING", oom],
    ["WATCH k", oom],
    ["MULTI", oom],
    ["NO_SUCH", "-ERR unknown command 'NO_SUCH', with args beginning with: "],
    ["GET", "-ERR wrong number of arguments for 'get' command"],
    "roomy",
    ["GET k", "QUEUED"],
    ["EXEC", broken],
  ],
  "a transaction begins, and can be given up": [
    "full",
    ["MULTI", "OK"],
    ["DISCARD", "OK"],
    ["MULTI", "OK"],
    ["RESET", "RESET"],
    ["MULTI", "OK"],
    ["EXEC", []],
  ],
  "what was queued behind an error does not count, what was queued before does": [
    ["MULTI", "OK"],
    ["NO_SUCH", "-ERR unknown command 'NO_SUCH', with args beginning with: "],
    ["SET k 2", "QUEUED"],
    "full",
    ["EXEC", broken],
    "roomy",
    ["MULTI", "OK"],
    ["SET k 2", "QUEUED"],
    ["NO_SUCH", "-ERR unknown command 'NO_SUCH', with args beginning with: "],
    "full",
    ["EXEC", discarded],
  ],
};

async function hold(port: number): Promise<void> {
  using other = await RawClient.connect(port);
  const setLimit = (bytes: string): Promise<unknown> => other.call("CONFIG", "SET", "maxmemory", bytes);
  for (const [what, saids] of Object.entries(conversations)) {
    using client = await RawClient.connect(port);
    await client.call("SET", "k", "1");
    for (const said of saids) {
      if (typeof said === "string") {
        assert.equal(await setLimit(said === "full" ? "1" : "0"), "OK");
      } else {
        assert.deepEqual(await client.call(...said[0].split(" ")), said[1], `${what}: ${said[0]}`);
      }
    }
    await setLimit("0");
    await other.call("FLUSHALL");
  }
}

test("Redis itself answers so over maxmemory", redis, async () => {
  await using server = await startRedis();
  await hold(server.port);
});

for (const [name, makeReplica] of [
  ["", local],
  [" (late replica)", late(2)],
] as const) {
  test(`over maxmemory the answers are Redis'${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    // Of the store, that is: an empty one takes nothing.
    live.server.stats.emptyProcessBytes = 1_000_000;
    await hold(live.port);
  });
}

/** The same replica, with some of its properties changed. */
function changed(replica: Replica, changes: Partial<Replica>): Replica {
  return new Proxy(replica, {
    get(target, name) {
      if (name in changes) return Reflect.get(changes, name);
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

test("a replica without room refuses what may grow, whatever maxmemory is", async () => {
  await using live = await LiveServer.start({}, (replica) => changed(replica, { isFull: true }));
  using client = await RawClient.connect(live.port);
  assert.equal(await client.call("SET", "k", "1"), oom);
  assert.deepEqual([await client.call("GET", "k"), await client.call("DEL", "k")], [null, 0]);
  await client.call("MULTI");
  assert.equal(await client.call("GET", "k"), oom);
  assert.equal(await client.call("EXEC"), broken);
});

test("every command that may grow is refused, and no other", async () => {
  await using live = await LiveServer.start({ maxmemoryBytes: 1 });
  live.server.stats.emptyProcessBytes = 1_000_000;
  for (const { name, fullName, arity, denyOom, route, children } of commands) {
    if (route === "local" || children.length > 0) continue;
    using client = await RawClient.connect(live.port);
    const words = [...fullName.split("|"), ...Array<string>(10).fill("1")].slice(0, Math.abs(arity));
    assert.equal((await client.call(...words)) === oom, denyOom, name);
  }
});

/** A conversation in which it is counted how often the memory is added up. */
async function counted(maxmemoryBytes: number): Promise<{ conversation: Conversation; looks: () => number }> {
  let looks = 0;
  const counting: MakeReplica = (replica) => {
    const store = new Proxy(replica.store, {
      get(target, name) {
        if (name === "residentBytes") looks++;
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
    return changed(replica, { store });
  };
  const conversation = new Conversation(counting, "calm", { maxmemoryBytes });
  await conversation.open(1);
  return { conversation, looks: () => looks };
}

const sets = (count: number, bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => encodeRequest(["SET", `key:${i}`, "v".repeat(bytes)])),
  );

test("far from the limit, memory is not added up for each write", async () => {
  const { conversation, looks } = await counted(1_000_000_000);
  const before = looks();
  conversation.take({ client: 0, sends: sets(1_000, 10) });
  assert.equal(conversation.server.replica.store.keyspace(0).keys, 1_000);
  assert.ok(looks() - before < 10, `${looks() - before} looks for 1,000 writes`);
});

/** The most that one place for a record, or a piece of the index, adds at once. */
const graceBytes = 70_000;

for (const bytes of [1, 100, 5_000, 40_000]) {
  test(`writes of ${bytes} bytes in one piece end at the limit`, async () => {
    const limit = 3_000_000;
    const { conversation } = await counted(limit);
    const { server } = conversation;
    conversation.take({ client: 0, sends: sets(Math.ceil(6_000_000 / (bytes + 40)), bytes) });
    assert.match(conversation.seen()[0]!.received, /-OOM /);
    const used = server.usedBytes();
    assert.ok(used > limit - graceBytes, `${used} bytes used: too few`);
    assert.ok(used <= limit + graceBytes, `${used} bytes used: too many`);
  });
}

test("short commands that take much memory do not pass the limit by more than one of them", async () => {
  const limit = 3_000_000;
  for (const command of ["SETRANGE", "COPY", "APPEND"]) {
    const { conversation } = await counted(limit);
    const big = 900_000;
    conversation.take({ client: 0, sends: encodeRequest(["SET", "k", "v".repeat(big)]) });
    const flood = Array.from({ length: 50 }, (_, i) => {
      if (command === "COPY") return ["COPY", "k", `k${i}`];
      return command === "SETRANGE"
        ? ["SETRANGE", `k${i}`, String(big), "x"]
        : ["APPEND", "k", "x".repeat(600)];
    });
    conversation.take({ client: 0, sends: Buffer.concat(flood.map((words) => encodeRequest(words))) });
    const used = conversation.server.usedBytes();
    assert.ok(used < limit + 2 * big, `${used} bytes used by ${command}`);
  }
});

test("a limit that is lowered holds for the next command of the same turn", async () => {
  const { conversation } = await counted(1_000_000_000);
  const lines = [
    ["SET", "a", "1"],
    ["CONFIG", "SET", "maxmemory", "1"],
    ["SET", "b", "1"],
  ];
  conversation.take({ client: 0, sends: Buffer.concat(lines.map((words) => encodeRequest(words))) });
  assert.equal(conversation.seen()[0]!.received, `+OK\r\n+OK\r\n${oom}\r\n`);
});
