import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { KvorumError } from "../base/errors.ts";
import { readSmallFile, replaceSmallFile, type SmallFile } from "./small-file.ts";

const path = "/data/some.json";
const before: SmallFile = {
  format: 1,
  text: 'Kvörum \\ "quoted" \n 蔵 \u{1f512}',
  number: 2 ** 53 - 1,
  list: [1, 2],
};
const after: SmallFile = { format: 1, text: "", number: 0, list: [] };

async function diskWith(value: SmallFile): Promise<SimDisk> {
  const disk = new SimDisk();
  await disk.makeDirectory("/data");
  await replaceSmallFile(disk, "/data", "some.json", value);
  return disk;
}

function read(disk: SimDisk): Promise<SmallFile | undefined> {
  return readSmallFile(disk, "/data", "some.json", 1);
}

test("a file is read as it was written, and is JSON for people", async () => {
  const disk = await diskWith(before);
  const { crc32, ...fields } = (await read(disk)) as SmallFile & { crc32?: unknown };
  assert.equal(crc32, undefined);
  assert.deepEqual(fields, before);
  const json = JSON.parse(disk.snapshotFiles().get(path)!.toString("utf8"));
  assert.deepEqual({ ...json, crc32: undefined }, { ...before, crc32: undefined });
  assert.match(json.crc32, /^[0-9a-f]{8}$/);
  assert.deepEqual([...disk.snapshotFiles().keys()], [path], "no temporary file stays");
});

test("where there is no file there is no value", async () => {
  const disk = new SimDisk();
  await disk.makeDirectory("/data");
  assert.equal(await read(disk), undefined);
});

test("a flip of any bit, and a file cut short at any byte, is refused", async () => {
  const disk = await diskWith(before);
  const bytes = disk.snapshotFiles().get(path)!;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    disk.flipBit(path, bit);
    await assert.rejects(read(disk), (error) => error instanceof KvorumError, `bit ${bit}`);
    disk.flipBit(path, bit);
  }
  for (let length = 0; length < bytes.length; length++) {
    const short = SimDisk.fromFiles(new Map([[path, bytes.subarray(0, length)]]));
    await assert.rejects(
      read(short),
      /\/data\/some\.json is damaged: its checksum is wrong; restore a backup/,
    );
  }
});

test("a newer format is refused as such", async () => {
  const disk = await diskWith({ ...before, format: 2 });
  await assert.rejects(
    read(disk),
    /a newer kvorum wrote \/data\/some\.json \(format 2, and this one knows 1\): start that one/,
  );
});

test("after a crash at any call the old file is there or the new one, and what was read stays", async () => {
  const disk = await diskWith(before);
  const crashes: SimDisk[] = [];
  disk.onCall = () => {
    for (const kind of crashKinds)
      for (let seed = 1; seed <= 5; seed++) crashes.push(disk.afterCrash(kind, { seed }));
  };
  await replaceSmallFile(disk, "/data", "some.json", after);
  const seen = new Set<unknown>();
  for (const crashed of crashes) {
    const value = await read(crashed);
    assert.ok([before.number, after.number].includes(value?.number));
    seen.add(value?.number);
    // The next process may not forget again what this one has read.
    assert.deepEqual(await read(crashed.afterCrash("all-lost")), value);
    await replaceSmallFile(crashed, "/data", "some.json", after);
    assert.deepEqual(await read(crashed.crash("all-lost")), after);
  }
  assert.equal(seen.size, 2);
  assert.deepEqual(await read(disk.crash("all-lost")), after);
});
