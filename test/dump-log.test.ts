import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { batchHeaderBytes, writeBatchTime } from "../src/engine/batch.ts";
import { encodeArguments, encodeTransaction } from "../src/engine/transaction.ts";
import { entryKinds } from "../src/log/entry.ts";
import { systemDisk } from "../src/platform/disk-system.ts";
import { program, runKvorum } from "./command-line.ts";
import { entry, TestLog } from "./log-harness.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

type Words = readonly (string | Buffer)[];

const timeMs = Date.UTC(2030, 0, 2, 3, 4, 5, 678);

function resp(words: Words): Buffer {
  const { bytes, to } = encodeArguments(words.map((word) => Buffer.from(word)));
  return bytes.subarray(0, to);
}

/** The payload of an entry: a database and a command in RESP, again and again. */
function batch(...commands: readonly (readonly [db: number, resp: Buffer])[]): Buffer {
  const header = Buffer.alloc(batchHeaderBytes);
  writeBatchTime(header, timeMs);
  return Buffer.concat([header, ...commands.flatMap(([db, bytes]) => [Buffer.from([db]), bytes])]);
}

function transaction(): Buffer {
  const watched = [
    { db: 0, key: Buffer.from("old"), revision: 7 },
    { db: 15, key: Buffer.from("new"), revision: 0 },
  ];
  const queued = [
    { db: 0, bytes: resp(["INCR", "old"]) },
    { db: 15, bytes: resp(["DEL", "a", "b"]) },
  ];
  const { bytes, to } = encodeTransaction(watched, queued);
  return bytes.subarray(0, to);
}

/** A log with an entry of every kind that is written, and a truncation. */
async function someLog(directory: string): Promise<string> {
  const log = await TestLog.open(systemDisk, { directory });
  const add = (index: number, term: number, payload: Buffer, kind: keyof typeof entryKinds): void =>
    log.wal.append(entry(index, term, payload, entryKinds[kind]));
  add(1, 1, Buffer.alloc(0), "noop");
  add(2, 1, batch([0, resp(["set", "greeting", "hello world"])], [3, resp(["INCR", "counter"])]), "commands");
  add(3, 1, batch([0, resp(["SET", Buffer.from([0, 255, 34]), "größer\r\n"])]), "commands");
  add(4, 1, batch([0, resp(["SET", "long", `${"x".repeat(63)}ö${"y".repeat(935)}`])]), "commands");
  add(5, 1, batch(), "time");
  add(4, 2, batch([0, transaction()]), "commands");
  add(5, 2, Buffer.from("members"), "configuration");
  await log.settled();
  await log.wal.close();
  return directory;
}

const text = `\
1 1 noop
2 1 commands 2030-01-02T03:04:05.678Z [0] "set" "greeting" "hello world"
2 1 commands 2030-01-02T03:04:05.678Z [3] "INCR" "counter"
3 1 commands 2030-01-02T03:04:05.678Z [0] "SET" "\\x00\\xff\\"" "größer\\r\\n"
4 1 commands 2030-01-02T03:04:05.678Z [0] "SET" "long" "${"x".repeat(63)}"… (1000 bytes)
5 1 time 2030-01-02T03:04:05.678Z
# the log was truncated from 4 on
4 2 commands 2030-01-02T03:04:05.678Z [0] "MULTI" if [0] "old" has revision 7 and [15] "new" is absent
4 2 commands 2030-01-02T03:04:05.678Z [0] "INCR" "old"
4 2 commands 2030-01-02T03:04:05.678Z [15] "DEL" "a" "b"
4 2 commands 2030-01-02T03:04:05.678Z [0] "EXEC"
5 2 configuration (7 bytes)
`;

test("the log is printed a line a command", async () => {
  using folder = new TemporaryFolder();
  const directory = await someLog(folder.path);
  assert.deepEqual(await runKvorum(["dump-log", directory]), { code: 0, stdout: text, stderr: "" });
});

