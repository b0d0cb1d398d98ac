import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { type Said, status } from "./say.ts";

/** Members that leave, clients that are closed while they find out, and servers that do not let them in. */

/** Does what every member does, and tells of the cluster what the test says. */
function member(tells: () => Said, gate?: () => Promise<void>): Answer {
  return ([name, sub]) => {
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return gate === undefined ? tells() : gate().then(tells);
    if (name === "CONSISTENCY") return sub === "AWAIT" ? 1 : "+OK";
    if (name === "GET") return "x";
    return name === "SESSION" && sub === "OPEN" ? 7 : "+OK";
  };
}

test("stale reads go on when the member is gone that has acknowledged the last write", async () => {
  let isGone = false;
  const both = (): Record<string, string> => ({ n1: first.address, n2: second.address });
  const tells = (id: string): Said =>
    isGone ? status("n2", 2, "n2", { n2: second.address }) : status(id, 1, "n1", both());
  await using first: BadServer = await BadServer.start(member(() => tells("n1")));
  await using second: BadServer = await BadServer.start(member(() => tells("n2")));
  await using client = new KvClient({ addresses: [second.address], refreshInterval: 100 });
  await client.connect();
  await client.set("a", 1);
  // It waits on a connection of its own, which is there now.
  assert.equal(await client.get("a", { consistency: "stale" }), "x");
  await client.set("a", 1);
  isGone = true;
  await new Promise<void>((resolve) => {
    client.on("topology", ({ members }) => {
      if (members.length === 1) resolve();
    });
  });
  const { connections } = first;
  assert.equal(await client.get("a", { consistency: "stale" }), "x");
  assert.equal(await client.get("a", { consistency: "stale" }), "x");
  assert.equal(first.connections, connections, "nobody connects to who is no member");
});

test("a client that is destroyed while it asks who leads opens no connection any more", async () => {
  const steps = new EventEmitter();
  const asked = once(steps, "asked");
  const told = once(steps, "told");
  let isFirst = true;
  const tells = (): Said =>
    isFirst ? status("n1", 1, "n1", { n1: first.address, n2: second.address }) : "-LOADING not yet";
  const gate = async (): Promise<void> => {
    if (isFirst) return;
    steps.emit("asked");
    await told;
  };
  await using first: BadServer = await BadServer.start(member(tells, gate));
  await using second: BadServer = await BadServer.start(member(tells));
  const client = new KvClient({ addresses: [first.address], refreshInterval: 100, readFrom: "leader" });
  await client.connect();
  isFirst = false;
  await asked;
  client.destroy();
  steps.emit("told");
  // Whoever connects now comes behind what that client would have opened.
  await using other = new KvClient(second.address);
  await other.call("ECHO", "a");
  assert.deepEqual([first.connections, second.connections], [1, 1]);
  for (const begin of [() => client.connect(), () => client.acquire(), () => client.get("a")]) {
    await assert.rejects(begin(), { name: "KvClientError", code: "CLOSED" });
  }
});

test("connect() says that the password is wrong, or missing", async () => {
  await using wrong = await BadServer.start(() => "-WRONGPASS invalid username-password pair");
  await using missing = await BadServer.start(([name]) =>
    name === "HELLO" ? "-ERR unknown command 'HELLO'" : "-NOAUTH Authentication required.",
  );
  for (const [server, code] of [
    [wrong, "WRONGPASS"],
    [missing, "NOAUTH"],
  ] as const) {
    const client = new KvClient({ addresses: [server.address], name: "tester", pool: { min: 1 } });
    await assert.rejects(client.connect(), { name: "KvClientError", code, applied: "no" });
    client.destroy();
  }
});

test("a key for TLS that is none is a connection that did not come about, and no doubt", async () => {
  await using server = await BadServer.start(() => undefined);
  const client = new KvClient({
    ...{ addresses: [server.address], exactlyOnce: false, timeout: 200 },
    tls: { key: "garbage", cert: "garbage" },
  });
  await assert.rejects(client.set("a", 1), { name: "KvClientError", code: "TIMEOUT", applied: "no" });
  await assert.rejects(client.connect(), { name: "KvClientError", code: "UNREACHABLE" });
  client.destroy();
});
