import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** What another room has to do for a point of the checklist is tested there: under this name, in this file. */
export function testedElsewhere(file: string, name: string): void {
  const source = readFileSync(join(root, file), "utf8");
  assert.ok(source.includes(`test("${name}"`), `${file} has a test "${name}"`);
}
