import assert from "node:assert/strict";
import { test } from "node:test";
import { BROKEN, COMMAND, PARTIAL, TOO_LARGE } from "./request-decoder.ts";
import { TextDecoder, textReply } from "./text.ts";

/** The first line's meaning in words. */
function decode(text: string, decoder: TextDecoder = new TextDecoder()): string {
  const bytes = Buffer.from(text, "latin1");
  const found = decoder.next(bytes, 0, bytes.length);
  if (found === PARTIAL) return `partial, keep from ${decoder.position}`;
  if (found === TOO_LARGE) return `error: ${decoder.error}`;
  if (found === BROKEN) return "close";
  assert.equal(found, COMMAND);
  const { args, verb } = decoder;
  return [verb, ...Array.from({ length: args.count }, (_, i) => args.text(i))].join("|");
}

test("a line becomes the command that means the same", () => {
  assert.equal(decode("GET mykey\n"), "GET|GET|mykey");
  assert.equal(decode("get mykey\r\n"), "GET|GET|mykey");
  assert.equal(decode("SET mykey hello world\n"), "SET|SET|mykey|hello world");
  assert.equal(decode("Set k  two  spaces \n"), "SET|SET|k| two  spaces ");
  assert.equal(decode("SET k \n"), "SET|SET|k|");
  assert.equal(decode("DELETE k\n"), "DELETE|DEL|k");
  assert.equal(decode("DEL k\n"), "DELETE|DEL|k");
  assert.equal(decode("AUTH pass word\n"), "AUTH|AUTH|pass word");
  assert.equal(decode("WHO_IS_LEADER\n"), "WHO_IS_LEADER");
  assert.equal(decode("  ping\n"), "PING");
});

test("the RESP form of a line is a command that the other decoder would take", () => {
  const decoder = new TextDecoder();
  decode("SET k some value\n", decoder);
  const { args } = decoder;
  assert.equal(
    args.bytes.toString("latin1", args.from, args.to),
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nsome value\r\n",
  );
});

test("what is wrong is told, and the next line is heard", () => {
  assert.match(decode("GET\n"), /^error: GET wants one key/);
  assert.match(decode("GET a b\n"), /^error: GET wants one key/);
  assert.match(decode("SET a\n"), /^error: SET wants a key and a value/);
  assert.match(decode("DELETE\n"), /^error: DELETE wants one key/);
  assert.match(decode("PING x\n"), /^error: PING takes no argument/);
  assert.match(decode("HELLO 3\n"), /^error: unknown command 'HELLO'/);
  assert.match(decode("\x00\x01\xff\n"), /^error: unknown command '\?\?\?'/);
  assert.match(decode("\n"), /^error: empty line/);
  assert.equal(decode("POST / HTTP/1.1\r\n"), "close");
  assert.equal(decode("Host: localhost\r\n"), "close");
});

test("a line without an end is kept, one that is too long is thrown away as it comes", () => {
  const decoder = new TextDecoder();
  assert.equal(decode("SET a b", decoder), "partial, keep from 0");
  assert.equal(decode("x".repeat(70_000), decoder), "partial, keep from 70000");
  assert.equal(decode("x".repeat(70_000), decoder), "partial, keep from 70000");
  assert.match(decode("tail\n", decoder), /^error: TOO_LARGE a line may have 65536 bytes/);
  assert.equal(decode("GET a\n", decoder), "GET|GET|a");
});

test("a reply is put into words", () => {
  const words = (verb: "GET" | "SET" | "DELETE", reply: string): string =>
    textReply(verb, Buffer.from(reply)).toString();
  assert.equal(words("GET", "$5\r\nhello\r\n"), "VALUE hello\n");
  assert.equal(words("GET", "$0\r\n\r\n"), "VALUE \n");
  assert.equal(words("GET", "$-1\r\n"), "NOT_FOUND\n");
  assert.equal(words("SET", "+OK\r\n"), "OK\n");
  assert.equal(words("DELETE", ":1\r\n"), "OK\n");
  assert.equal(words("DELETE", ":0\r\n"), "NOT_FOUND\n");
  assert.equal(words("SET", "-ERR no such thing\r\n"), "ERROR no such thing\n");
  assert.equal(words("SET", "-OOM command not allowed\r\n"), "ERROR OOM command not allowed\n");
  assert.match(words("GET", "$3\r\na\nb\r\n"), /^ERROR the value holds a line end/);
});
