import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scripts } from "./scripts.ts";

/**
 * What the members of a cluster say and do, as text that people review: a change of the core's behaviour is a diff of
 * these files. Once it is meant,
 *
 *     KVORUM_WRITE_TRANSCRIPTS=1 npm test -- transcripts
 *
 * writes them anew.
 */
const folder = join(import.meta.dirname, "../../../test/transcripts/expected");
const isWriting = process.env.KVORUM_WRITE_TRANSCRIPTS === "1";

for (const [name, play] of Object.entries(scripts)) {
  test(`transcript: ${name}`, () => {
    const path = join(folder, `${name}.txt`);
    const { text } = play();
    if (isWriting) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    assert.ok(existsSync(path), `${name} has a transcript; KVORUM_WRITE_TRANSCRIPTS=1 writes one`);
    assert.deepEqual(text.split("\n"), readFileSync(path, "utf8").split("\n"));
  });
}

test("every transcript has its script", () => {
  assert.deepEqual(
    readdirSync(folder).sort(),
    Object.keys(scripts)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});
