import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { limits } from "../base/limits.ts";
import { systemFiles } from "../platform/files.ts";
import { History } from "./history.ts";
import { holdsSecret } from "./secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "kvorum-history-"));
after(() => rmSync(folder, { recursive: true }));

test("lines come back in the next session, the newest first", () => {
  const path = join(folder, "plain");
  const first = new History(path, systemFiles);
  assert.deepEqual(first.load(), []);
  for (const line of ["SET a 1", "", "  ", "AUTH secret", "GET a"]) first.add(line);
  assert.deepEqual(new History(path, systemFiles).load(), ["GET a", "SET a 1"]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a file that others could read is closed to them, and passwords in it are dropped", () => {
  const path = join(folder, "open");
  writeFileSync(path, "AUTH secret\nGET a\n");
  chmodSync(path, 0o644);
  assert.deepEqual(new History(path, systemFiles).load(), ["GET a"]);
  assert.equal(systemFiles.readText(path, 100), "GET a\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("only the last lines are kept, and none that is too long", () => {
  const path = join(folder, "long");
  const lines = Array.from({ length: limits.historyLines + 5 }, (_, i) => `GET ${i}`);
  writeFileSync(path, lines.join("\n"));
  const history = new History(path, systemFiles);
  const loaded = history.load();
  assert.equal(loaded.length, limits.historyLines);
  assert.equal(loaded.at(-1), "GET 5");
  history.add(`SET a ${"x".repeat(limits.historyLineCharactersMax)}`);
  assert.equal(new History(path, systemFiles).load()[0], `GET ${limits.historyLines + 4}`);
});

test("where it cannot be written, it says so once and the session goes on", () => {
  const history = new History(join(folder, "no/such/folder"), systemFiles);
  assert.throws(() => history.load(), { name: "KvorumError", message: /cannot write/ });
  history.add("GET a");
});

test("every command that carries a password is known", () => {
  const secret = [
    "AUTH x",
    "auth user x",
    '"AUTH" x',
    "AUTH 'open",
    "HELLO 3 AUTH default x",
    "hello 2 setname n auth default x",
    "CONFIG SET maxmemory 1 requirepass x",
    "config set masterauth x",
    "ACL SETUSER a >x",
    "MIGRATE h 1 k 0 100 AUTH2 u x",
  ];
  for (const line of secret) assert.ok(holdsSecret(line), line);
  for (const line of [
    "",
    "GET auth",
    "SET requirepass x",
    "HELLO 3",
    "CONFIG GET requirepass",
    "ACL LIST",
    "help auth",
  ]) {
    assert.ok(!holdsSecret(line), line);
  }
});
