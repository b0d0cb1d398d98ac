import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemFiles } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "kvorum-files-"));
after(() => rmSync(folder, { recursive: true }));

test("a file is read whole up to its bound, and refused beyond it", () => {
  const path = join(folder, "text");
  writeFileSync(path, "grün");
  assert.equal(systemFiles.readText(path, 5), "grün");
  assert.throws(() => systemFiles.readText(path, 4), {
    message: `cannot read ${path}: it has more than 4 bytes`,
  });
});

test("what cannot be read says why", () => {
  assert.throws(() => systemFiles.readText(join(folder, "none"), 9), {
    message: /none: there is no such file$/,
  });
  assert.throws(() => systemFiles.readText(folder, 9), { message: /: it is a directory$/ });
  assert.throws(() => systemFiles.writePrivate(join(folder, "no/file"), ""), {
    name: "KvorumError",
    message: /^cannot write .*: there is no such file$/,
  });
});

test("private files are their owner's alone, also where they were not before", () => {
  const path = join(folder, "private");
  systemFiles.appendPrivate(path, "a\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o644);
  systemFiles.writePrivate(path, "b\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  systemFiles.appendPrivate(path, "c\n");
  assert.equal(systemFiles.readText(path, 10), "b\nc\n");
});
