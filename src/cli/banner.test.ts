import assert from "node:assert/strict";
import { test } from "node:test";
import pc from "picocolors";
import { readConfig } from "../node/config.ts";
import { banner, ownCommand } from "./banner.ts";

test("the usual address is left out of what to try next", () => {
  const lines = linesOf("127.0.0.1:6379");
  assert.ok(lines.includes('  redis-cli set greeting "hello world"'));
  assert.ok(lines.includes("  printf 'GET greeting\\nQUIT\\n' | nc 127.0.0.1 6379"));
  assert.ok(lines.includes("  kvorum cli"));
});

test("another address is in every line, as a client on this machine reaches it", () => {
  for (const [listen, host, address] of [
    ["0.0.0.0:7000", "127.0.0.1", "127.0.0.1:7000"],
    ["[::]:7000", "::1", "[::1]:7000"],
    ["10.0.0.1:7000", "10.0.0.1", "10.0.0.1:7000"],
  ] as const) {
    const lines = linesOf(listen);
    const dashH = host === "127.0.0.1" ? "" : ` -h ${host}`;
    assert.ok(lines.includes(`  redis-cli${dashH} -p 7000 set greeting "hello world"`), listen);
    assert.ok(lines.includes(`  printf 'GET greeting\\nQUIT\\n' | nc ${host} 7000`), listen);
    assert.ok(lines.includes(`  kvorum cli -c ${address}`), listen);
  }
});

test("with a password, the lines ask for it and do not show it", () => {
  const text = linesOf("127.0.0.1:6379", { requirepass: "secret" }).join("\n");
  assert.match(text, /redis-cli --askpass set/);
  assert.match(text, /printf 'AUTH <password>\\nGET/);
  assert.doesNotMatch(text, /secret/);
});

test("the program is named as it was called", () => {
  assert.equal(ownCommand("/usr/local/bin/kvorum", "/home/a"), "kvorum");
  assert.equal(ownCommand("/home/a/kvorum/bin/kvorum.js", "/home/a/kvorum"), "node bin/kvorum.js");
  assert.equal(ownCommand(undefined, "/"), "kvorum");
});

function linesOf(listen: string, flags: Record<string, string> = {}): string[] {
  const { config } = readConfig({ flags: { listen, memory: true, ...flags }, environment: {} });
  const facts = { config, address: listen, pid: 7, program: "kvorum" };
  return banner(facts, pc.createColors(false)).split("\n");
}
