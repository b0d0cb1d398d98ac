import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { limits } from "../src/base/limits.ts";
import { encodeRequest } from "../src/protocol/request-encoder.ts";
import { Neighbour } from "./server/neighbour.ts";
import { RawClient } from "./server/raw-client.ts";
import { SpawnedNode } from "./server/spawned-node.ts";

/**
 * Bytes that are wrong, or far too many, on one node that at the same time serves a well-behaved neighbour:
 * the sender gets a clear error, the process lives, and the neighbour notices nothing.
 */
let node: SpawnedNode;
let neighbour: Neighbour;

before(async () => {
  node = await SpawnedNode.start("--loglevel", "error");
  neighbour = await Neighbour.moveIn(node.port);
});

after(async () => {
  await neighbour.moveOut();
  await node[Symbol.asyncDispose]();
  assert.equal(node.running.stderr, "", "nothing was worth an error in the log");
});

/** A test during and after which the neighbour is served. */
function mischief(name: string, play: (client: RawClient) => Promise<void>): void {
  test(name, async () => {
    using client = await RawClient.connect(node.port);
    await play(client);
    await neighbour.answeredAgain(2);
  });
}

const set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n";

const brokenFrames: readonly (readonly [what: string, bytes: string, reason: string])[] = [
  ["a bulk length of -2", `${set}$-2\r\n`, "invalid bulk length"],
  ["a bulk length of -1", `${set}$-1\r\n`, "invalid bulk length"],
  ["a bulk length of 10^12", `${set}$1000000000000\r\n`, "invalid bulk length"],
  ["a bulk length of 1 GiB", `${set}$1073741824\r\n`, "invalid bulk length"],
  ["a bulk length of NaN", `${set}$NaN\r\n`, "invalid bulk length"],
  ["a bulk length past 64 bits", `${set}$99999999999999999999\r\n`, "invalid bulk length"],
  ["a bulk without a length", `${set}$\r\n`, "invalid bulk length"],
  ["a missing CRLF behind a bulk", `${set}$3\r\nabcdef\r\n`, "expected CRLF after bulk"],
  ["a missing CRLF behind the last bulk", `${set}$3\r\nabc*1\r\n$4\r\nPING\r\n`, "expected CRLF after bulk"],
  ["a line feed alone behind a length", `${set}$3\nabc\r\n`, "invalid bulk length"],
  ["10^12 arguments", "*1000000000000\r\n", "invalid multibulk length"],
  ["NaN arguments", "*NaN\r\n", "invalid multibulk length"],
  [
    "more arguments than may be announced",
    `*${limits.argumentsAnnouncedMax + 1}\r\n`,
    "invalid multibulk length",
  ],
  ["something else than a bulk", "*1\r\n:1\r\n", "expected '$', got ':'"],
  ["an array in an array", "*1\r\n*1\r\n", "expected '$', got '*'"],
  ["quotes that are not closed", '*1\r\n$6\r\nDBSIZE\r\nGET "a\r\n', "unbalanced quotes in request"],
];

for (const [what, bytes, reason] of brokenFrames) {
  mischief(`${what} is named, and the connection closed`, async (client) => {
    client.send(encodeRequest(["SET", "before", "x"]));
    client.send(bytes);
    client.send(encodeRequest(["SET", "behind", "x"]));
    const { replies } = await client.rest();
    assert.equal(replies[0], "OK", "what came before is answered");
    assert.equal(replies.at(-1), `-ERR Protocol error: ${reason}`);
    using other = await RawClient.connect(node.port);
    assert.equal(await other.call("EXISTS", "behind"), 0, "what came behind is not carried out");
  });
}

mischief("1 GiB that is announced and never sent takes no memory", async (client) => {
  assert.equal(await client.call("SET", "a", "x"), "OK");
  const before = node.residentBytes;
  const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(node.port)));
  // What may be sent, what will be skipped, and as many arguments as may be announced.
  const announced = [limits.valueBytesMax, limits.bulkBytesMax].map((size) => `${set}$${size}\r\nabc`);
  announced.push(`*${limits.argumentsMax}\r\n$1\r\na\r\n`, `*${limits.argumentsAnnouncedMax}\r\n$1\r\na\r\n`);
  for (const [i, silent] of clients.entries()) silent.send(announced[i % announced.length]!);
  await neighbour.answeredAgain(100);
  const growth = node.residentBytes - before;
  assert.ok(growth < 64 * 1024 * 1024, `50 clients that announced 1 GiB and more took ${growth} bytes`);
  for (const silent of clients) silent[Symbol.dispose]();
});

