import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { type HardState, readHardState, saveHardState } from "./hard-state.ts";
import { replaceSmallFile } from "./small-file.ts";

async function emptyDisk(): Promise<SimDisk> {
  const disk = new SimDisk();
  await disk.makeDirectory("/data");
  return disk;
}

test("term, vote and commit are durable when they are saved", async () => {
  const disk = await emptyDisk();
  assert.equal(await readHardState(disk, "/data"), undefined);
  const states: HardState[] = [
    { term: 1, vote: "", commit: 0 },
    { term: 7, vote: "n2", commit: 41 },
    { term: 2 ** 48 - 1, vote: "n1", commit: 2 ** 48 - 1 },
  ];
  for (const state of states) {
    await saveHardState(disk, "/data", state);
    assert.deepEqual(await readHardState(disk.afterCrash("all-lost"), "/data"), state);
  }
});

test("what is no hard state is refused", async () => {
  for (const value of [
    {},
    { term: 1, vote: "n1" },
    { term: -1, vote: "", commit: 0 },
    { term: 1, vote: 2, commit: 0 },
  ]) {
    const disk = await emptyDisk();
    await replaceSmallFile(disk, "/data", "hard-state", { format: 1, ...value });
    await assert.rejects(
      readHardState(disk, "/data"),
      /^KvorumError: \/data\/hard-state is not what kvorum writes/,
    );
  }
});
