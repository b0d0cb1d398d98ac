import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { COMMAND } from "../../src/protocol/request-decoder.ts";
import { TextDecoder } from "../../src/protocol/text.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

/** The checkpoint tests of the seed's first milestone, under their names, over the text protocol of a real node. */
let node: SpawnedNode;

before(async () => {
  node = await SpawnedNode.start();
});

after(() => node[Symbol.asyncDispose]());

/** Sends lines, one after the other, and gives the reply of each. */
async function say(...lines: readonly string[]): Promise<string[]> {
  using client = await RawClient.connect(node.port);
  const replies: string[] = [];
  for (const line of lines) {
    client.send(`${line}\n`);
    replies.push(await client.line());
  }
  return replies;
}

test("set and get", async () => {
  assert.deepEqual(await say("SET name Alice", "GET name"), ["OK", "VALUE Alice"]);
});

test("get nonexistent", async () => {
  assert.deepEqual(await say("GET missing"), ["NOT_FOUND"]);
});

test("delete", async () => {
  assert.deepEqual(await say("SET temp value", "DELETE temp", "GET temp", "DELETE temp"), [
    "OK",
    "OK",
    "NOT_FOUND",
    "NOT_FOUND",
  ]);
});

test("overwrite", async () => {
  assert.deepEqual(await say("SET key v1", "SET key v2", "GET key"), ["OK", "OK", "VALUE v2"]);
});

/** The verb of a line, and the arguments of the command that it becomes. */
function parse(line: string): string[] {
  const decoder = new TextDecoder();
  const bytes = Buffer.from(`${line}\n`);
  assert.equal(decoder.next(bytes, 0, bytes.length), COMMAND, decoder.error);
  const { args, verb } = decoder;
  return [verb, ...Array.from({ length: args.count }, (_, i) => args.text(i))];
}

test("parse get", () => {
  assert.deepEqual(parse("GET mykey"), ["GET", "GET", "mykey"]);
});

test("parse set", () => {
  assert.deepEqual(parse("SET mykey myvalue"), ["SET", "SET", "mykey", "myvalue"]);
});

test("parse set with spaces", () => {
  assert.deepEqual(parse("SET mykey hello world"), ["SET", "SET", "mykey", "hello world"]);
});

test("concurrent clients", async () => {
  const clients = await Promise.all([1, 2].map(() => RawClient.connect(node.port)));
  // Both set different keys, and neither waits for the other.
  for (const [i, client] of clients.entries()) client.send(`SET key${i} value${i}\n`);
  for (const client of clients) assert.equal(await client.line(), "OK");
  for (const [i, client] of clients.entries()) {
    client.send(`GET key${1 - i}\n`);
    assert.equal(await client.line(), `VALUE value${1 - i}`);
    client[Symbol.dispose]();
  }
});
