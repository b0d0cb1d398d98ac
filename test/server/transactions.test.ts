import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { redis, startRedis } from "../redis-server.ts";
import { hold, holdDurably, late, local, type MakeReplica, openDurably } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";

/** MULTI, EXEC and WATCH between connections, with a replica that answers at once and with a late one. */
const replicas: readonly (readonly [name: string, make: MakeReplica])[] = [
  ["", local],
  [" (late replica)", late(1)],
];

type Line = string;

/** What happens between WATCH and EXEC, and whether the watched key `k` counts as changed. */
interface Meanwhile {
  readonly what: string;
  readonly before?: readonly Line[];
  readonly meanwhile: readonly Line[];
  readonly isChanged: boolean;
}

const meanwhiles: readonly Meanwhile[] = [
  { what: "nothing happens", before: ["SET k 1"], meanwhile: [], isChanged: false },
  { what: "another key changes", before: ["SET k 1"], meanwhile: ["SET other 1"], isChanged: false },
  { what: "the key is only read", before: ["SET k 1"], meanwhile: ["GET k", "STRLEN k"], isChanged: false },
  { what: "the key changes", before: ["SET k 1"], meanwhile: ["SET k 2"], isChanged: true },
  {
    what: "it changes back to the same value",
    before: ["SET k 1"],
    meanwhile: ["SET k 2", "SET k 1"],
    isChanged: true,
  },
  { what: "it is set to the same value", before: ["SET k 1"], meanwhile: ["SET k 1"], isChanged: true },
  {
    what: "it is deleted and made again",
    before: ["SET k 1"],
    meanwhile: ["DEL k", "SET k 1"],
    isChanged: true,
  },
  { what: "it is deleted", before: ["SET k 1"], meanwhile: ["DEL k"], isChanged: true },
  { what: "it comes into being", meanwhile: ["SET k 1"], isChanged: true },
  { what: "it is deleted and was absent", meanwhile: ["DEL k"], isChanged: false },
  { what: "it gets a deadline", before: ["SET k 1"], meanwhile: ["EXPIRE k 100"], isChanged: true },
  { what: "it is renamed away", before: ["SET k 1"], meanwhile: ["RENAME k other"], isChanged: true },
  { what: "another key is renamed to it", before: ["SET o 1"], meanwhile: ["RENAME o k"], isChanged: true },
  { what: "it is moved away", before: ["SET k 1"], meanwhile: ["MOVE k 1"], isChanged: true },
  { what: "the database is emptied", before: ["SET k 1"], meanwhile: ["FLUSHDB"], isChanged: true },
  { what: "everything is emptied", before: ["SET k 1"], meanwhile: ["FLUSHALL"], isChanged: true },
  {
    what: "another database is emptied",
    before: ["SET k 1"],
    meanwhile: ["SELECT 1", "FLUSHDB"],
    isChanged: false,
  },
  { what: "the database is emptied and the key was absent", meanwhile: ["FLUSHDB"], isChanged: false },
  { what: "databases are swapped", before: ["SET k 1"], meanwhile: ["SWAPDB 0 1"], isChanged: true },
  {
    what: "a database with the key is swapped in",
    before: ["SELECT 1", "SET k 1"],
    meanwhile: ["SWAPDB 0 1"],
    isChanged: true,
  },
  { what: "empty databases are swapped", meanwhile: ["SWAPDB 0 1"], isChanged: false },
  {
    what: "the key of that name changes in another database",
    before: ["SET k 1"],
    meanwhile: ["SELECT 1", "SET k 2"],
    isChanged: false,
  },
  { what: "a failing command touches it", before: ["SET k text"], meanwhile: ["INCR k"], isChanged: false },
  {
    what: "a transaction changes it",
    before: ["SET k 1"],
    meanwhile: ["MULTI", "SET k 2", "EXEC"],
    isChanged: true,
  },
];

