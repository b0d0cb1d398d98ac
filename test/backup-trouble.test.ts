import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { limits } from "../src/base/limits.ts";
import { type Ending, runKvorum, startKvorum } from "./command-line.ts";
import { SpawnedNode } from "./server/spawned-node.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** What a node may do to who takes a backup from it: nothing must be left behind then. */

const piece = limits.backupReadBytesMax;
const begun = `%3\r\n$2\r\nid\r\n:1\r\n$5\r\nbytes\r\n:${2 * piece}\r\n$5\r\nindex\r\n:1\r\n`;

function bulk(length: number): string {
  return `$${length}\r\n${"z".repeat(length)}\r\n`;
}

/** A server that lets everybody in and answers what follows with these, one a command; then it falls silent. */
class Impostor {
  readonly #server: net.Server;
  readonly port: number;

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
  }

  static async start(...replies: readonly (string | "close")[]): Promise<Impostor> {
    const server = net.createServer((socket) => {
      const left = ["%0\r\n", ...replies];
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        for (const _ of bytes.toString("latin1").match(/\*\d/g) ?? []) {
          const reply = left.shift();
          if (reply === "close") socket.end();
          else if (reply !== undefined) socket.write(reply);
        }
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Impostor(server);
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

function backupFrom(port: number, file: string): Promise<Ending> {
  return runKvorum(["backup", file, "-c", `127.0.0.1:${port}`]);
}

/** Its bytes are damaged: only what is the size of a backup, and none. */
const damaged = [begun, bulk(piece), bulk(piece), "+OK\r\n"];

const cases: readonly (readonly [what: string, replies: readonly string[], error: RegExp])[] = [
  ["what was downloaded is damaged", damaged, /damaged at byte 0/],
  ["the node goes away", [begun, bulk(piece), "close"], /closed the connection/],
  ["the node's disk fails", [begun, bulk(piece), "-ERR read: EIO\r\n"], /makes no backup: ERR read: EIO/],
  ["the snapshot fails", ["-ERR no room\r\n"], /makes no backup: ERR no room/],
  ["a piece is too short", [begun, bulk(piece - 1)], /does not answer BACKUP as this kvorum expects it/],
  ["it is no kvorum", ["-ERR unknown command 'BACKUP'\r\n"], /it is no kvorum, or an older one/],
];

for (const [what, replies, error] of cases) {
  test(`where ${what}, there is one line and no file`, async () => {
    using folder = new TemporaryFolder();
    using server = await Impostor.start(...replies);
    const { code, stdout, stderr } = await backupFrom(server.port, join(folder.path, "file"));
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, error);
    assert.match(stderr, /^kvorum: [^\n]+\n$/);
    assert.deepEqual(readdirSync(folder.path), []);
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} in the midst leaves no file`, async () => {
    using folder = new TemporaryFolder();
    using server = await Impostor.start(begun, bulk(piece));
    const file = join(folder.path, "file");
    const running = startKvorum(["backup", file, "-c", `127.0.0.1:${server.port}`]);
    while (!existsSync(`${file}.partial`)) await new Promise((resolve) => setImmediate(resolve));
    running.process.kill(signal);
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [1, "kvorum: interrupted: nothing was left behind\n"]);
    assert.deepEqual(readdirSync(folder.path), []);
  });
}

test("what a killed backup has left is named, and --force takes its place", async () => {
  using folder = new TemporaryFolder();
  await using node = await SpawnedNode.startIn(join(folder.path, "n1"));
  const file = join(folder.path, "file");
  writeFileSync(`${file}.partial`, "half");
  const refused = await backupFrom(node.port, file);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /file\.partial exists: another backup writes it, or one was killed; remove it/,
  );
  const forced = await runKvorum(["backup", file, "--force", "--json", "-c", `127.0.0.1:${node.port}`]);
  const { index, keys } = JSON.parse(forced.stdout) as { index: number; keys: number[] };
  assert.deepEqual([forced.code, index, keys.length], [0, 2, limits.databases]);
  assert.deepEqual(readdirSync(folder.path).sort(), ["file", "n1"]);
});

test("a node with a password gives its backup to who has it, and to nobody else", async () => {
  using folder = new TemporaryFolder();
  await using node = await SpawnedNode.startIn(join(folder.path, "n1"), "--requirepass", "secret");
  const file = join(folder.path, "file");
  const refused = await backupFrom(node.port, file);
  assert.match(refused.stderr, /wants a password: set KVORUM_PASSWORD, or give --password\n$/);
  const args = ["backup", file, "-c", `127.0.0.1:${node.port}`];
  const { code } = await runKvorum(args, { environment: { KVORUM_PASSWORD: "secret" } });
  assert.deepEqual([refused.code, code], [1, 0]);
});

test("a place that cannot be written to is named before the node is asked for anything", async () => {
  using folder = new TemporaryFolder();
  using server = await Impostor.start();
  const { code, stderr } = await backupFrom(server.port, join(folder.path, "none", "file"));
  assert.deepEqual(
    [code, stderr],
    [1, `kvorum: ${folder.path}/none/file.partial: no such file or directory\n`],
  );
});