test("--from and --to choose entries by index", async () => {
  using folder = new TemporaryFolder();
  const { stdout } = await runKvorum(["dump-log", await someLog(folder.path), "--from", "2", "--to", "3"]);
  assert.equal(stdout, text.split("\n").slice(1, 4).join("\n").concat("\n"));
});

test("--json prints an object a line, with everything in full", async () => {
  using folder = new TemporaryFolder();
  const { stdout } = await runKvorum(["dump-log", await someLog(folder.path), "--json"]);
  const objects = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const head = { term: 1, kind: "commands", time: "2030-01-02T03:04:05.678Z", db: 0 };
  assert.deepEqual(objects[0], { index: 1, term: 1, kind: "noop" });
  assert.deepEqual(objects[3], { ...head, index: 3, command: ["SET", { base64: "AP8i" }, "größer\r\n"] });
  assert.equal(objects[4].command[2].length, 999);
  assert.deepEqual(objects[6], { truncated: 4 });
  assert.deepEqual(objects[7], {
    ...head,
    index: 4,
    term: 2,
    command: ["MULTI"],
    watched: [
      { db: 0, key: "old", revision: 7 },
      { db: 15, key: "new", revision: 0 },
    ],
  });
  assert.deepEqual(objects[11], {
    index: 5,
    term: 2,
    kind: "configuration",
    payload: { base64: Buffer.from("members").toString("base64") },
  });
});

test("what is damaged ends the output with a line that says so; an unfinished write does not", async () => {
  using folder = new TemporaryFolder();
  const path = join(await someLog(folder.path), "wal/0000000000000001.log");
  const bytes = readFileSync(path);
  const at = bytes.indexOf("members") - 64;
  writeFileSync(path, Buffer.concat([bytes.subarray(0, at + 30), Buffer.alloc(bytes.length - at - 30)]));
  const torn = await runKvorum(["dump-log", folder.path]);
  assert.deepEqual([torn.code, torn.stdout], [0, text.replace("5 2 configuration (7 bytes)\n", "")]);
  assert.match(
    torn.stderr,
    new RegExp(`^kvorum: .*offset ${at}, index 5: an unfinished write of \\d+ bytes; .*\\n$`),
  );
  bytes[at + 66]! ^= 1;
  writeFileSync(path, bytes);
  const corrupt = await runKvorum(["dump-log", folder.path]);
  assert.deepEqual([corrupt.code, corrupt.stdout], [1, torn.stdout]);
  assert.match(
    corrupt.stderr,
    /^kvorum: the log is corrupt: .*index 5: its payload has a wrong checksum\..*\n$/,
  );
});

test("a pipe that is closed early ends it without a word", async () => {
  using folder = new TemporaryFolder();
  const log = await TestLog.open(systemDisk, { directory: folder.path });
  const value = "v".repeat(64);
  const payload = batch(
    ...Array.from({ length: 5000 }, (): [number, Buffer] => [0, resp(["SET", "key", value])]),
  );
  for (let index = 1; index <= 40; index++) log.wal.append(entry(index, 1, payload));
  await log.settled();
  await log.wal.close();
  const child = spawn(process.execPath, [program, "dump-log", folder.path]);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "close");
  assert.deepEqual([code, stderr], [0, ""]);
});

test("wrong usage and a directory without a log are refused", async () => {
  using folder = new TemporaryFolder();
  const wrong = await runKvorum(["dump-log", folder.path, "--from", "one"]);
  const stderr = 'kvorum: --from: expected the index of an entry, got "one"\n';
  assert.deepEqual(wrong, { code: 2, stdout: "", stderr });
  const { code, stderr: reason } = await runKvorum(["dump-log", folder.path]);
  assert.equal(code, 1);
  assert.equal(reason, `kvorum: ${folder.path} holds no log: there is no segment in ${folder.path}/wal\n`);
});
