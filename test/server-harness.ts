import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { encodeRequest } from "../src/protocol/request-encoder.ts";
import { type RedisServer, redis, startRedis } from "./redis-server.ts";
import { LiveServer } from "./server/live-server.ts";

/** What one client says, a command a line: words between spaces, or in double quotes. */
export type Lines = readonly string[];

/**
 * Says everything in one piece, and QUIT at the end. Resolves with all that came back until the server closed,
 * each byte as one character.
 */
export async function converse(port: number, lines: Lines): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(Buffer.concat([...lines, "quit"].map((line) => encodeRequest(wordsOf(line)))));
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

function wordsOf(line: string): Buffer[] {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  return words.map((word) => Buffer.from(word.replaceAll('"', ""), "latin1"));
}

/** What no two servers have in common: ids and ports of clients; number, time and duration of slow commands. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/(\$2\r\nid\r\n):\d+/g, "$1:<id>"],
  [/127\.0\.0\.1:\d+/g, "<address>"],
  [/\$\d+\r\n<address>/g, "<address>"],
  [/(\*6\r\n):\d+\r\n:\d+\r\n:\d+\r\n/g, "$1<id, seconds, micros>"],
];

/** Tests that kvorum and the installed Redis answer the same bytes to each conversation, in both protocols. */
export function testBesideRedis(conversations: Readonly<Record<string, Lines>>): void {
  describe("beside redis-server", redis, () => {
    let theirs: RedisServer;
    let ours: LiveServer;
    before(async () => {
      theirs = await startRedis("--enable-debug-command", "yes");
      ours = await LiveServer.start({ maxclients: 10_000, slowlogMicros: 10_000, tcpKeepAliveMs: 300_000 });
    });
    after(async () => {
      await ours?.[Symbol.asyncDispose]();
      await theirs?.[Symbol.asyncDispose]();
    });
    for (const [title, lines] of Object.entries(conversations)) {
      for (const protocol of [2, 3]) {
        test(`${title}: the same bytes in RESP${protocol}`, async () => {
          const said = [`hello ${protocol}`, ...lines];
          const expected = await converse(theirs.port, said);
          assert.equal(masked(await converse(ours.port, said)), masked(expected));
        });
      }
    }
  });
}

function masked(transcript: string): string {
  return volatile.reduce((text, [pattern, stand]) => text.replace(pattern, stand), transcript);
}
