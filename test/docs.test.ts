import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { commandsPage, commandsPath } from "../scripts/docs.ts";

test("docs/commands.md is what the rows say: if not, run node dist/scripts/docs.js", () => {
  assert.equal(readFileSync(commandsPath, "utf8"), commandsPage());
});