mischief("a value over the limit is skipped, answered, and the connection goes on", async (client) => {
  const before = node.residentBytes;
  const size = 8 * limits.valueBytesMax;
  client.send(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$${size}\r\n`);
  const piece = Buffer.alloc(1_048_576, "x");
  for (let sent = 0; sent < size; sent += piece.length) {
    if (!client.socket.write(piece)) await new Promise((resolve) => client.socket.once("drain", resolve));
  }
  client.send("\r\n");
  const limit = `an argument may have ${limits.valueBytesMax} bytes, this one has ${size}`;
  assert.equal(await client.reply(), `-TOO_LARGE ${limit}`);
  const growth = node.residentBytes - before;
  assert.ok(growth < size / 2, `${size} bytes were thrown away, and ${growth} kept`);
  assert.equal(await client.call("GET", "big"), null);
});

mischief("too many arguments are skipped, answered, and the connection goes on", async (client) => {
  const keys = Array.from({ length: limits.argumentsMax }, () => "absent");
  const limit = `a command may have ${limits.argumentsMax} arguments, this one has ${keys.length + 1}`;
  assert.equal(await client.call("DEL", ...keys), `-TOO_LARGE ${limit}`);
  const time = `'del' with ${keys.length} arguments would take longer than 20 ms: split it`;
  assert.equal(await client.call("DEL", ...keys.slice(1)), `-TOO_LARGE ${time}`);
  assert.equal(await client.call("DEL", ...keys.slice(0, 30_000)), 0);
});

mischief(
  "arguments that are too many bytes together are skipped, and the connection goes on",
  async (client) => {
    const third = Buffer.alloc(limits.commandBytesMax / 3, "x");
    const limit = `a command may have ${limits.commandBytesMax} bytes`;
    assert.equal(await client.call("MSET", "huge", third, "b", third, "c", third), `-TOO_LARGE ${limit}`);
    assert.deepEqual(await client.call("MGET", "a", "b"), ["x", null]);
  },
);

mischief(
  "10^6 commands in one chunk are answered in order, and others are served meanwhile",
  async (client) => {
    const count = 1_000_000;
    await neighbour.answeredAgain(50);
    const answeredBefore = neighbour.answered;
    client.send(Buffer.alloc(count * increment.length, increment));
    let last = 0;
    while (last < count) {
      await client.until(() => client.buffered > 0, "a number");
      for (const reply of client.take()) assert.equal(reply, ++last);
    }
    const answered = neighbour.answered - answeredBefore;
    assert.ok(answered >= 50, `the neighbour was answered ${answered} times during 10^6 commands`);
  },
);

const increment = encodeRequest(["INCR", "counter"]);

mischief("half a command and then a close", async () => {
  const whole = encodeRequest(["SET", "half", "value"]);
  for (const close of ["end", "destroy"] as const) {
    for (let cut = 1; cut < whole.length; cut += 3) {
      using client = await RawClient.connect(node.port);
      client.send(encodeRequest(["SET", "a", "x"]));
      client.send(whole.subarray(0, cut));
      client.socket[close]();
      if (close === "end") assert.deepEqual((await client.rest()).replies, ["OK"]);
    }
  }
  using client = await RawClient.connect(node.port);
  assert.equal(await client.call("EXISTS", "half"), 0);
});

mischief("half a line of the text protocol and then a close", async (client) => {
  client.send("SET a x\nSET half va");
  client.socket.end();
  assert.equal((await client.rest()).text, "OK\n");
  using other = await RawClient.connect(node.port);
  assert.equal(await other.call("EXISTS", "half"), 0);
});

const badLines: readonly (readonly [line: string, reply: string])[] = [
  ["FROBNICATE now", "ERROR unknown command 'FROBNICATE': try HELP"],
  ["\u0000\u00ff\u001b[2J", "ERROR unknown command '???[2J': try HELP"],
  ["", "ERROR empty line: try HELP"],
  ["GET", "ERROR GET wants one key without spaces: GET key"],
  ["GET two keys", "ERROR GET wants one key without spaces: GET key"],
  ["DELETE two keys", "ERROR DELETE wants one key without spaces: DELETE key"],
  ["SET onlykey", "ERROR SET wants a key and a value: SET key value with spaces"],
  ["PING pong", "ERROR PING takes no argument"],
  ["AUTH", "ERROR AUTH wants a password: AUTH password"],
  [
    `SET a ${"x".repeat(limits.textLineBytesMax)}`,
    `ERROR TOO_LARGE a line may have ${limits.textLineBytesMax} bytes, RESP takes more`,
  ],
  [
    `GET ${"k".repeat(200_000)}`,
    `ERROR TOO_LARGE a line may have ${limits.textLineBytesMax} bytes, RESP takes more`,
  ],
  [
    `SET ${"k".repeat(limits.keyBytesMax + 1 - 4)} v`,
    `ERROR TOO_LARGE a line may have ${limits.textLineBytesMax} bytes, RESP takes more`,
  ],
];

mischief("wrong lines are named, and the connection goes on", async (client) => {
  for (const [line, reply] of badLines) {
    client.send(`${line}\r\n`);
    assert.equal(await client.line(), reply);
  }
  client.send("SET a still here\n");
  assert.equal(await client.line(), "OK");
});

for (const line of ["POST / HTTP/1.1", "Host: localhost"]) {
  mischief(`a connection that says ${line} is closed without a word`, async (client) => {
    client.send(`${line}\r\nSET by browser\r\n`);
    assert.deepEqual(await client.rest(), { replies: [], text: "" });
  });
  mischief(`a RESP connection that says ${line} is closed without a word`, async (client) => {
    client.send(`*1\r\n$6\r\nDBSIZE\r\n`);
    await client.reply();
    client.send(`${line}\r\nSET by browser\r\n`);
    assert.deepEqual((await client.rest()).replies, []);
  });
}

test("whatever bytes come, the node answers or closes, and lives", async () => {
  const token = fc.constantFrom(
    "*1\r\n",
    "*2\r\n",
    "*-1\r\n",
    "$3\r\nGET\r\n",
    "$1\r\n",
    "\r\n",
    "$",
    "*",
    '"',
    "\\x",
  );
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    token.map((text) => Buffer.from(text)),
  );
  const garbage = fc.tuple(
    fc.constantFrom("*", "", "GET "),
    fc.array(piece, { minLength: 1, maxLength: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async ([first, pieces]) => {
      using client = await RawClient.connect(node.port);
      client.send(Buffer.concat([Buffer.from(first), ...pieces]));
      client.socket.end();
      await client.rest();
    }),
    { numRuns: 300 },
  );
  await neighbour.answeredAgain(2);
});
