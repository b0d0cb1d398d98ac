import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { DataFolders, whyNoData } from "./data-folders.ts";

const ext4 = 0xef53;
const tmpfs = 0x01021994;
const gibibyte = 1024 ** 3;

test("folders lie side by side, and go with everything in them", () => {
  const folders = new DataFolders();
  const [one, other] = [folders.make(), folders.make()];
  assert.notEqual(one, other);
  assert.equal(dirname(one), dirname(other));
  writeFileSync(join(one, "log"), "data");
  folders[Symbol.dispose]();
  assert.ok(!existsSync(dirname(one)));
});

test("where nothing was asked for, nothing is made", () => {
  new DataFolders()[Symbol.dispose]();
});

test("a disk must have the room that the sizes of the run need", () => {
  assert.equal(whyNoData(false, { type: ext4, freeBytes: 100 * gibibyte }), undefined);
  assert.equal(whyNoData(true, { type: ext4, freeBytes: 2 * gibibyte }), undefined);
  assert.match(whyNoData(false, { type: ext4, freeBytes: 2 * gibibyte })!, /2147 M bytes free.*TMPDIR/);
});

test("memory is no disk", () => {
  assert.match(whyNoData(true, { type: tmpfs, freeBytes: 100 * gibibyte })!, /in memory, not on a disk/);
});
