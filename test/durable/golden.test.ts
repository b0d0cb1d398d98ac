import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { loadChunk } from "../../src/engine/chunk.ts";
import { Engine } from "../../src/engine/engine.ts";
import { Image } from "../../src/engine/image.ts";
import { readSnapshotFile } from "../../src/log/snapshot-file.ts";
import { dump } from "../engine-dump.ts";
import { DurableRun, MortalClock } from "./durable-run.ts";

/**
 * Whole data directories as nodes of each version left them, and the state that they held: what the commands of a log
 * mean, and how records stand in a snapshot. Every later version must come to the same state. A new folder is made by
 *
 *     KVORUM_WRITE_GOLDEN=node-2 npm test -- durable/golden
 */
const root = join(import.meta.dirname, "../../../test/durable/golden");
const stateFile = "state.json";

/** Records of every kind: [database, words]. */
const inSnapshot: readonly (readonly [number, readonly (string | Buffer)[]])[] = [
  [0, ["SET", "plain", "v"]],
  [0, ["SET", Buffer.from([0, 255, 10, 13]), Buffer.from([0, 1, 2, 254, 255])]],
  [0, ["SET", "empty", ""]],
  [0, ["SET", "mortal", "v", "PXAT", "4000000000000"]],
  [0, ["SET", "mortal with history", "1", "PXAT", "4000000000001"]],
  [0, ["INCR", "mortal with history"]],
  [0, ["APPEND", "edited", "abc"]],
  [0, ["SETRANGE", "edited", "5", "xyz"]],
  [15, ["MSET", "a", "1", "b", "2", "c", "3"]],
  [15, ["SET", "large", "x".repeat(2_000)]],
];
const inLog: readonly (readonly [number, readonly (string | Buffer)[]])[] = [
  [0, ["GETDEL", "plain"]],
  [0, ["RENAME", "mortal", "renamed"]],
  [0, ["PERSIST", "mortal with history"]],
  [0, ["SETRANGE", "empty", "9", "z"]],
  [15, ["COPY", "a", "copied", "DB", "3"]],
  [15, ["DEL", "b"]],
  [
    15,
    [
      "EXEC",
      "0",
      "15",
      "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n",
      "15",
      "*3\r\n$6\r\nINCRBY\r\n$1\r\nc\r\n$2\r\n40\r\n",
    ],
  ],
  [7, ["INCRBYFLOAT", "float", "0.1"]],
  [7, ["SET", "due", "v", "PX", "1"]],
];

async function writeGolden(folder: string): Promise<void> {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { segmentBytes: 4_096 });
  const client = run.client();
  for (const [commands, isSaved] of [
    [inSnapshot, true],
    [inLog, false],
  ] as const) {
    for (const [db, words] of commands) {
      client.db = db;
      assert.doesNotMatch(await client.call(...words), /^-/);
    }
    if (isSaved) await run.durable.save(true);
  }
  while ((await client.call("EXISTS", "due")) === ":1\r\n");
  const files = new Map(disk.snapshotFiles());
  files.set(`/data/${stateFile}`, Buffer.from(JSON.stringify(dump(run.engine), undefined, 1)));
  await run.close();
  for (const [path, bytes] of files) {
    if (path === "/data/wal/spare") continue;
    const target = path.replace("/data", join(root, folder));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}

function readGolden(folder: string): { files: Map<string, Buffer>; state: string[] } {
  const path = join(root, folder);
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = names.map((each) => join(each.parentPath, each.name));
  const files = new Map(paths.map((each) => [each.replace(path, "/data"), readFileSync(each)]));
  const state = JSON.parse(files.get(`/data/${stateFile}`)!.toString()) as string[];
  files.delete(`/data/${stateFile}`);
  return { files, state };
}

const wanted = process.env.KVORUM_WRITE_GOLDEN ?? "";
if (wanted.startsWith("node-")) await writeGolden(wanted);

const folders = readdirSync(root);

for (const folder of folders) {
  test(`the directory of ${folder} gives the state that its node held`, async () => {
    const { files, state } = readGolden(folder);
    assert.ok(state.length > 10);
    // Long before any deadline that is not due yet.
    const clock = new MortalClock();
    clock.jump(1_800_000_000_000 - Date.now());
    const run = await DurableRun.start(SimDisk.fromFiles(files), { clock });
    assert.deepEqual(dump(run.engine), state);
    await run.close();
  });
}

test("records stand in a snapshot as they did", async () => {
  const { files } = readGolden(folders.at(-1)!);
  const path = [...files.keys()].find((each) => each.endsWith(".snapshot"))!;
  const chunks: Buffer[] = [];
  const meta = await readSnapshotFile(
    SimDisk.fromFiles(files),
    path,
    (chunk) => void chunks.push(Buffer.from(chunk)),
  );
  const engine = new Engine(meta.hashKey);
  engine.begin(meta.revision, meta.timeMs, meta.keys);
  for (const chunk of chunks) loadChunk(engine, chunk);
  const image = new Image(engine);
  image.next(Number.POSITIVE_INFINITY);
  const again: Buffer[] = [];
  for (let chunk = image.take(); chunk !== undefined; chunk = image.take()) again.push(Buffer.concat(chunk));
  assert.deepEqual(Buffer.concat(again), Buffer.concat(chunks));
});
