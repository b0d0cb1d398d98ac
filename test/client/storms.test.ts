import assert from "node:assert/strict";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { status } from "./say.ts";

/**
 * What brings clusters down that were only shaken: clients that all connect, ask or repeat at once. The counts are bounds for
 * a second of trouble, far above what the client does, and far below what one does that tries for every operation.
 */
const callers = 500;

/** Calls again and again for a second, whatever comes of it. */
async function troubled(client: KvClient): Promise<void> {
  const untilMs = performance.now() + 1_000;
  const call = async (i: number): Promise<void> => {
    while (performance.now() < untilMs) await client.get(`k${i}`, { timeout: 200 }).catch(() => {});
  };
  await Promise.all(Array.from({ length: callers }, (_, i) => call(i)));
}

test("a server that closes every connection is connected to now and then, however many call", async () => {
  await using server = await BadServer.start((_, socket) => {
    socket.destroy();
    return undefined;
  });
  await using client = new KvClient(server.address);
  await troubled(client);
  assert.ok(server.connections > 1, "it is tried again");
  assert.ok(server.connections < 60, `${server.connections} connections`);
});

test("members without a leader are asked for one now and then, and less and less often", async () => {
  const answer: Answer = ([name]) => {
    if (name === "HELLO") return undefined;
    return name === "KVORUM"
      ? status("n1", 3, "", { n1: server.address })
      : "-CLUSTERDOWN no leader is known";
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient(server.address);
  await troubled(client);
  const questions = server.commands.filter(([name]) => name === "KVORUM").length;
  assert.ok(questions > 1 && questions < 40, `${questions} questions`);
  assert.ok(server.connections <= 3, `${server.connections} connections`);
});

test("two who each name the other as the leader are not asked in circles", async () => {
  const moved =
    (to: () => BadServer): Answer =>
    ([name]) => {
      if (name === "HELLO") return undefined;
      if (name === "KVORUM") return "-LOADING not yet";
      return `-MOVED 7 ${to().address}`;
    };
  await using first: BadServer = await BadServer.start(moved(() => second));
  await using second: BadServer = await BadServer.start(moved(() => first));
  await using client = new KvClient([first.address, second.address]);
  await assert.rejects(client.get("k", { timeout: 1_000 }), { code: "TIMEOUT", message: /last: MOVED 7/ });
  const tries = [...first.commands, ...second.commands].filter(([name]) => name === "GET").length;
  assert.ok(tries > 3 && tries < 40, `${tries} tries`);
});
