import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { hunt } from "./hunt.ts";
import { mutants, notPlanted } from "./index.ts";
import { Planted } from "./plant.ts";

/** `npm run sim -- --mutants` hunts all of them, which takes a while. Here: they can be planted, and the hunt works. */
const points = 25;

for (const mutant of mutants) {
  test(`there is a place for the bug ${mutant.name}, and what comes out is a module`, async () => {
    using planted = new Planted(mutant, ["src"]);
    await import(pathToFileURL(planted.pathOf(mutant.file)).href);
  });
}

test("there are bugs for all points of the checklist, but for those that have a reason", () => {
  for (let point = 1; point <= points; point++) {
    const isPlanted = mutants.some((mutant) => mutant.point === point);
    assert.notEqual(isPlanted, notPlanted.has(point), `point ${point}`);
  }
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

for (const name of ["vote-forgotten-by-loser", "linearizable-reads-stale", "log-not-synced"]) {
  test(`the usual seeds find ${name}`, async () => {
    const mutant = mutants.find((one) => one.name === name)!;
    const found = await hunt(mutant, { first: 1, most: 40, threads: 2, run: {} });
    assert.ok(found !== undefined, "40 seeds have found nothing");
  });
}

test("what is no bug escapes, and a patch without a place is told", async () => {
  const harmless = {
    ...{ name: "harmless", bug: "", rule: "", file: "raft/quorum.js" },
    right: "Math.floor(voters / 2) + 1",
    wrong: "1 + Math.floor(voters / 2)",
  };
  const options = { first: 1, most: 2, threads: 1, run: { seconds: 1 } };
  assert.equal(await hunt(harmless, options), undefined);
  await assert.rejects(hunt({ ...harmless, right: "no such text" }, options), /finds its place/);
});

test("the command line tells who found what; a bug that nobody knows is wrong usage", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, "../main.js"), "--mutants", ...args], {
      encoding: "utf8",
    });
  const { status, stdout } = run("linearizable-reads-stale", "--seed", "1", "--seeds", "40");
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^\| linearizable-reads-stale \| 11 +\| .+ \| \d+ +\|$/m);
  assert.match(stdout, /^1 of 1 planted bugs caught, after \d+ seeds in the median$/m);
  assert.equal(run("no-such-bug").status, 2);
  const escaped = run("sessions-not-in-snapshot", "--seeds", "1", "--seconds", "1");
  assert.equal(escaped.status, 1, escaped.stdout);
  assert.match(escaped.stdout, /has escaped/);
});
