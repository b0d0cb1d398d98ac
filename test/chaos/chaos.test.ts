import assert from "node:assert/strict";
import { test } from "node:test";
import { requireRight } from "../programs.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { Namespaces } from "./namespaces.ts";
import { runChaos } from "./run.ts";
import { type StrikeName, strikes } from "./strikes.ts";
import type { Sum } from "./sum.ts";

/** Each strike by itself, for a round; `npm run chaos` goes on for longer, and mixes them. */
const struck: readonly StrikeName[] = [
  "kill-leader",
  "kill-majority",
  "kill-all",
  "pause-leader",
  "cut-leader",
  "one-way",
  "full-disk",
  "failing-disk",
  "hung-disk",
  "clock-jump",
  "transfer",
  "members",
  "rolling-restart",
  "unplug",
];

const namespaces = requireRight(
  Namespaces.whyNot === undefined,
  "make network namespaces here",
  "cut-leader shows it with proxies",
);

for (const name of struck) {
  test(`${name}: ${strikes[name].says}`, name === "unplug" ? namespaces : {}, async () => {
    const sum = await roundOf(name);
    assert.deepEqual(sum.wrong, []);
    assert.ok(sum.operations.known > 100, sum.inShort);
    assert.ok(sum.counted > 100, sum.inShort);
    assert.ok((sum.struck.get(name) ?? 0) > 0);
    // Who was connected to a node that has ended is told so by the close alone.
    if (strikes[name].isHarmless)
      assert.deepEqual(
        [...sum.errors.keys()].filter((code) => code !== "closed"),
        [],
      );
  });
}

async function roundOf(name: StrikeName): Promise<Sum> {
  using folder = new TemporaryFolder();
  const print = (): void => {};
  return runChaos({
    ...{ seed: 1, nodes: 3, seconds: 0, roundSeconds: 5, strikes: [name], directory: folder.path, print },
  });
}
