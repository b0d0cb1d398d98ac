import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { entry, fixedRandom } from "../../test/log-harness.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import { checkDirectory } from "./check.ts";
import { DataDirectory } from "./data-directory.ts";
import { readHardState, saveHardState } from "./hard-state.ts";
import { snapshotFormat } from "./snapshot-file.ts";

type Files = Map<string, Buffer>;

const noEntry = { term: 0, index: 0 };

function open(disk: SimDisk): Promise<DataDirectory> {
  const parts = { directory: "/data", nodeId: "n1", clock: systemClock, logger: silentLogger };
  return DataDirectory.open({ ...parts, disk, random: fixedRandom() });
}

/** As a node starts, as far as the next term. */
async function start(disk: SimDisk): Promise<DataDirectory> {
  const directory = await open(disk);
  const log = await directory.openLog({ fsync: "always", base: noEntry, onStable() {}, onFailed() {} });
  const term = (await directory.hardState()).term + 1;
  await directory.saveHardState({ term, vote: "n1", commit: 0 });
  log.append(entry(log.lastIndex + 1, term));
  await log.close();
  return directory;
}

/** The directory of a node that started twice, and perhaps took a snapshot. */
async function filesOfNode(hasSnapshot: boolean): Promise<Files> {
  const disk = new SimDisk();
  await (await start(disk)).close();
  const { identity, snapshots } = await start(disk);
  if (hasSnapshot) {
    const { clusterId, hashKey } = identity;
    const state = {
      index: 2,
      term: 2,
      revision: 0,
      timeMs: 0,
      keys: [],
      createdWallMs: 0,
      sessions: 0,
      engineVersion: 1,
    };
    const writer = await snapshots.create({ ...state, format: snapshotFormat, clusterId, hashKey });
    await writer.finish();
  }
  return disk.snapshotFiles();
}

/** A start is refused in these words, changes nothing of log and snapshots, and the check is of the same opinion. */
async function refused(files: Files, message: RegExp): Promise<void> {
  const disk = SimDisk.fromFiles(files);
  await assert.rejects(start(disk), { name: "KvorumError", message });
  for (const [path, bytes] of files)
    if (!path.endsWith("identity.json")) assert.ok(disk.snapshotFiles().get(path)?.equals(bytes), path);
  const { state } = await checkDirectory({ disk: SimDisk.fromFiles(files), directory: "/data" });
  assert.equal(state, "corrupt");
}

const help = String.raw`\. Nothing was changed\. "kvorum check /data" shows more; restore a backup, or join .* anew`;

for (const [holder, hasSnapshot] of [
  ["the log", false],
  ["a snapshot", true],
] as const) {
  test(`term and vote that are missing, or older than ${holder}, are refused`, async () => {
    const files = await filesOfNode(hasSnapshot);
    const old = SimDisk.fromFiles(files);
    await saveHardState(old, "/data", { term: 1, vote: "n1", commit: 0 });
    await refused(
      old.snapshotFiles(),
      new RegExp(
        `^/data/hard-state is not right: it is of term 1, though ${holder} has an entry of term 2${help}`,
      ),
    );
    files.delete("/data/hard-state");
    await refused(
      files,
      new RegExp(
        `^/data/hard-state is not right: it is missing, though ${holder} has an entry of term 2${help}`,
      ),
    );
  });
}

test("term and vote that are ahead of the log are as good as any", async () => {
  const disk = SimDisk.fromFiles(await filesOfNode(true));
  await saveHardState(disk, "/data", { term: 9, vote: "", commit: 0 });
  await (await start(disk)).close();
  assert.equal((await readHardState(disk, "/data"))?.term, 10);
});

test("an identity that is missing beside anything else of a node is refused", async () => {
  const files = await filesOfNode(true);
  files.delete("/data/identity.json");
  const message = (other: string): RegExp =>
    new RegExp(
      `^/data/identity.json is missing, though there is ${other}: whose files these are is not known${help}`,
    );
  await refused(files, message("hard-state"));
  files.delete("/data/hard-state");
  await refused(files, message("wal/0000000000000001.log"));
  files.delete("/data/wal/0000000000000001.log");
  await refused(files, message("snapshots/manifest.json"));
});

test("folders that are there before the first start are taken", async () => {
  const disk = new SimDisk();
  await disk.makeDirectory("/data/wal/lost+found");
  await disk.makeDirectory("/data/snapshots");
  await (await start(disk)).close();
});
