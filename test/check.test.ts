import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runKvorum } from "./command-line.ts";
import { RawClient } from "./server/raw-client.ts";
import { SpawnedNode } from "./server/spawned-node.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** `kvorum check` on directories of real nodes. What it says of which damage: src/log/check.test.ts. */

const segment = "wal/0000000000000001.log";

/** Leaves what a killed node leaves. */
async function killedNode(directory: string): Promise<void> {
  const node = await SpawnedNode.startIn(directory);
  const client = await RawClient.connect(node.port);
  for (const value of ["first", "second", "third"])
    assert.equal(await client.call("SET", "key", value.repeat(100)), "OK");
  client.socket.destroy();
  await node.kill();
}

function contentOf(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path, "latin1")];
    }),
  );
}

function overwrite(path: string, bytes: Buffer, position: number): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

/** Where the record of an entry with this in it begins, and the bytes of the log from there on. */
function recordOf(directory: string, value: string): { offset: number; bytes: Buffer } {
  const bytes = readFileSync(join(directory, segment));
  const offset = bytes.indexOf(value) & -64;
  assert.ok(offset > 0);
  return { offset: offset - 64, bytes: bytes.subarray(offset - 64) };
}

test("a killed node's directory is whole, and the check leaves no trace in it", async () => {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, "n1");
  await killedNode(directory);
  const before = contentOf(directory);
  const { code, stdout, stderr } = await runKvorum(["check", directory]);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.match(stdout, /^identity\.json +whole +node n1 of cluster [0-9a-f]{32}, start 1\n/);
  assert.match(stdout, /^wal\/0000000000000001\.log +whole +entries 1 to 5, \d+ bytes$/m);
  assert.equal(stdout.trimEnd().split("\n").at(-1), `${directory}: whole`);
  assert.deepEqual(contentOf(directory), before);
});

test("a directory in use is refused, and the node goes on", async () => {
  using folder = new TemporaryFolder();
  await using node = await SpawnedNode.startIn(folder.path);
  const ending = await runKvorum(["check", folder.path]);
  const { pid } = node.running.process;
  assert.deepEqual(ending, {
    code: 1,
    stdout: "",
    stderr: `kvorum: ${folder.path} is in use by process ${pid} (remove nothing: stop that process first)\n`,
  });
  assert.equal((await runKvorum(["ping", "-c", `127.0.0.1:${node.port}`])).stdout, "PONG\n");
});

test("a torn tail is exit code 0; --repair cuts it, and then the log is whole", async () => {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, "n1");
  await killedNode(directory);
  const { offset } = recordOf(directory, "thirdthird");
  overwrite(join(directory, segment), Buffer.alloc(1024), offset + 256);
  const torn = await runKvorum(["check", directory]);
  assert.equal(torn.code, 0);
  assert.match(
    torn.stdout,
    /\.log +torn +offset \d+, index 5: entries 1 to 4, \d+ bytes, then an unfinished write/,
  );
  assert.match(
    torn.stdout,
    /: whole up to an unfinished write, which was never acknowledged; the next start cuts it\n$/,
  );
  const repaired = await runKvorum(["check", directory, "--repair", "--json"]);
  assert.equal(repaired.code, 0);
  assert.match(repaired.stderr, /^kvorum: cut 256 bytes of .*0000000000000001\.log\n$/);
  assert.equal(JSON.parse(repaired.stdout).state, "whole");
  await using node = await SpawnedNode.startIn(directory);
  const { stdout } = await runKvorum(["get", "key", "-c", `127.0.0.1:${node.port}`]);
  assert.equal(stdout, `${"second".repeat(100)}\n`);
});

test("corruption is exit code 1, and --repair leaves it alone", async () => {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, "n1");
  await killedNode(directory);
  const { offset, bytes } = recordOf(directory, "secondsecond");
  overwrite(join(directory, segment), Buffer.from([bytes[100]! ^ 4]), offset + 100);
  const before = contentOf(directory);
  for (const options of [[], ["--repair"]]) {
    const { code, stdout, stderr } = await runKvorum(["check", directory, ...options]);
    assert.deepEqual([code, stderr], [1, ""]);
    assert.match(
      stdout,
      new RegExp(`\\.log +corrupt +offset ${offset}, index 4: its payload has a wrong checksum\n`),
    );
    assert.match(
      stdout,
      /: corrupt \(1 of \d\): restore a backup, or join the cluster anew with an empty directory\n$/,
    );
    assert.deepEqual(new Map([...contentOf(directory), ...before]), before);
  }
  const { code, stdout } = await runKvorum(["check", directory, "--json"]);
  const report = JSON.parse(stdout);
  assert.deepEqual([code, report.state, report.directory], [1, "corrupt", directory]);
  assert.deepEqual(
    report.files.find(({ file }: { file: string }) => file === segment),
    { file: segment, state: "corrupt", text: "its payload has a wrong checksum", offset, index: 4 },
  );
});

test("what is no data directory is refused in one line", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  mkdirSync(join(folder.path, "empty"));
  const cases: readonly (readonly [string, string])[] = [
    ["none", "there is no directory DIR"],
    ["file", "there is no directory DIR"],
    ["empty", "DIR is no data directory: no node was ever started with it"],
  ];
  for (const [name, reason] of cases) {
    const directory = join(folder.path, name);
    const stderr = `kvorum: ${reason.replace("DIR", directory)}\n`;
    assert.deepEqual(await runKvorum(["check", directory]), { code: 1, stdout: "", stderr });
  }
});
