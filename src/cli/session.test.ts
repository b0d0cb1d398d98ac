import assert from "node:assert/strict";
import { test } from "node:test";
import { BadServer } from "../../test/client/bad-server.ts";
import type { Said } from "../../test/client/say.ts";
import { parseAddress } from "../base/address.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** The shell's side of a server that says nothing to HANG. */

const nothing: Promise<Said> = new Promise(() => {});
const words = (text: string): Buffer[] => text.split(" ").map((word) => Buffer.from(word));

function targetOf(...servers: readonly BadServer[]): Target {
  const addresses = servers.map(({ address }) => parseAddress(address)!);
  return { addresses, username: undefined, password: undefined, db: 0 };
}

async function came(server: BadServer, name: string): Promise<void> {
  while (!server.commands.some(([first]) => first === name)) await new Promise(setImmediate);
}

test("a command that is interrupted takes its transaction with it", async () => {
  await using server = await BadServer.start(([name]) =>
    name === "HANG" ? nothing : name === "HELLO" ? undefined : "+OK",
  );
  const notices: string[] = [];
  const session = new Session(targetOf(server), { notice: (text) => void notices.push(text) });
  await session.connect();
  await session.run(words("MULTI"));
  assert.equal(session.prompt, `${server.address}(TX)> `);
  const hangs = session.run(words("HANG"));
  await came(server, "HANG");
  session.interrupt();
  await assert.rejects(hangs, { message: "interrupted", applied: "maybe" });
  assert.deepEqual(notices, ["the transaction is lost with the connection"]);
  assert.equal(session.prompt, "not connected> ");
  await session.run(words("SET a 1"));
  assert.equal(session.prompt, `${server.address}> `);
  await session.close();
});

test("what is interrupted while it connects again is not sent", async () => {
  let greets = true;
  await using server = await BadServer.start(([name]) =>
    name === "HELLO" ? (greets ? undefined : nothing) : "+OK",
  );
  const session = new Session(targetOf(server), { notice: () => {} });
  await session.connect();
  greets = false;
  server.cut();
  while (session.prompt !== "not connected> ") await new Promise(setImmediate);
  const before = server.connections;
  const flush = session.run(words("FLUSHALL"));
  while (server.connections === before) await new Promise(setImmediate);
  session.interrupt();
  await assert.rejects(flush, { code: "ABORTED", message: "interrupted" });
  greets = true;
  await session.run(words("PING"));
  assert.ok(!server.commands.some(([name]) => name === "FLUSHALL"));
  await session.close();
});
