import assert from "node:assert/strict";
import net from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { hold, holdDurably, late, local, type Step } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";

/**
 * The same conversations over the local replica, which answers at once, and over one that answers turns
 * later and is full at times: every client must see the same bytes. So no handler has to change when log and
 * consensus come behind the contract.
 */

type Words = readonly (string | Buffer)[];

const key = fc.constantFrom("a", "b", "c", "k{1}", "\u00e9");
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("1", "22", "-7", "text", "", "9223372036854775807") },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 400_000 }).map((size) => Buffer.alloc(size, "v")) },
);
const words = (...parts: fc.Arbitrary<string | Buffer>[]): fc.Arbitrary<Words> => fc.tuple(...parts);
const word = fc.constant<string>;

const write: fc.Arbitrary<Words> = fc.oneof(
  words(word("SET"), key, value),
  words(word("SET"), key, value, word("PX"), fc.constantFrom("1", "50", "0", "-1")),
  words(word("INCR"), key),
  words(word("APPEND"), key, value),
  words(word("DEL"), key, key),
  words(word("MSET"), key, value, key, value),
  words(word("RENAME"), key, key),
  words(word("GETDEL"), key),
  words(word("FLUSHDB")),
  words(word("SWAPDB"), fc.constantFrom("0", "1"), fc.constantFrom("0", "1", "16")),
);

const read: fc.Arbitrary<Words> = fc.oneof(
  words(word("GET"), key),
  words(word("MGET"), key, key, key),
  words(word("STRLEN"), key),
  words(word("PTTL"), key),
  words(word("EXISTS"), key),
  words(word("DBSIZE")),
  words(word("KEYS"), word("*")),
);

const ownAffair: fc.Arbitrary<Words> = fc.oneof(
  words(word("PING")),
  words(word("ECHO"), value),
  words(word("SELECT"), fc.constantFrom("0", "1", "15", "16", "x")),
  words(word("CLIENT"), word("GETNAME")),
  words(word("CLIENT"), word("SETNAME"), fc.constantFrom("x", "y")),
  words(word("COMMAND"), word("COUNT")),
);

