import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPositions, keySpecsOf } from "./keys.ts";
import type { Command } from "./row.ts";
import { commandNamed, commands } from "./table.ts";

test("no two commands have the same name", () => {
  assert.equal(new Set(commands.map((command) => command.fullName)).size, commands.length);
});

test("exactly the commands that go to the engine as writes have the flag of one", () => {
  assert.deepEqual(
    namesOf((c) => c.route === "write"),
    namesOf((c) => c.flags.includes("write")),
  );
  assert.deepEqual(
    namesOf((c) => c.route === "read"),
    namesOf((c) => c.flags.includes("readonly")),
  );
});

test("only writes are refused when memory is short", () => {
  assert.deepEqual(
    namesOf((c) => c.denyOom && !c.isWrite),
    [],
  );
});

test("every container has HELP, and its subcommands are of its group", () => {
  for (const command of commands.filter((c) => c.children.length > 0)) {
    assert.notEqual(commandNamed(`${command.name}|help`), undefined, command.name);
    for (const child of command.children) assert.equal(child.group, command.group, child.fullName);
  }
});

test("every row says in one sentence what the command does and what it costs", () => {
  assert.deepEqual(
    namesOf((c) => !/^[A-Z].*[^.\s]$/.test(c.summary) || !/^(O\(|Depends on )/.test(c.complexity)),
    [],
  );
});

test("the keys of a command are found from its row", () => {
  assert.deepEqual(keysOf("get", 2), ["1 RO access"]);
  assert.deepEqual(keysOf("mset", 5), ["1 OW update", "3 OW update"]);
  assert.deepEqual(keysOf("del", 4), ["1 RM delete", "2 RM delete", "3 RM delete"]);
  assert.deepEqual(keysOf("rename", 3), ["1 RW access delete", "2 OW update"]);
  assert.deepEqual(keysOf("copy", 5), ["1 RO access", "2 OW update"]);
  assert.deepEqual(keysOf("lcs", 5), ["1 RO access", "2 RO access"]);
  assert.deepEqual(keysOf("expire", 3), ["1 RW update"]);
  assert.deepEqual(keysOf("memory|usage", 3), ["2 RO"]);
  assert.deepEqual(keysOf("ping", 2), []);
});

test("a command's keys are used in one way, or each in its own", () => {
  for (const { fullName, keyUse, firstKey, lastKey } of commands) {
    if (keyUse === undefined || keyUse.length === 1) continue;
    assert.equal(keyUse.length, lastKey - firstKey + 1, fullName);
  }
});

function namesOf(wanted: (command: Command) => boolean): string[] {
  return commands.filter(wanted).map((command) => command.fullName);
}

/** Positions of the keys, each with what becomes of it. */
function keysOf(fullName: string, count: number): string[] {
  const command = commandNamed(fullName);
  assert(command !== undefined);
  return keySpecsOf(command).flatMap((spec) => keyPositions(spec, count).map((at) => `${at} ${spec.use}`));
}
