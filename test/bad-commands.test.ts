import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { limits } from "../src/base/limits.ts";
import type { Reply } from "../src/protocol/reply.ts";
import type { Command } from "../src/protocol/spec/row.ts";
import { commands } from "../src/protocol/spec/table.ts";
import { Neighbour } from "./server/neighbour.ts";
import { RawClient } from "./server/raw-client.ts";
import { SpawnedNode } from "./server/spawned-node.ts";

/** Commands that are wrong: each is answered with a clear error, and neither its connection nor others suffer. */
let node: SpawnedNode;
let neighbour: Neighbour;
let client: RawClient;

before(async () => {
  node = await SpawnedNode.start("--loglevel", "error");
  neighbour = await Neighbour.moveIn(node.port);
  client = await RawClient.connect(node.port);
});

after(async () => {
  client[Symbol.dispose]();
  await neighbour.moveOut();
  await node[Symbol.asyncDispose]();
  assert.equal(node.running.stderr, "", "nothing was worth an error in the log");
});

/** All of these are refused, and then everybody goes on. */
function refused(name: string, cases: readonly (readonly [words: readonly string[], reply: string])[]): void {
  test(name, async () => {
    for (const [words, reply] of cases) assert.equal(await client.call(...words), reply, words.join(" "));
    assert.equal(await client.call("SET", "a", "still here"), "OK");
    await neighbour.answeredAgain(2);
  });
}

const unknown = (name: string, args: string): string =>
  `-ERR unknown command '${name}', with args beginning with: ${args}`;

refused("an unknown command is answered in Redis' words", [
  [["FROBNICATE"], unknown("FROBNICATE", "")],
  [["frobnicate", "a", "b c"], unknown("frobnicate", "'a' 'b c' ")],
  [[""], unknown("", "")],
  [["GET\r\nSET", "a\r\nb"], unknown("GET  SET", "'a  b' ")],
  [["x".repeat(200), "y".repeat(200)], unknown("x".repeat(128), `'${"y".repeat(128)}' `)],
  [["LPUSH", "list", "x"], unknown("LPUSH", "'list' 'x' ")],
]);

refused("an unknown subcommand is answered in Redis' words", [
  [["CLIENT", "FROBNICATE"], "-ERR unknown subcommand 'FROBNICATE'. Try CLIENT HELP."],
  [["config", "get\r\n", "x"], "-ERR unknown subcommand 'get  '. Try CONFIG HELP."],
]);

const arity = (name: string): string => `-ERR wrong number of arguments for '${name}' command`;

refused("a wrong number of arguments is answered in Redis' words", [
  [["GET"], arity("get")],
  [["GET", "a", "b"], arity("get")],
  [["SET", "a"], arity("set")],
  [["MSET", "a", "1", "b"], arity("mset")],
  [
    ["EXEC", "now"],
    "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
  ],
  [["CONFIG", "GET"], arity("config|get")],
]);

const notInteger = "-ERR value is not an integer or out of range";
const overflow = "-ERR increment or decrement would overflow";

test("INCR on text or past 64 bits changes nothing", async () => {
  const cases: readonly (readonly [value: string, words: readonly string[], reply: string])[] = [
    ["text", ["INCR", "n"], notInteger],
    ["", ["INCR", "n"], notInteger],
    ["1.5", ["INCR", "n"], notInteger],
    [" 1", ["INCR", "n"], notInteger],
    ["+1", ["INCR", "n"], notInteger],
    ["01", ["INCR", "n"], notInteger],
    ["9223372036854775808", ["INCR", "n"], notInteger],
    ["9223372036854775807", ["INCR", "n"], overflow],
    ["-9223372036854775808", ["DECR", "n"], overflow],
    ["9223372036854775800", ["INCRBY", "n", "8"], overflow],
    ["-9223372036854775800", ["DECRBY", "n", "9"], overflow],
    ["1", ["INCRBY", "n", "9223372036854775808"], notInteger],
    ["1", ["INCRBY", "n", "x"], notInteger],
    ["1", ["DECRBY", "n", "-9223372036854775808"], "-ERR decrement would overflow"],
    ["text", ["INCRBYFLOAT", "n", "1"], "-ERR value is not a valid float"],
    ["1", ["INCRBYFLOAT", "n", "inf"], "-ERR increment would produce NaN or Infinity"],
  ];
  for (const [value, words, reply] of cases) {
    await client.call("SET", "n", value);
    assert.equal(await client.call(...words), reply, `${words.join(" ")} on ${value}`);
    assert.equal(await client.call("GET", "n"), value);
  }
  await neighbour.answeredAgain(2);
});

