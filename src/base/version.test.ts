import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { version } from "./version.ts";

test("the version is the package's", () => {
  const path = join(import.meta.dirname, "../../../package.json");
  assert.equal(version, (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version);
});
