import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { redis, startRedis } from "../redis-server.ts";
import { late, local } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";

/** What a client may send before it has given its password: little, so that it cannot take memory. */
const password = "sesame";

const noAuth = "-NOAUTH Authentication required.";
const tooMany = "-ERR Protocol error: unauthenticated multibulk length";
const tooLong = "-ERR Protocol error: unauthenticated bulk length";
const argumentsMax = limits.strangerArgumentsMax;
const bytesMax = limits.strangerBulkBytesMax;

interface Attempt {
  readonly what: string;
  readonly bytes: readonly (string | Buffer)[];
  /** The replies, errors as "-ERR …", and whether the connection is closed behind them. */
  readonly replies: readonly unknown[];
  readonly closes: boolean;
}

const auth = encodeRequest(["AUTH", password]);
const large = encodeRequest(["SET", "k", "v".repeat(bytesMax + 1)]);
const manyAnnounced = `*${argumentsMax + 1}\r\n`;
const many = encodeRequest(["DEL", ...Array<string>(argumentsMax).fill("k")]);

const attempts: readonly Attempt[] = [
  {
    what: "as many arguments as a stranger may send",
    bytes: [encodeRequest(["DEL", ...Array<string>(argumentsMax - 1).fill("k")])],
    replies: [noAuth],
    closes: false,
  },
  { what: "one argument more, announced", bytes: [manyAnnounced], replies: [tooMany], closes: true },
  { what: "a million arguments, announced", bytes: ["*1048576\r\n"], replies: [tooMany], closes: true },
  {
    what: "10^12 arguments, announced",
    bytes: ["*1000000000000\r\n"],
    replies: ["-ERR Protocol error: invalid multibulk length"],
    closes: true,
  },
  {
    what: "a value as long as a stranger may send",
    bytes: [encodeRequest(["SET", "k", "v".repeat(bytesMax)])],
    replies: [noAuth],
    closes: false,
  },
  {
    what: "a value of one byte more, announced",
    bytes: [`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${bytesMax + 1}\r\n`],
    replies: [tooLong],
    closes: true,
  },
  {
    what: "a value of 512 MiB, announced",
    bytes: ["*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n"],
    replies: [tooLong],
    closes: true,
  },
  {
    what: "a value of more than 512 MiB, announced",
    bytes: ["*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870913\r\n"],
    replies: ["-ERR Protocol error: invalid bulk length"],
    closes: true,
  },
  {
    what: "a wrong password and then much",
    bytes: [encodeRequest(["AUTH", "wrong"]), manyAnnounced],
    replies: ["-WRONGPASS invalid username-password pair or user is disabled.", tooMany],
    closes: true,
  },
  {
    what: "the password and then much, in one piece",
    bytes: [Buffer.concat([auth, large, many])],
    replies: ["OK", "OK", 1],
    closes: false,
  },
  {
    what: "the password by HELLO and then much",
    bytes: [
      Buffer.concat([encodeRequest(["HELLO", "2", "AUTH", "default", password, "SETNAME", "x"]), many]),
    ],
    replies: ["redis", 0],
    closes: false,
  },
  {
    what: "much after RESET",
    bytes: [Buffer.concat([auth, encodeRequest(["RESET"]), Buffer.from(manyAnnounced)])],
    replies: ["OK", "RESET", tooMany],
    closes: true,
  },
];

/** The replies, and whether the connection was closed. */
async function outcomeOf({ bytes, replies, closes }: Attempt, port: number): Promise<[unknown[], boolean]> {
  using client = await RawClient.connect(port);
  for (const part of bytes) client.send(part);
  const seen = await client.replies(replies.length);
  if (closes) await client.rest();
  else assert.match(String(await client.call("PING")), /PONG|NOAUTH/);
  // Of HELLO the name of the server alone: the rest is of no matter here.
  return [seen.map((reply) => (Array.isArray(reply) ? reply[1] : reply)), client.isClosed];
}

test("Redis itself takes so much from strangers", redis, async () => {
  await using server = await startRedis("--requirepass", password);
  for (const attempt of attempts) {
    const expected = [attempt.replies, attempt.closes];
    assert.deepEqual(await outcomeOf(attempt, server.port), expected, attempt.what);
  }
});

for (const [name, makeReplica] of [
  ["", local],
  [" (late replica)", late(5)],
] as const) {
  test(`a stranger may send as much as Redis takes, and no more${name}`, async () => {
    await using live = await LiveServer.start({ requirepass: password }, makeReplica);
    for (const attempt of attempts) {
      const expected = [attempt.replies, attempt.closes];
      assert.deepEqual(await outcomeOf(attempt, live.port), expected, attempt.what);
    }
  });
}

test("where no password is asked for, nobody is a stranger", async () => {
  await using live = await LiveServer.start();
  using client = await RawClient.connect(live.port);
  client.send(Buffer.concat([large, many]));
  assert.deepEqual(await client.replies(2), ["OK", 1]);
});
