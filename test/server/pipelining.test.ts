import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Conversation, hold, late, local } from "./conversation.ts";
import { LiveServer } from "./live-server.ts";
import { RawClient } from "./raw-client.ts";

/** Replies come in the order of their commands, in as few writes as can be. */
const mixed: readonly (readonly [words: readonly string[], reply: string])[] = [
  [["SET", "a", "1"], "+OK\r\n"],
  [["GET", "a"], "$1\r\n1\r\n"],
  [["PING"], "+PONG\r\n"],
  [["INCR", "a"], ":2\r\n"],
  [["NO_SUCH"], "-ERR unknown command 'NO_SUCH', with args beginning with: \r\n"],
  [["ECHO", "hello"], "$5\r\nhello\r\n"],
  [["GET"], "-ERR wrong number of arguments for 'get' command\r\n"],
  [["APPEND", "a", "x"], ":2\r\n"],
  [["INCR", "a"], "-ERR value is not an integer or out of range\r\n"],
  [["SELECT", "1"], "+OK\r\n"],
  [["GET", "a"], "$-1\r\n"],
  [
    ["SET", "k".repeat(limits.keyBytesMax + 1), "x"],
    `-TOO_LARGE a key may have ${limits.keyBytesMax} bytes\r\n`,
  ],
  [["SELECT", "0"], "+OK\r\n"],
  [["MULTI"], "+OK\r\n"],
  [["SET", "a", "3"], "+QUEUED\r\n"],
  [["PING", "within"], "+QUEUED\r\n"],
  [["EXEC"], "*2\r\n+OK\r\n$6\r\nwithin\r\n"],
  [["MGET", "a", "b"], "*2\r\n$1\r\n3\r\n$-1\r\n"],
  [["DEL", "a", "b"], ":1\r\n"],
  [["DBSIZE"], ":0\r\n"],
];

const request = Buffer.concat(mixed.map(([words]) => encodeRequest(words)));
const expected = mixed.map(([, reply]) => reply).join("");

test("reads, writes, errors and the connection's own commands are answered in order, however they are split", async () => {
  for (let seed = 0; seed < 30; seed++) {
    for (const makeReplica of [local, late(seed)]) {
      const seen = await hold([{ client: 0, sends: request }], 1, makeReplica, seed);
      assert.deepEqual(seen, [{ received: expected, isClosed: false }]);
    }
  }
});

test("they are over a socket, byte by byte", async () => {
  await using live = await LiveServer.start();
  using client = await RawClient.connect(live.port);
  for (const byte of request.subarray(0, 400)) client.send(Buffer.of(byte));
  client.send(request.subarray(400));
  await client.until(() => client.bytesReceived >= expected.length, "all replies");
  assert.equal(client.bytesReceived, expected.length);
});

test("all replies of a turn leave in one write", async () => {
  const conversation = new Conversation(local, "calm");
  await conversation.open(2);
  // As many as one read takes.
  const [short, replies] = [mixed.slice(0, 10), mixed.slice(0, 10).map(([, reply]) => reply)];
  conversation.take({ client: 0, sends: Buffer.concat(short.map(([words]) => encodeRequest(words))) });
  assert.deepEqual(conversation.clients[0]!.replies.map(String), [replies.join("")]);
  conversation.take({ client: 1, sends: Buffer.from("SET a 1\nGET a\nSTATUS\nnonsense\nDELETE a\n") });
  assert.equal(conversation.clients[1]!.replies.length, 1);
});

test("replies that come in one turn from a late replica leave in one write", async () => {
  const conversation = new Conversation(late(2), "calm");
  await conversation.open(1);
  const count = 1_000;
  const { turns } = conversation;
  const increments = Array.from({ length: count }, () => encodeRequest(["INCR", "n"]));
  conversation.take({ client: 0, sends: Buffer.concat(increments) });
  const { replies, received } = conversation.clients[0]!;
  assert.equal(received.toString(), Array.from({ length: count }, (_, i) => `:${i + 1}\r\n`).join(""));
  assert.ok(replies.length <= conversation.turns - turns);
  assert.ok(replies.length < count / 2, `${replies.length} writes for ${count} replies`);
});

test("a large batch of replies leaves in pieces, so that memory stays small", async () => {
  const conversation = new Conversation(local, "calm");
  await conversation.open(1);
  conversation.take({ client: 0, sends: encodeRequest(["SET", "k", Buffer.alloc(10_000)]) });
  const gets = Buffer.concat(Array.from({ length: 500 }, () => encodeRequest(["GET", "k"])));
  conversation.take({ client: 0, sends: gets });
  const { replies, received } = conversation.clients[0]!;
  assert.equal(received.length, 5 + 500 * 10_010);
  assert.ok(replies.every((bytes) => bytes.length < limits.outputFlushBytes + 20_000));
});