const transactional: fc.Arbitrary<Words> = fc.oneof(
  ...["MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "UNWATCH"].map((name) => words(word(name))),
  words(word("WATCH"), key),
  words(word("WATCH"), key, key),
);

const changesTheConnection: fc.Arbitrary<Words> = fc.oneof(
  words(word("HELLO"), fc.constantFrom("2", "3", "4")),
  words(word("CLIENT"), word("REPLY"), fc.constantFrom("ON", "OFF", "SKIP", "NO")),
  words(word("RESET")),
);

const mistake: fc.Arbitrary<Words> = fc.oneof(
  words(word("NO_SUCH"), value),
  words(word("GET")),
  words(word("EXEC"), word("now")),
  words(word("SET"), word("k".repeat(limits.keyBytesMax + 1)), value),
  words(word("CLIENT"), word("NO_SUCH")),
);

const anyWords: fc.Arbitrary<Words> = fc.oneof(
  { weight: 6, arbitrary: write },
  { weight: 6, arbitrary: read },
  { weight: 4, arbitrary: transactional },
  { weight: 3, arbitrary: ownAffair },
  { weight: 2, arbitrary: mistake },
  { weight: 1, arbitrary: changesTheConnection },
);

/** A transaction in which anything may stand, above all what changes the meaning of what follows. */
const transaction: fc.Arbitrary<Words[]> = fc
  .tuple(
    fc.array(words(word("WATCH"), key), { maxLength: 1 }),
    fc.array(fc.oneof(ownAffair, changesTheConnection, words(word("WATCH"), key), anyWords), {
      maxLength: 5,
    }),
    fc.constantFrom("EXEC", "EXEC", "DISCARD"),
  )
  .map(([watch, queued, ending]) => [...watch, ["MULTI"], ...queued, [ending]]);

const command: fc.Arbitrary<Buffer> = fc
  .oneof({ weight: 8, arbitrary: anyWords.map((one) => [one]) }, { weight: 1, arbitrary: transaction })
  .map((list) => Buffer.concat(list.map(encodeRequest)));

/** What a RESP connection may send beside commands: inline ones, what is skipped, and what ends it. */
const oddBytes: fc.Arbitrary<Buffer> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom("\r\n", "*0\r\n", "SET a inline\r\n", 'GET "a"\n') },
    {
      weight: 2,
      arbitrary: word(`*${limits.argumentsMax + 1}\r\n${"$0\r\n\r\n".repeat(limits.argumentsMax + 1)}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("*1\r\n$-2\r\n", "*1\r\n+GET\r\n", "*x\r\n", "*1\r\n$4\r\nQUIT\r\n"),
    },
  )
  .map((text) => Buffer.from(text, "latin1"));

/** The first byte chooses the protocol: RESP it is. */
const respBytes: fc.Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 20, arbitrary: command }, { weight: 1, arbitrary: oddBytes }), { maxLength: 40 })
  .map((parts) => Buffer.concat([encodeRequest(["DBSIZE"]), ...parts]));

const textBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom("GET", "DELETE", "del"), key).map((parts) => parts.join(" ")),
      fc
        .tuple(word("SET"), key, fc.constantFrom("1", "two words", " lead", "trail "))
        .map((parts) => parts.join(" ")),
      fc.constantFrom("PING", "WHO_IS_LEADER", "HELP", "NO_SUCH thing", "", "GET", "SET a", "GET a b"),
      fc.constantFrom(
        `SET a ${"x".repeat(limits.textLineBytesMax)}`,
        `SET a ${"y".repeat(60_000)}`,
        "AUTH secret",
      ),
      fc.constantFrom("QUIT", "POST / HTTP/1.1"),
    ),
    { maxLength: 30 },
  )
  .map((lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1"));

const seeds = fc.tuple(fc.nat(), fc.nat(), fc.nat());

async function assertSame(
  steps: readonly Step[],
  clients: number,
  [net1, net2, lateness]: number[],
): Promise<void> {
  const expected = await hold(steps, clients, local, net1!);
  assert.deepEqual(await hold(steps, clients, late(lateness!), net2!), expected);
  assert.deepEqual(await holdDurably(steps, clients, net2!), expected, "durable");
}

test("a pipeline is answered with the same bytes by a late replica", async () => {
  await fc.assert(
    fc.asyncProperty(respBytes, fc.boolean(), seeds, (bytes, ends, chance) => {
      const steps: Step[] = [{ client: 0, sends: bytes }];
      if (ends) steps.push({ client: 0, does: "end" });
      return assertSame(steps, 1, chance);
    }),
    { numRuns: 200 },
  );
});

test("a conversation over the text protocol is the same with a late replica", async () => {
  await fc.assert(
    fc.asyncProperty(textBytes, seeds, (bytes, chance) =>
      assertSame([{ client: 0, sends: bytes }], 1, chance),
    ),
    { numRuns: 200 },
  );
});

test("several clients in turn see the same with a late replica", async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: fc.record({ client: fc.nat(2), sends: respBytes }) },
    {
      weight: 2,
      arbitrary: fc.record({ client: fc.nat(2), does: fc.constantFrom("stop reading", "read again") }),
    },
    { weight: 1, arbitrary: fc.record({ client: fc.nat(2), does: fc.constant("end") }) },
    { weight: 2, arbitrary: fc.record({ passesMs: fc.constantFrom(1, 60) }) },
  );
  const allRead: Step[] = [0, 1, 2].map((client) => ({ client, does: "read again" }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), seeds, (steps, chance) =>
      assertSame([...steps, ...allRead], 3, chance),
    ),
    { numRuns: 100 },
  );
});

const line = (...parts: string[]): Buffer => encodeRequest(parts);
const commands = (...lines: string[]): Buffer => Buffer.concat(lines.map((text) => line(...text.split(" "))));

/** Conversations in which a reply depends on what the replica has not answered yet. */
const sentences: readonly (readonly [what: string, sends: Buffer, replies: string])[] = [
  [
    "SELECT in a transaction holds for the command behind EXEC",
    commands("SET k zero", "MULTI", "SELECT 1", "EXEC", "SET k one", "SELECT 0", "GET k"),
    "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n+OK\r\n+OK\r\n$4\r\nzero\r\n",
  ],
  [
    "CLIENT REPLY OFF in a transaction holds for what is behind EXEC",
    commands("MULTI", "CLIENT REPLY OFF", "EXEC", "GET k", "CLIENT REPLY ON"),
    "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n",
  ],
  [
    "WATCH in a transaction is refused while the transaction is open",
    commands("MULTI", "SET k 1", "WATCH k", "EXEC", "SET k 2", "MULTI", "GET k", "EXEC"),
    "+OK\r\n+QUEUED\r\n-ERR WATCH inside MULTI is not allowed\r\n*1\r\n+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\n2\r\n",
  ],
  [
    "WATCH sees the writes before it in the pipeline, and EXEC those behind it",
    commands("SET k 1", "WATCH k", "MULTI", "EXEC", "WATCH k", "SET k 2", "MULTI", "EXEC"),
    "+OK\r\n+OK\r\n+OK\r\n*0\r\n+OK\r\n+OK\r\n+OK\r\n*-1\r\n",
  ],
  [
    "CLIENT REPLY SKIP drops the reply of one command, OFF of all up to ON",
    commands(
      "INCR k",
      "CLIENT REPLY SKIP",
      "INCR k",
      "INCR k",
      "CLIENT REPLY OFF",
      "INCR k",
      "CLIENT REPLY ON",
      "INCR k",
    ),
    ":1\r\n:3\r\n+OK\r\n:5\r\n",
  ],
  [
    "an error of the protocol comes behind the replies before it, and ends the connection",
    Buffer.concat([commands("INCR k", "INCR k"), Buffer.from("*1\r\n$x\r\n"), commands("INCR k")]),
    ":1\r\n:2\r\n-ERR Protocol error: invalid bulk length\r\n",
  ],
  [
    "QUIT is answered behind what was asked before it, and ends the connection",
    commands("INCR k", "INCR k", "QUIT", "INCR k"),
    ":1\r\n:2\r\n+OK\r\n",
  ],
  [
    "lines of the text protocol are answered in their own words",
    Buffer.from("SET k a b\nGET k\nDELETE k\nDELETE k\n\nGET k\nPING\nSET k\nQUIT\nGET k\n"),
    "OK\nVALUE a b\nOK\nNOT_FOUND\nERROR empty line: try HELP\nNOT_FOUND\n+PONG\r\n" +
      "ERROR SET wants a key and a value: SET key value with spaces\n",
  ],
  [
    "a browser at the text protocol is closed without a word",
    Buffer.from("SET k 1\nPOST / HTTP/1.1\nGET k\n"),
    "OK\n",
  ],
];

for (const [what, sends, replies] of sentences) {
  test(`${what}, with any replica`, async () => {
    for (let seed = 0; seed < 40; seed++) {
      const [seen] = await hold([{ client: 0, sends }], 1, seed === 0 ? local : late(seed), seed);
      assert.equal(seen!.received, replies, `seed ${seed}`);
      if (seed > 5) continue;
      const [durably] = await holdDurably([{ client: 0, sends }], 1, seed);
      assert.equal(durably!.received, replies, `durable, seed ${seed}`);
    }
  });
}

test("a large pipeline over sockets is answered with the same bytes by a late replica", async () => {
  const round = commands("INCR n", "GET n", "PING", "NO_SUCH", "SELECT 1", "APPEND text x", "GET text");
  const atomic = commands("MULTI", "SELECT 0", "INCR n", "EXEC", "SETRANGE far 5000 x", "GET far", "GET");
  const pipeline = Buffer.concat(Array.from({ length: 3_000 }, (_, i) => (i % 7 === 3 ? atomic : round)));
  const answers: Buffer[] = [];
  for (const makeReplica of [local, late(5)]) {
    await using live = await LiveServer.start({}, makeReplica);
    const socket = net.connect(live.port, "127.0.0.1");
    socket.end(pipeline);
    answers.push(await buffer(socket));
  }
  assert.ok(answers[0]!.length > 1_000_000);
  assert.ok(answers[0]!.equals(answers[1]!));
});