/** Commands that the decoder throws away as they come. */
const tooLarge: readonly (readonly [what: string, make: () => Buffer])[] = [
  ["an argument", () => encodeRequest(["SET", "k", Buffer.alloc(limits.valueBytesMax + 1)])],
  ["a list of arguments", () => encodeRequest(["DEL", ...Array<string>(limits.argumentsMax).fill("k")])],
  ["a command", () => encodeRequest(["MSET", "k", half, "l", half])],
];
const half = Buffer.alloc(limits.commandBytesMax / 2);

/** Makes a value as long as may be of a short request. */
const longest = `SETRANGE big ${limits.valueBytesMax - 1} x`;
const tooLong =
  /^-EXECABORT Transaction discarded because of: TOO_LARGE the transaction would take about \d+ ms, it may take 20$/;

/** Lines as requests in one piece. */
function inRequests(lines: readonly Line[]): Buffer {
  return Buffer.concat(lines.map((line) => encodeRequest(line.split(" "))));
}

async function say(client: RawClient, lines: readonly Line[]): Promise<void> {
  for (const line of lines) await client.call(...line.split(" "));
}

async function watchThrough(port: number): Promise<void> {
  for (const { what, before = [], meanwhile, isChanged } of meanwhiles) {
    using one = await RawClient.connect(port);
    using other = await RawClient.connect(port);
    await say(one, ["FLUSHALL", ...before, "SELECT 0", "WATCH k"]);
    await say(other, meanwhile);
    await say(one, ["MULTI", "SET done 1"]);
    assert.deepEqual(await one.call("EXEC"), isChanged ? null : ["OK"], what);
  }
}

test("Redis itself fails EXEC after WATCH exactly there", redis, async () => {
  await using server = await startRedis();
  await watchThrough(server.port);
});

