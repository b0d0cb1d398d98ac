import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { commandNamed } from "../../src/protocol/spec/table.ts";
import { redis } from "../redis-server.ts";
import { step } from "./conversation.ts";
import { differencesElsewhere, knownDifferences } from "./differences.ts";
import { masks, omissions } from "./exceptions.ts";
import { lastWordOf } from "./known.ts";
import { type OpenPair, openPair } from "./pair.ts";

const root = join(import.meta.dirname, "../../..");
const document = readFileSync(join(root, "docs/compatibility.md"), "utf8");

describe("what differs on purpose does so", redis, () => {
  let pair: OpenPair;
  before(async () => {
    pair = await openPair();
  });
  after(() => pair[Symbol.asyncDispose]());

  for (const { title, conversation, redis, kvorum } of knownDifferences) {
    test(title, async () => {
      assert.equal(await lastWordOf(pair.reference, conversation), redis, "Redis");
      assert.equal(await lastWordOf(pair.subject, conversation), kvorum, "kvorum");
    });
  }

  test("the document lists the commands of Redis that are not there", async () => {
    const { elements } = await pair.reference.ask(0, step("COMMAND", "LIST"));
    const names = elements.map(({ bytes }) => bytes!.toString());
    const missing = names.filter((name) => commandNamed(name) === undefined && isOfKnownFamily(name));
    assert.deepEqual(namesIn(section("Not there")), missing.map((name) => name.toUpperCase()).sort());
  });
});

for (const { title, file, test: name } of differencesElsewhere) {
  test(`a test shows it: ${title}`, () => {
    const source = readFileSync(join(root, file), "utf8");
    assert.ok(source.includes(`test("${name}"`), `${file} has no test "${name}"`);
  });
}

test("the document has a row for each difference, and no other", () => {
  const titles = [...knownDifferences, ...differencesElsewhere].map(({ title }) => title);
  const rows = [...rowsOf(section("Differences: limits")), ...rowsOf(section("Differences: behaviour"))];
  assert.deepEqual(rows.sort(), titles.sort());
});

test("the document names everything in which the random conversations look away", () => {
  const compared = rowsOf(section("Replies that are compared by their sense"));
  assert.deepEqual(compared.sort(), [...new Set(masks.map(({ title }) => title))].sort());
  const omitted = rowsOf(section("Commands that the random conversations leave out"));
  assert.deepEqual(omitted.sort(), omissions.map(({ title }) => title).sort());
});

/** Subcommands of a command that is missing itself go without saying. */
function isOfKnownFamily(name: string): boolean {
  return !name.includes("|") || commandNamed(name.split("|")[0]!) !== undefined;
}

function section(head: string): string {
  const start = document.indexOf(`\n## ${head}\n`);
  assert.ok(start >= 0, `there is no section ${head}`);
  const end = document.indexOf("\n## ", start + 1);
  return document.slice(start, end < 0 ? document.length : end);
}

/** First cells of the table's rows. */
function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| (.+?) \|/gm)]
    .map((match) => match[1]!)
    .filter((cell) => cell !== "what" && cell !== "---");
}

/** Names of commands in the list's items, behind their colons. */
function namesIn(text: string): string[] {
  const items = text.slice(text.indexOf("\n- ")).replaceAll(/^- [^:]+:/gm, "");
  return items
    .split(/\s+/)
    .filter((word) => word !== "")
    .sort();
}
