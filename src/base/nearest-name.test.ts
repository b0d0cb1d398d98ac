import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearestName } from "./nearest-name.ts";

test("the distance counts inserted, deleted, replaced and swapped letters", () => {
  const cases = [
    ["", "", 0],
    ["", "abc", 3],
    ["listen", "listen", 0],
    ["listen", "lisen", 1],
    ["listen", "liisten", 1],
    ["listen", "lizten", 1],
    ["listen", "lsiten", 1],
    ["kitten", "sitting", 3],
  ] as const;
  for (const [from, to, edits] of cases) {
    assert.equal(editDistance(from, to), edits, `${from} ${to}`);
    assert.equal(editDistance(to, from), edits, `${to} ${from}`);
  }
});

test("a slip of the pen finds its name, another word none", () => {
  const names = ["listen", "maxmemory", "maxclients", "id"];
  assert.equal(nearestName("lisen", names), "listen");
  assert.equal(nearestName("MaxMemroy", names), "maxmemory");
  assert.equal(nearestName("max-clients", names), "maxclients");
  assert.equal(nearestName("colour", names), undefined);
  assert.equal(nearestName("xy", names), undefined);
});