for (const [name, makeReplica] of replicas) {
  test(`EXEC after WATCH fails exactly where Redis' does${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    await watchThrough(live.port);
  });

  test(`a watched key that expires counts as changed${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    using other = await RawClient.connect(live.port);
    await say(one, ["SET k 1 PX 300", "WATCH k"]);
    while ((await other.call("EXISTS", "k")) !== 0);
    await say(one, ["MULTI", "SET done 1"]);
    assert.equal(await one.call("EXEC"), null);
  });

  test(`a key that had expired when it was watched is absent, and stays it${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    await say(one, ["SET k 1 PX 1"]);
    while ((await one.call("EXISTS", "k")) !== 0);
    await say(one, ["WATCH k", "MULTI", "SET done 1"]);
    assert.deepEqual(await one.call("EXEC"), ["OK"]);
  });

  test(`a key that is too long to be set is watched without being kept${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    assert.equal(await one.call("WATCH", "k".repeat(limits.keyBytesMax + 1)), "OK");
    assert.deepEqual(
      [...live.server.clients.values()].map(({ session }) => session.watched.all),
      [[]],
    );
    await say(one, ["MULTI", "SET done 1"]);
    assert.deepEqual(await one.call("EXEC"), ["OK"]);
  });

  test(`WATCH ends with EXEC, DISCARD, UNWATCH, RESET and a failed EXEC${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    using other = await RawClient.connect(live.port);
    const endings = [
      ["MULTI", "EXEC"],
      ["MULTI", "DISCARD"],
      ["UNWATCH"],
      ["RESET"],
      ["MULTI", "NO_SUCH", "EXEC"],
    ];
    for (const ending of endings) {
      await say(one, ["SET k 1", "WATCH k", ...ending]);
      await say(other, ["SET k 2"]);
      await say(one, ["MULTI", "GET k"]);
      assert.deepEqual(await one.call("EXEC"), ["2"], ending.join(" "));
    }
  });

  test(`of increments by WATCH and EXEC from many clients none is lost${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(live.port)));
    const increments = 25;
    await Promise.all(
      clients.map(async (client) => {
        for (let done = 0; done < increments; ) {
          await client.call("WATCH", "sum");
          const sum = Number(await client.call("GET", "sum"));
          await client.call("MULTI");
          await client.call("SET", "sum", sum + 1);
          if ((await client.call("EXEC")) !== null) done++;
        }
      }),
    );
    assert.equal(await clients[0]!.call("GET", "sum"), String(clients.length * increments));
    for (const client of clients) client[Symbol.dispose]();
  });

  test(`SELECT inside MULTI holds for what follows, in the transaction and behind it${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    const lines = [
      "SET k zero",
      "MULTI",
      "SELECT 1",
      "SET k one",
      "SELECT 99",
      "GET k",
      "EXEC",
      "GET k",
      "SELECT 0",
      "GET k",
    ];
    for (const line of lines)
      one.send(`${line === lines[0] ? "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\nzero" : line}\r\n`);
    const [set, multi, ...rest] = await one.replies(lines.length);
    assert.deepEqual([set, multi], ["OK", "OK"]);
    assert.deepEqual(
      rest.slice(0, 4),
      Array.from({ length: 4 }, () => "QUEUED"),
    );
    assert.deepEqual(rest.slice(4), [
      ["OK", "OK", "-ERR DB index is out of range", "one"],
      "one",
      "OK",
      "zero",
    ]);
  });

  test(`SELECT inside a transaction that is not carried out changes nothing${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    using other = await RawClient.connect(live.port);
    await say(one, ["SET k zero", "WATCH k"]);
    await say(other, ["SET k changed"]);
    one.send("MULTI\r\nSELECT 1\r\nEXEC\r\nGET k\r\nMULTI\r\nSELECT 1\r\nDISCARD\r\nGET k\r\n");
    assert.deepEqual(await one.replies(8), [
      "OK",
      "QUEUED",
      null,
      "changed",
      "OK",
      "QUEUED",
      "OK",
      "changed",
    ]);
  });

  test(`a command that fails in a transaction leaves the others as they are${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    await say(one, ["MULTI", "SET k text", "INCR k", "APPEND k !", "NO_SUCH"]);
    assert.equal(await one.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    await say(one, ["MULTI", "SET k text", "INCR k", "APPEND k !"]);
    assert.deepEqual(await one.call("EXEC"), ["OK", "-ERR value is not an integer or out of range", 5]);
  });

  test(`a broken transaction keeps nothing of what is queued behind the error${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    await say(one, ["MULTI", "SET k 1", "NO_SUCH"]);
    const [connection] = live.server.clients.values();
    const before = connection!.session.transaction!.bytes;
    assert.equal(await one.call("SET", "k", "x".repeat(100_000)), "QUEUED");
    assert.equal(connection!.session.transaction!.bytes, before);
  });

  test(`a transaction that would take too long is refused as a whole, and the connection goes on${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    const copies = Array.from({ length: 50 }, () => "COPY big copy REPLACE");
    const lines = ["SET k 1", "WATCH k", longest, "MULTI", "SET k 2", ...copies, "EXEC", "GET k"];
    one.send(inRequests([...lines, "MULTI", "SET k 3", "EXEC", "EXISTS copy"]));
    const replies = await one.replies(lines.length + 4);
    assert.match(String(replies[lines.length - 2]), tooLong);
    assert.deepEqual(replies.slice(lines.length - 1), ["1", "OK", "QUEUED", ["OK"], 0]);
  });

  test(`a transaction that would take too long does not use up its number${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    const session = String(await one.call("SESSION", "OPEN", "10000"));
    await say(one, [longest, "MULTI", "COPY big a", "COPY big b"]);
    assert.match(String(await one.call("SESSION", "ID", session, "1", "1", "EXEC")), tooLong);
    await say(one, ["MULTI", "COPY big a"]);
    assert.deepEqual(await one.call("SESSION", "ID", session, "1", "1", "EXEC"), [1]);
  });

  test(`what its own commands make long counts too${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    const gets = Array.from({ length: 50 }, () => "GET away");
    for (const lengthens of [[longest, "RENAME big away"], ["SETRANGE away 7999999 x"]]) {
      await say(one, ["MULTI", ...lengthens, ...gets]);
      assert.match(String(await one.call("EXEC")), tooLong);
      assert.equal(await one.call("EXISTS", "big", "away"), 0);
    }
  });

  test(`commands that take too long by themselves are refused when they are queued${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    await say(one, ["MULTI", "SET k 1"]);
    let reply: unknown = "QUEUED";
    for (let i = 0; i < 1_000 && reply === "QUEUED"; i++) reply = await one.call("COMMAND");
    assert.match(String(reply), /^-TOO_LARGE the transaction would take about \d+ ms, it may take 20$/);
    assert.equal(await one.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    assert.equal(await one.call("EXISTS", "k"), 0);
  });

  test(`as many short commands as there may be are in time${name}`, async () => {
    await using live = await LiveServer.start({}, makeReplica);
    using one = await RawClient.connect(live.port);
    for (const make of [(i: number) => `SET k${i} v`, (i: number) => `GET k${i}`, () => "INCR n"]) {
      const lines = Array.from({ length: limits.transactionCommandsMax }, (_, i) => make(i));
      one.send(inRequests(["MULTI", ...lines, "EXEC"]));
      const replies = await one.replies(lines.length + 2);
      assert.equal((replies.at(-1) as unknown[]).length, lines.length);
    }
    assert.equal(await one.call("GET", "n"), `${limits.transactionCommandsMax}`);
  });

  for (const [what, make] of tooLarge) {
    test(`${what} that is too large breaks a transaction${name}`, async () => {
      await using live = await LiveServer.start({}, makeReplica);
      using one = await RawClient.connect(live.port);
      one.send(Buffer.concat(["MULTI", "PING"].map((word) => encodeRequest([word]))));
      one.send(make());
      one.send(Buffer.concat([encodeRequest(["SET", "k", "1"]), encodeRequest(["EXEC"])]));
      const [multi, ping, refusal, set, exec] = await one.replies(5);
      assert.deepEqual([multi, ping, set], ["OK", "QUEUED", "QUEUED"]);
      assert.match(String(refusal), /^-TOO_LARGE /);
      assert.equal(exec, "-EXECABORT Transaction discarded because of previous errors.");
      assert.equal(await one.call("EXISTS", "k"), 0);
    });
  }
}