test("an expiry of 0, below it or past 2^53 is refused, or deletes, as in Redis, and nothing else happens", async () => {
  const invalid = (name: string): string => `-ERR invalid expire time in '${name}' command`;
  const past53 = "9007199254740993";
  const past64 = "9223372036854775808";
  const cases: readonly (readonly [words: readonly string[], reply: Reply, remains: Reply])[] = [
    [["SET", "k", "new", "EX", "0"], invalid("set"), "old"],
    [["SET", "k", "new", "PX", "-1"], invalid("set"), "old"],
    [["SET", "k", "new", "EX", past53], invalid("set"), "old"],
    [["SET", "k", "new", "PXAT", past53], invalid("set"), "old"],
    [["SET", "k", "new", "PX", past64], notInteger, "old"],
    [["SET", "k", "new", "EX", "soon"], notInteger, "old"],
    [["SET", "k", "new", "EX"], "-ERR syntax error", "old"],
    [["SETEX", "k", "0", "new"], invalid("setex"), "old"],
    [["PSETEX", "k", "-5", "new"], invalid("psetex"), "old"],
    [["GETEX", "k", "EX", "0"], invalid("getex"), "old"],
    [["EXPIRE", "k", past53], invalid("expire"), "old"],
    [["PEXPIRE", "k", past64], notInteger, "old"],
    [["PEXPIREAT", "k", past53], invalid("pexpireat"), "old"],
    [
      ["EXPIRE", "k", "1", "NX", "XX"],
      "-ERR NX and XX, GT or LT options at the same time are not compatible",
      "old",
    ],
    [["EXPIRE", "k", "0"], 1, null],
    [["EXPIRE", "k", "-1"], 1, null],
    [["PEXPIREAT", "k", "0"], 1, null],
    [["EXPIREAT", "k", "-9007199254740"], 1, null],
  ];
  for (const [words, reply, remains] of cases) {
    await client.call("SET", "k", "old");
    assert.equal(await client.call(...words), reply, words.join(" "));
    assert.deepEqual(
      [await client.call("GET", "k"), await client.call("TTL", "k")],
      [remains, remains === null ? -2 : -1],
    );
  }
  await neighbour.answeredAgain(2);
});

/** A command with a key over the limit at position `at`, and as few arguments as its row allows. */
function withLongKey(command: Command, at: number): Buffer[] {
  const words = Array.from({ length: Math.max(Math.abs(command.arity), at + 1) }, () => Buffer.from("1"));
  words[0] = Buffer.from(command.name);
  words[at] = Buffer.alloc(limits.keyBytesMax + 1, "k");
  if (command.keyStep === 2 && words.length % 2 === 0) words.push(Buffer.from("1"));
  return words;
}

const writesWithKeys = commands.filter((command) => command.isWrite && command.firstKey > 0);
const tooLong = `-TOO_LARGE a key may have ${limits.keyBytesMax} bytes`;

test("there are writes with keys", () => {
  assert.ok(writesWithKeys.length > 25, String(writesWithKeys.length));
});

for (const command of writesWithKeys) {
  const severalKeys = command.lastKey < 0 || command.lastKey > command.firstKey;
  test(`${command.name.toUpperCase()} refuses a key over the limit`, async () => {
    await client.call("SET", "1", "1");
    const positions = severalKeys
      ? [command.firstKey, command.firstKey + command.keyStep]
      : [command.firstKey];
    for (const at of positions) assert.equal(await client.call(...withLongKey(command, at)), tooLong);
    assert.equal(await client.call("GET", "1"), "1");
  });
}

test("a key over the limit is absent for a read, and of the longest length it is like any other", async () => {
  const longest = "k".repeat(limits.keyBytesMax);
  assert.equal(await client.call("SET", longest, "v"), "OK");
  assert.deepEqual(await client.call("MGET", longest, `${longest}k`), ["v", null]);
  assert.equal(await client.call("DEL", longest), 1);
});

test("a transaction with a command that is refused is not carried out", async () => {
  await client.call("MULTI");
  assert.equal(await client.call("SET", "t", "1"), "QUEUED");
  assert.equal(await client.call("SET", "k".repeat(limits.keyBytesMax + 1), "1"), tooLong);
  assert.equal(await client.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
  assert.equal(await client.call("EXISTS", "t"), 0);
});

test("a transaction over its limits is refused when it is queued", async () => {
  const value = Buffer.alloc(limits.valueBytesMax - 1024);
  await client.call("MULTI");
  assert.equal(await client.call("SET", "t", value), "QUEUED");
  const room = limits.transactionBytesMax - value.length;
  assert.equal(await client.call("SET", "t", value.subarray(0, room - 1024)), "QUEUED");
  assert.equal(
    await client.call("SET", "t", Buffer.alloc(4096)),
    `-TOO_LARGE a transaction may have ${limits.transactionBytesMax} bytes`,
  );
  assert.equal(await client.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
  await client.call("MULTI");
  for (let i = 0; i <= limits.transactionCommandsMax; i++) client.send("*2\r\n$3\r\nGET\r\n$1\r\nt\r\n");
  const replies = await client.replies(limits.transactionCommandsMax + 1);
  assert.equal(replies.pop(), `-TOO_LARGE a transaction may have ${limits.transactionCommandsMax} commands`);
  assert.ok(replies.every((reply) => reply === "QUEUED"));
  assert.equal(await client.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
  await neighbour.answeredAgain(2);
});
