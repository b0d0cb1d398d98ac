import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import { topCommands } from "../protocol/spec/table.ts";
import { complete } from "./completion.ts";
import { help } from "./help.ts";
import { hintFor } from "./hint.ts";

const plain = pc.createColors(false);

test("a hint is the rest of the command's syntax", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ["ge", ""],
    ["nonsense ", ""],
    ["GET", " key"],
    ["get ", "key"],
    ["get a", ""],
    ["getrange a ", "start end"],
    ["mget a b ", "[key ...]"],
    ["expire a 10 ", "[NX | XX | GT | LT]"],
    ["expire a 10 gt ", ""],
    ["scan 0 MATCH ", "pattern [COUNT count] [TYPE type]"],
    ["scan 0 match a* ", "[COUNT count] [TYPE type]"],
    ["ping ", "[message]"],
    ["ping a ", ""],
    ["config get ", "parameter [parameter ...]"],
    ["command docs a ", "[command-name [command-name ...]]"],
  ];
  for (const [line, hint] of cases) assert.equal(hintFor(line), hint, line);
  assert.match(hintFor("object "), /^<.*ENCODING \| .*>$/);
});

test("Tab completes commands, subcommands and options, in the case that was typed", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["GETR", ["GETRANGE ", "GETREV "]],
    ["getra", ["getrange "]],
    ["exi", ["exists ", "exit "]],
    ["config g", ["get "]],
    ["help config g", ["get "]],
    ["set a b ke", ["keepttl "]],
    ["set a b ", []],
    ["set ke", []],
    ["nonsense a", []],
  ];
  for (const [line, found] of cases) assert.deepEqual(complete(line)[0], found, line);
  assert.equal(complete("set a b ke")[1], "ke");
  assert.ok(complete("")[0].length > topCommands.length);
});

test("help explains every command, and its subcommands", () => {
  for (const command of topCommands) {
    const text = help([command.name], 80, plain);
    assert.ok(text.startsWith(command.name.toUpperCase()) && text.includes(command.summary), command.name);
    for (const child of command.children) assert.ok(text.includes(child.summary), child.fullName);
  }
  assert.match(help(["config", "get"], 80, plain), /^CONFIG GET parameter/);
});

test("help alone lists every command within the terminal's width", () => {
  for (const columns of [40, 80]) {
    const text = help([], columns, plain);
    const listed = text.split("\n").filter((line) => line.startsWith("    "));
    assert.ok(listed.every((line) => line.length <= columns));
    const words = new Set(listed.join(" ").split(/\s+/));
    for (const { name } of topCommands) assert.ok(words.has(name.toUpperCase()), name);
  }
});

test("help about an unknown command says what was meant", () => {
  assert.equal(help(["gte"], 80, plain), "There is no command GTE: did you mean GET?");
  assert.equal(help(["xyzzy", "a"], 80, plain), "There is no command XYZZY A: `help` lists all");
});