/** Each command, and what it is answered: behind writes that are not answered yet when it comes. */
const behindWrites: readonly (readonly [line: Line, reply: string])[] = [
  ["SET a 1", "+OK"],
  ["MULTI", "+OK"],
  ["INCR a", "+QUEUED"],
  ["SELECT 1", "+QUEUED"],
  ["SET a 9", "+QUEUED"],
  ["EXEC", "*3\r\n:2\r\n+OK\r\n+OK"],
  ["GET a", "$1\r\n9"],
  ["SELECT 0", "+OK"],
  ["INCR a", ":3"],
  ["MULTI", "+OK"],
  ["INCR a", "+QUEUED"],
  ["MULTI", "-ERR MULTI calls can not be nested"],
  ["INCR a", "+QUEUED"],
  ["EXEC", "*2\r\n:4\r\n:5"],
  ["INCR a", ":6"],
  ["MULTI", "+OK"],
  ["GET", "-ERR wrong number of arguments for 'get' command"],
  ["INCR a", "+QUEUED"],
  ["EXEC", "-EXECABORT Transaction discarded because of previous errors."],
  ["INCR a", ":7"],
  ["MULTI", "+OK"],
  ["INCR a", "+QUEUED"],
  ["DISCARD", "+OK"],
  ["WATCH a", "+OK"],
  ["INCR a", ":8"],
  ["MULTI", "+OK"],
  ["INCR a", "+QUEUED"],
  ["EXEC", "*-1"],
  ["WATCH a", "+OK"],
  ["MULTI", "+OK"],
  ["APPEND a 0", "+QUEUED"],
  ["GETRANGE a 0 -1", "+QUEUED"],
  ["EXEC", "*2\r\n:2\r\n$2\r\n80"],
  ["MULTI", "+OK"],
  ["EXEC", "*0"],
  ["SET a 2", "+OK"],
  ["CLIENT REPLY SKIP", ""],
  ["MULTI", ""],
  ["INCR a", "+QUEUED"],
  ["EXEC", "*1\r\n:3"],
];

test("transactions in one piece with writes are answered in order, however late", async () => {
  const sends = Buffer.concat(behindWrites.map(([line]) => encodeRequest(line.split(" "))));
  const received = behindWrites.map(([, reply]) => (reply === "" ? "" : `${reply}\r\n`)).join("");
  for (let seed = 0; seed < 30; seed++) {
    const steps = [{ client: 0, sends }];
    const expected = [{ received, isClosed: false }];
    assert.deepEqual(await hold(steps, 1, local, seed), expected);
    assert.deepEqual(await hold(steps, 1, late(seed), seed), expected);
    assert.deepEqual(await holdDurably(steps, 1, seed), expected);
  }
});

test("transactions that a client sends in one piece share an entry of the log", async () => {
  const { conversation, member } = await openDurably(1, 1);
  const transaction = ["MULTI", "INCR a", "EXEC"].map((line) => encodeRequest(line.split(" ")));
  const before = member.appliedIndex;
  conversation.take({ client: 0, sends: Buffer.concat(Array(40).fill(transaction).flat()) });
  const replies = Array.from({ length: 40 }, (_, i) => `+OK\r\n+QUEUED\r\n*1\r\n:${i + 1}\r\n`);
  assert.equal(conversation.seen()[0]!.received, replies.join(""));
  const entries = member.appliedIndex - before;
  assert.ok(entries <= 4, `${entries} entries for 40 transactions`);
});

test("a transaction waits for what was made long right before it, and is measured by that", async () => {
  const lines = ["SETRANGE k 8000000 x", "MULTI", "GET k", "GET k", "GET k", "EXEC", "STRLEN k"];
  const sends = Buffer.concat(lines.map((line) => encodeRequest(line.split(" "))));
  const [seen] = await holdDurably([{ client: 0, sends }], 1, 1);
  const told =
    "-EXECABORT Transaction discarded because of: TOO_LARGE the transaction would take about 29 ms";
  assert.equal(
    seen!.received,
    `:8000001\r\n+OK\r\n${"+QUEUED\r\n".repeat(3)}${told}, it may take 20\r\n:8000001\r\n`,
  );
});

/** Each takes too long for a transaction only because of what stands right in front of it. */
const costlyOnes: readonly (readonly [what: string, front: readonly Line[], command: Line, count: number])[] =
  [
    ["of a value that was there", ["SET short 1"], "GET long", 3],
    [
      "that compares two short values",
      [`SET a ${"x".repeat(470)}`, `SET b ${"y".repeat(470)}`],
      "LCS a b LEN",
      150,
    ],
    ["of a value that is made longer", ["APPEND long x"], "GET long", 3],
  ];

for (const [what, front, command, count] of costlyOnes) {
  test(`a costly transaction ${what} is refused in its turn`, async () => {
    const { conversation } = await openDurably(1, 1);
    const send = (lines: readonly Line[]): void =>
      conversation.take({
        client: 0,
        sends: Buffer.concat(lines.map((line) => encodeRequest(line.split(" ")))),
      });
    send(["SETRANGE long 8000000 x"]);
    const before = conversation.seen()[0]!.received.length;
    send([...front, "MULTI", ...Array<Line>(count).fill(command), "EXEC", "ECHO end"]);
    const lines = conversation.seen()[0]!.received.slice(before).split("\r\n");
    assert.deepEqual(lines.slice(front.length, front.length + 1 + count), [
      "+OK",
      ...Array(count).fill("+QUEUED"),
    ]);
    assert.match(lines[front.length + 1 + count]!, /^-EXECABORT .*TOO_LARGE/);
    assert.equal(lines[front.length + 3 + count], "end");
  });
}
